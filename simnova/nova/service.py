"""What every Nova service does around its manager: start, report, serve, look after itself (`nova/service.py`)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from simnova.config import Config
from simnova.db.exception import DBDuplicateEntry
from simnova.kernel.clock import Between, Expired, Signal, Task
from simnova.kernel.service import Service as Life
from simnova.messaging.exceptions import MessagingTimeout
from simnova.messaging.rpc import Target
from simnova.nova import api_exception as exception
from simnova.nova import rpc
from simnova.nova.compute.rpcapi_moves import TOPIC_ALT
from simnova.nova.context import Place, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.manager import Manager
from simnova.nova.objects.service import Service as ServiceRecord
from simnova.nova.periodic_task import PeriodicTasks

LOG = getLogger("nova.service")
DRIVER_LOG = getLogger("nova.servicegroup.drivers.db")

_GONE = (
    "The services table record for the %s service on host %s is gone. You either need to stop this service "
    "if it should be deleted or restart it to recreate the record in the database."
)


class Service:
    """One service of Nova: `binary` on `host`, listening on a topic."""

    def __init__(
        self,
        place: Place,
        conf: Config,
        binary: str,
        host: str,
        target: Target,
        endpoints: list[Any],
        manager: Manager | None = None,
    ) -> None:
        self.place = place
        self.conf = conf
        self.binary = binary
        self.host = host
        self.target = target
        self.manager = manager
        self.record: ServiceRecord | None = None
        self.model_disconnected = False
        self._serving = False
        self._stopping: Task | None = None
        self.servers = [rpc.get_server(place, one, endpoints) for one in _targets(target)]

    async def start(self) -> None:
        """Come up: the row in `services`, the hypervisor, the queues, then the periodic tasks."""
        LOG.info("Starting %s node (version 34.0.0)", self.binary.removeprefix("nova-"))
        context = get_admin_context(self.place)
        record = await ServiceRecord.get_by_host_and_binary(context, self.host, self.binary)
        self.record = record or await self._create_record()
        if self.manager is not None:
            self.manager.service_ref, self.manager.first_start = self.record, record is None
            await self.manager.init_host()
            await self.manager.pre_start_hook()
        for server in self.servers:
            server.start()
        self._serving = True
        self.place.clock.spawn(self._report_forever(), background=True)
        if self.manager is not None and self.conf.periodic_enable:
            self._start_periodic_tasks(self.manager)

    # --- the end ----------------------------------------------------------------------------------------------

    @property
    def in_progress(self) -> list[Task]:
        """What must not be cut off: the messages in hand, and what they have begun beside themselves."""
        life, served = self.life, [task for one in self.servers for task in one.at_work]
        begun = [task for task in life.tasks if not task.background and task is not self._stopping]
        return list(dict.fromkeys([*served, *begun]))

    @property
    def life(self) -> Life:
        """The process."""
        if self.place.transport is None:
            raise RuntimeError("a service is on a bus")
        return self.place.transport.service

    def stop(self, cause: int | None) -> None:
        """SIGTERM: end when what is in hand is done, at once where nothing is."""
        if self._stopping is not None or not self._serving or not self.in_progress:
            self.place.clock.stop(self.life, cause=cause)
            return
        work = self._stop_gracefully()
        self._stopping = self.place.clock.spawn(
            work, service=self.life, cause=cause, background=False
        )

    async def _stop_gracefully(self) -> None:
        """Take no more from the main queue, let the manager and then the servers finish, within the limits.

        nova-compute's second server serves on meanwhile, for moves under way need it.
        """
        LOG.info("%s service graceful shutdown started.", self.binary)
        clock, limit = self.place.clock, float(self.conf.graceful_shutdown_timeout)
        deadline = clock.now + limit if limit else math.inf
        self.servers[0].stop()
        if self.manager is not None:
            await self.manager.graceful_shutdown(self._manager_timeout(), self._wait)
        if await self._wait(deadline - clock.now):
            LOG.info("%s service graceful shutdown finished.", self.binary)
        else:
            LOG.info("Graceful shutdown timeout exceeded, instantly exiting of service")
        clock.stop(self.life)

    def _manager_timeout(self) -> float:
        """Seconds that the manager has of the whole time."""
        own, whole = self.conf.manager_shutdown_timeout, self.conf.graceful_shutdown_timeout
        if own <= whole:
            return float(own)
        LOG.warning(
            "manager_shutdown_timeout (%s) is higher than graceful_shutdown_timeout (%s); the service may be "
            "killed before the manager finishes waiting.",
            *(own, whole),
        )
        return float(max(0, whole - 10))

    async def _wait(self, seconds: float) -> bool:
        """Whether all that is in progress has ended within that time."""
        clock = self.place.clock
        deadline = clock.now + seconds
        while self.in_progress:
            left = None if math.isinf(deadline) else deadline - clock.now
            try:
                await clock.wait(self._end_of(self.in_progress[0]), left)
            except Expired:
                return False
        return True

    def _end_of(self, task: Task) -> Signal:
        """A signal that succeeds when a task has ended: it can also expire, which a task cannot."""
        ended = self.place.clock.signal()

        def tell(_: Signal) -> None:
            if not ended.triggered:
                ended.succeed()

        task.callbacks.append(tell)
        return ended

    # --- what it does all the time ----------------------------------------------------------------------------

    def _start_periodic_tasks(self, manager: Manager) -> None:
        """Begin within `periodic_fuzzy_delay` seconds."""
        fuzzy = Between(0.0, float(self.conf.periodic_fuzzy_delay))
        delay = self.place.clock.choose("periodic", self.binary, self.host, among=fuzzy)
        tasks = PeriodicTasks(self.place.clock, manager.periodic_tasks())
        tasks.start(delay, at_once=manager.mends_at_once)

    async def _create_record(self) -> ServiceRecord:
        context = get_admin_context(self.place)
        record = ServiceRecord(
            uuid=self.place.clock.uuid("service", self.binary, self.host),
            host=self.host,
            binary=self.binary,
            topic=self.target.topic,
            last_seen_up=context.now(),
            context=context,
        )
        try:
            await record.create()
        except DBDuplicateEntry:  # another worker of the same service was faster
            found = await ServiceRecord.get_by_host_and_binary(context, self.host, self.binary)
            return found or record
        return record

    async def _report_state(self) -> None:
        """Say that this service lives (`nova/servicegroup/drivers/db.py`); what goes wrong is logged."""
        if self.record is None:
            return
        try:
            self.record.report_count += 1
            self.record.last_seen_up = self.record.ctxt.now()
            await self.record.save()
        except MessagingTimeout:
            if not self.model_disconnected:
                DRIVER_LOG.warning(
                    "Lost connection to nova-conductor for reporting service status."
                )
        except exception.ServiceNotFound:
            DRIVER_LOG.error(_GONE, self.binary, self.host)
        except Exception:
            DRIVER_LOG.exception("Unexpected error while reporting service status")
        else:
            if self.model_disconnected:
                DRIVER_LOG.info("Recovered from being unable to report status.")
            self.model_disconnected = False
            return
        self.model_disconnected = True

    async def _report_forever(self) -> None:
        """Report every `report_interval` seconds; where that is 0, never again."""
        while interval := self.conf.report_interval:
            await self.place.clock.sleep(interval)
            await self._report_state()


def _targets(target: Target) -> list[Target]:
    """What a service listens to; nova-compute has a second server, for the later steps of moves (since 33.0.0)."""
    return [target, replace(target, topic=TOPIC_ALT)] if target.topic == "compute" else [target]

"""What every Nova service does around its manager: start, report, serve, look after itself (`nova/service.py`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simnova.config import Config
from simnova.db.exception import DBDuplicateEntry
from simnova.kernel.clock import Between
from simnova.messaging.rpc import Target
from simnova.nova import rpc
from simnova.nova.compute.rpcapi_moves import TOPIC_ALT
from simnova.nova.context import Place, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.manager import Manager
from simnova.nova.objects.service import Service as ServiceRecord
from simnova.nova.periodic_task import PeriodicTasks

LOG = getLogger("nova.service")


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
        self.place.clock.spawn(self._report_forever(), background=True)
        if self.manager is not None and self.conf.periodic_enable:
            self._start_periodic_tasks(self.manager)

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
        """Say that this service lives (`nova/servicegroup/drivers/db.py`)."""
        if self.record is None:
            return
        self.record.report_count += 1
        self.record.last_seen_up = self.record.ctxt.now()
        await self.record.save()

    async def _report_forever(self) -> None:
        """Report every `report_interval` seconds; a report that fails is logged, the next one comes all the same."""
        while True:
            await self.place.clock.sleep(self.conf.report_interval)
            try:
                await self._report_state()
            except Exception as error:
                LOG.exception("Error during %s: %s", self._report_state.__qualname__, error)


def _targets(target: Target) -> list[Target]:
    """What a service listens to; nova-compute has a second server, for the later steps of moves (since 33.0.0)."""
    return [target, replace(target, topic=TOPIC_ALT)] if target.topic == "compute" else [target]

"""What every operation of nova-compute needs: its host, its driver, its books, and whom it asks."""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.kernel.lock import Semaphore
from simnova.messaging.rest import ConnectFailure
from simnova.messaging.rpc import Target
from simnova.nova import exception, servicegroup
from simnova.nova.compute.api import API
from simnova.nova.compute.manager.wrappers import set_instance_error_state
from simnova.nova.compute.resource_tracker import ResourceTracker
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.rpcapi import ComputeTaskAPI
from simnova.nova.context import Place, RequestContext, get_admin_context
from simnova.nova.image import glance
from simnova.nova.log import getLogger
from simnova.nova.manager import Manager
from simnova.nova.network import neutron
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.objects.states import PowerState
from simnova.nova.periodic_task import periodic_task
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI
from simnova.nova.virt.driver import ComputeDriver
from simnova.nova.virt.event import LifecycleEvent

LOG = getLogger("nova.compute.manager")

DEALLOCATE_DELAYS = (2.0, 4.0, 6.0)
"""Seconds after which networks are taken back once more where Neutron could not be reached."""


class Base(Manager):
    """One host's manager, without its operations: those are in the modules beside this one."""

    def __init__(
        self,
        host: str,
        place: Place,
        conf: Config,
        driver: ComputeDriver,
        network_api: neutron.API,
        image_api: glance.API,
        reportclient: SchedulerReportClient,
        scheduler: SchedulerAPI,
        conductor: ComputeTaskAPI,
    ) -> None:
        self.host = host
        self.place = place
        self.conf = conf
        self.driver = driver
        self.network_api = network_api
        self.image_api = image_api
        self.reportclient = reportclient
        self.query_client = scheduler
        self.compute_task_api = conductor
        self.compute_rpcapi = ComputeAPI(
            place, float(conf.rpc_response_timeout), float(conf.long_rpc_timeout)
        )
        self.rt = ResourceTracker(host, conf, driver, reportclient, Semaphore(place.clock))
        self._live_migration_semaphore = Semaphore(
            place.clock, conf.max_concurrent_live_migrations or 10**9
        )
        self._waiting_live_migrations: dict[str, Any] = {}
        self._locks: dict[str, Semaphore] = {}
        self._instance_uuids_to_heal: list[str] = []
        self._syncs_in_progress: set[str] = set()
        self._sync_power_semaphore = Semaphore(place.clock, conf.sync_power_state_pool_size)
        self._snapshot_semaphore = Semaphore(place.clock, conf.max_concurrent_snapshots or 10**9)
        self._build_semaphore = Semaphore(place.clock, conf.max_concurrent_builds or 10**9)

    target = Target(version="6.5")

    async def init_host(self) -> None:
        """Get the hypervisor ready when the service starts."""
        await self.driver.init_host(self.host)

    async def pre_start_hook(self) -> None:
        """Count what the host has before the first message is served."""
        await self.update_available_resource()

    @property
    def mends_at_once(self) -> bool:
        """A host that has never run has nothing to mend at once."""
        return not self.first_start

    def init_virt_events(self) -> None:
        """Listen to what the hypervisor tells of its guests."""
        if self.conf.workarounds.handle_virt_lifecycle_events:
            self.driver.register_event_listener(self.handle_events)
        elif self.conf.sync_power_state_interval < 0:
            LOG.warning(
                "Instance lifecycle events from the compute driver have been disabled. Note that lifecycle "
                "changes to an instance outside of the compute service will not be synchronized "
                "automatically since the _sync_power_states periodic task is also disabled."
            )

    @periodic_task(
        "what the host, its books and Placement say of it: claims of what is gone, moves that ended",
        spacing="update_resources_interval",
    )
    async def update_available_resource(self) -> None:
        """Periodic task: audit what the host has and what is used of it. One that fails is logged and comes again."""
        context = get_admin_context(self.place)
        for nodename in await self.driver.get_available_nodes():
            try:
                await self.rt.update_available_resource(context, nodename)
            except Exception:
                LOG.exception("Error updating resources for node %(node)s.", {"node": nodename})

    # --- what the hypervisor tells ------------------------------------------------------------------------------

    def handle_events(self, event: LifecycleEvent) -> None:
        """The hypervisor tells what has become of a guest: an errand of its own, of no request."""
        service = self.place.transport.service if self.place.transport else None
        if service is not None and service.alive:
            context = get_admin_context(self.place)
            if event.outside:
                context = self._own_context()
            self.place.clock.spawn(
                self.handle_event(context, event),
                service=service,
                cause=event.cause,
                request_id=context.request_id,
                background=False,
            )

    async def handle_event(self, context: RequestContext, event: LifecycleEvent) -> None:
        """Say so in the log, and see whether it fits what the server should be."""
        try:
            await self.handle_lifecycle_event(context, event)
        except exception.InstanceNotFound:
            text = "Event %s arrived for non-existent instance. The instance was probably deleted."
            LOG.debug(text, event)

    async def handle_lifecycle_event(self, context: RequestContext, event: LifecycleEvent) -> None:
        """What has become of a guest."""
        values = {"state": event.transition.value}
        LOG.info("VM %(state)s (Lifecycle Event)", values, instance=event.uuid)

    # --- what many operations need ------------------------------------------------------------------------------

    async def _instance_update(
        self, context: RequestContext, instance: Instance, **changes: str | None
    ) -> None:
        """Save these states of a server, and count it anew where it is this host's."""
        for name, value in changes.items():
            setattr(instance, name, value)
        await instance.save()
        if instance.host == self.host:
            await self.rt.update_usage(context, instance)

    async def _update_scheduler_instance_info(
        self, context: RequestContext, instances: list[Instance]
    ) -> None:
        """Tell the schedulers that these servers of the host are new or have changed."""
        if self.conf.filter_scheduler.track_instance_changes:
            await self.query_client.update_instance_info(context, self.host, instances)

    async def _delete_scheduler_instance_info(self, context: RequestContext, uuid: str) -> None:
        """Tell them that a server is gone from here."""
        if self.conf.filter_scheduler.track_instance_changes:
            await self.query_client.delete_instance_info(context, self.host, uuid)

    def _lock(self, uuid: str) -> Semaphore:
        """The lock of one server on this host (`utils.synchronized(instance.uuid)`)."""
        return self._locks.setdefault(uuid, Semaphore(self.place.clock))

    def _own_context(self) -> RequestContext:
        """The context of an errand that asks the API for something: with a request id of its own."""
        return get_admin_context(self.place, f"req-{self.place.clock.uuid('request', self.host)}")

    def _compute_api(self) -> API:
        """The compute API as this service uses it: what it asks for goes the way of a user's request."""
        return API(
            self.conf,
            servicegroup.API(self.conf, self.place.clock),
            self.image_api,
            self.network_api,
            self.compute_task_api,
            self.compute_rpcapi,
            self.reportclient,
        )

    async def _get_power_state(self, instance: Instance) -> PowerState:
        """What the hypervisor sees; NOSTATE where it has no such guest."""
        try:
            return (await self.driver.get_info(instance)).state
        except exception.InstanceNotFound:
            return PowerState.NOSTATE

    async def _power_off_instance(self, instance: Instance, clean_shutdown: bool = True) -> None:
        """Shut a guest down; a clean shutdown gives it the seconds of `shutdown_timeout`."""
        timeout, retry = self.conf.shutdown_timeout, self.conf.compute.shutdown_retry_interval
        await self.driver.power_off(instance, *((timeout, retry) if clean_shutdown else (0, 0)))

    async def _deallocate_network(
        self,
        context: RequestContext,
        instance: Instance,
        requested: list[NetworkRequest] | None = None,
    ) -> None:
        if requested == []:
            text = "Skipping network deallocation for instance since networking was not requested."
            LOG.debug(text, instance=instance)
            return
        LOG.debug("Deallocating network for instance", instance=instance)
        started = self.place.clock.now
        await self.network_api.deallocate_for_instance(context, instance, requested)
        took = self.place.clock.now - started
        text = "Took %0.2f seconds to deallocate network for instance."
        LOG.info(text, took, instance=instance)

    async def _try_deallocate_network(
        self,
        context: RequestContext,
        instance: Instance,
        requested: list[NetworkRequest] | None = None,
    ) -> None:
        """Again where Neutron cannot be reached: many servers may be going at once. Else the server is in ERROR."""
        try:
            await self._deallocate_network_with_retries(context, instance, requested)
        except Exception as error:
            text = "Failed to deallocate network for instance. Error: %s"
            LOG.error(text, error, instance=instance)
            await set_instance_error_state(instance)
            raise

    async def _deallocate_network_with_retries(
        self,
        context: RequestContext,
        instance: Instance,
        requested: list[NetworkRequest] | None,
    ) -> None:
        delays = list(DEALLOCATE_DELAYS)
        done = False
        while not done:
            try:
                await self._deallocate_network(context, instance, requested)
                done = True
            except ConnectFailure as error:
                text = "Failed to deallocate network for instance; retrying. Error: %s"
                LOG.warning(text, error, instance=instance)
                if not delays:
                    raise
                await self.place.clock.sleep(delays.pop(0))

    async def _now(
        self, instance: Instance, vm_state: str, expected: list[str | None] | None = None
    ) -> None:
        """The operation is done: the server is this, in the power state that the hypervisor tells."""
        instance.power_state = await self._get_power_state(instance)
        instance.vm_state, instance.task_state = vm_state, None
        await instance.save(*([expected] if expected else []))

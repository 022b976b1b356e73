"""What a guest is and what its server should be are brought into line: on the hypervisor's word, and every ten minutes.

The hypervisor is right about the power state, the database about what the server should be.
"""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.manager.power import Power
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import PowerState, VmState
from simnova.nova.periodic_task import periodic_task
from simnova.nova.virt.event import LifecycleEvent, Transition

LOG = getLogger("nova.compute.manager")

_SEEN = {
    Transition.STARTED: PowerState.RUNNING,
    Transition.STOPPED: PowerState.SHUTDOWN,
    Transition.PAUSED: PowerState.PAUSED,
    Transition.RESUMED: PowerState.RUNNING,
    Transition.POSTCOPY_STARTED: PowerState.PAUSED,
    Transition.MIGRATION_COMPLETED: PowerState.PAUSED,
}
"""How the guest must be for an event to be still true."""

_OFF = (PowerState.SHUTDOWN, PowerState.CRASHED)
_NOWHERE = (PowerState.NOSTATE, PowerState.SHUTDOWN)
_GONE = (VmState.SOFT_DELETED, VmState.DELETED)

_STATES = (
    "Current vm_state: %(vm_state)s, current task_state: %(task_state)s, "
    "original DB power_state: %(db_power_state)s, current VM power_state: %(vm_power_state)s"
)
_PENDING = "During sync_power_state the instance has a pending task (%(task)s). Skip."


class PowerSync(Power):
    """Finds guests that are not as their servers should be, and stops them by the API, or only says so."""

    async def handle_lifecycle_event(self, context: RequestContext, event: LifecycleEvent) -> None:
        """Where the guest still is as the event says, and no task is pending, its server is brought into line.

        What Nova's own work has done to a guest is only logged: a task is pending then, or all agrees already.
        """
        await super().handle_lifecycle_event(context, event)
        if not event.outside:
            return
        seen = _SEEN[event.transition]
        instance = await Instance.get_by_uuid(context, event.uuid, True)
        if await self._get_power_state(instance) != seen:
            return
        states = {
            "event": event.transition.value,
            "vm_state": instance.vm_state,
            "task_state": instance.task_state,
            "db_power_state": instance.power_state,
            "vm_power_state": seen.value,
        }
        LOG.debug(
            'Synchronizing instance power state after lifecycle event "%(event)s"; current vm_state: '
            "%(vm_state)s, current task_state: %(task_state)s, current DB power_state: "
            "%(db_power_state)s, VM power_state: %(vm_power_state)s",
            states,
            instance=instance,
        )
        await self._sync_instance_power_state(context, instance, seen)

    # --- every `sync_power_state_interval` ----------------------------------------------------------------------

    @periodic_task(
        "guests that went off, on or into pause beside Nova, where no event has told of it",
        spacing="sync_power_state_interval",
        run_immediately=True,
    )
    async def _sync_power_states(self) -> None:
        """Compare every server of this host with its guest, at most `sync_power_state_pool_size` at a time."""
        context = self._own_context()
        instances = await Instance.get_by_host(context, self.host)
        guests = await self.driver.get_num_instances()
        if guests != len(instances):
            counts = {"num_db_instances": len(instances), "num_vm_instances": guests}
            LOG.warning(
                "While synchronizing instance power states, found %(num_db_instances)s instances in "
                "the database and %(num_vm_instances)s instances on the hypervisor.",
                counts,
            )
        for instance in instances:
            if instance.uuid in self._syncs_in_progress:
                LOG.debug("Sync already in progress for %s", instance.uuid)
                continue
            LOG.debug("Triggering sync for uuid %s", instance.uuid)
            self._syncs_in_progress.add(instance.uuid)
            work = self._sync(context, instance)
            self.place.clock.spawn(work, request_id=context.request_id)

    async def _sync(self, context: RequestContext, instance: Instance) -> None:
        try:
            async with self._sync_power_semaphore, self._lock(instance.uuid):
                await self._query_driver_power_state_and_sync(context, instance)
        except Exception:
            text = "Periodic sync_power_state task had an error while processing an instance."
            LOG.exception(text, instance=instance)
        self._syncs_in_progress.discard(instance.uuid)

    async def _query_driver_power_state_and_sync(
        self, context: RequestContext, instance: Instance
    ) -> None:
        if instance.task_state is not None:
            LOG.info(_PENDING, {"task": instance.task_state}, instance=instance)
            return
        try:
            seen = await self._get_power_state(instance)
            await self._sync_instance_power_state(context, instance, seen)
        except exception.InstanceNotFound:
            return

    # --- one server ---------------------------------------------------------------------------------------------

    async def _sync_instance_power_state(
        self, context: RequestContext, instance: Instance, vm_power_state: PowerState
    ) -> None:
        """Save the guest's power state, then see whether the server may have it. Raises InstanceNotFound."""
        await instance.refresh()
        was = PowerState(instance.power_state)
        if instance.host != self.host:
            hosts = {"src": instance.host, "dst": self.host}
            text = "During the sync_power process the instance has moved from host %(src)s to host %(dst)s"
            LOG.info(text, hosts, instance=instance)
            return
        if instance.task_state is not None:
            LOG.info(_PENDING, {"task": instance.task_state}, instance=instance)
            return
        if vm_power_state != was:
            await self._save_power_state(instance, vm_power_state)
        if instance.vm_state == VmState.ACTIVE:
            await self._sync_active(context, instance, vm_power_state, was)
        elif instance.vm_state == VmState.STOPPED and vm_power_state not in (*_NOWHERE, *_OFF):
            states = _states(instance, vm_power_state, was)
            text = f"Instance is not stopped. Calling the stop API. {_STATES}"
            LOG.warning(text, states, instance=instance)
            await self._stop_by_api(context, instance, force=True)
        elif instance.vm_state == VmState.PAUSED and vm_power_state in _OFF:
            text = "Paused instance shutdown by itself. Calling the stop API."
            LOG.warning(text, instance=instance)
            await self._stop_by_api(context, instance, force=True)
        elif instance.vm_state in _GONE and vm_power_state not in _NOWHERE:
            LOG.warning("Instance is not (soft-)deleted.", instance=instance)

    async def _save_power_state(self, instance: Instance, seen: PowerState) -> None:
        states = {"db_power_state": instance.power_state, "vm_power_state": seen.value}
        LOG.info(
            "During _sync_instance_power_state the DB power_state (%(db_power_state)s) does not match "
            "the vm_power_state from the hypervisor (%(vm_power_state)s). Updating power_state in the "
            "DB to match the hypervisor.",
            states,
            instance=instance,
        )
        instance.power_state = seen
        await instance.save()

    async def _sync_active(
        self, context: RequestContext, instance: Instance, seen: PowerState, was: PowerState
    ) -> None:
        """Only RUNNING is as it should be; one that is paused or not found may come back by itself."""
        if seen in _OFF:
            await self._stop_unexpected_shutdown_instance(context, instance, was)
        elif seen == PowerState.SUSPENDED:
            text = "Instance is suspended unexpectedly. Calling the stop API."
            LOG.warning(text, instance=instance)
            await self._stop_by_api(context, instance)
        elif seen == PowerState.PAUSED:
            LOG.warning("Instance is paused unexpectedly. Ignore.", instance=instance)
        elif seen == PowerState.NOSTATE:
            LOG.warning("Instance is unexpectedly not found. Ignore.", instance=instance)

    async def _stop_unexpected_shutdown_instance(
        self, context: RequestContext, instance: Instance, was: PowerState
    ) -> None:
        """Look once more before so much is done. Raises InstanceNotFound."""
        seen = (await self.driver.get_info(instance, use_cache=False)).state
        if seen not in _OFF:
            return
        states = _states(instance, seen, was)
        text = f"Instance shutdown by itself. Calling the stop API. {_STATES}"
        LOG.warning(text, states, instance=instance)
        await self._stop_by_api(context, instance)

    async def _stop_by_api(
        self, context: RequestContext, instance: Instance, force: bool = False
    ) -> None:
        """As if a user had asked: with an action, an event and the API's checks, but for those that `force` skips."""
        api = self._compute_api()
        try:
            await (api.force_stop if force else api.stop)(context, instance)
        except Exception:
            LOG.exception("error during stop() in sync_power_state.", instance=instance)


def _states(instance: Instance, seen: PowerState, was: PowerState) -> dict[str, object]:
    return {
        "vm_state": instance.vm_state,
        "task_state": instance.task_state,
        "db_power_state": was.value,
        "vm_power_state": seen.value,
    }

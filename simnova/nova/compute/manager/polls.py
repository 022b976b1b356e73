"""Periodic looks at servers in which something lasts too long, and at what the scheduler believes of them."""

from __future__ import annotations

from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import set_instance_error_state
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.periodic_task import periodic_task
from simnova.nova.timeutils import seconds_since

LOG = getLogger("nova.compute.manager")

_REBOOTING = [TaskState.REBOOTING, TaskState.REBOOT_STARTED, TaskState.REBOOT_PENDING]


class Polls(Base):
    """What Nova does by itself where nobody asks for it; each is off until its option is set."""

    @periodic_task("builds that hang on this host", option="instance_build_timeout")
    async def _check_instance_build_time(self) -> None:
        """Set a build of this host that lasts longer than `instance_build_timeout` seconds to ERROR."""
        timeout = self.conf.instance_build_timeout
        if not timeout:
            return
        context, building = get_admin_context(self.place), {"vm_state": VmState.BUILDING}
        for instance in await Instance.get_all(context, host=self.host, **building):
            if _older(context, instance.created_at, timeout):
                await set_instance_error_state(instance)
                LOG.warning("Instance build timed out. Set to error state.", instance=instance)

    @periodic_task(
        "the scheduler's view of this host's servers, where a cast about them was lost",
        spacing="scheduler_instance_sync_interval",
        option="filter_scheduler.track_instance_changes",
    )
    async def _sync_scheduler_instance_info(self) -> None:
        """Tell the schedulers which servers this host has; one that believes otherwise reads them anew."""
        if not self.conf.filter_scheduler.track_instance_changes:
            return
        context = get_admin_context(self.place)
        instances = await Instance.get_by_host(context, self.host)
        uuids = [instance.uuid for instance in instances]
        await self.query_client.sync_instance_info(context, self.host, uuids)

    @periodic_task(
        "soft reboots that hang, where the driver can tell (libvirt's cannot)",
        option="reboot_timeout",
    )
    async def _poll_rebooting_instances(self) -> None:
        """Show the driver the soft reboots that have lasted longer than `reboot_timeout` seconds."""
        timeout = self.conf.reboot_timeout
        if not timeout:
            return
        context = get_admin_context(self.place)
        found = await Instance.get_all(context, host=self.host, task_state=_REBOOTING)
        late = [one for one in found if _older(context, one.updated_at, timeout)]
        await self.driver.poll_rebooting_instances(timeout, late)

    @periodic_task("rescued servers that nobody has taken back", option="rescue_timeout")
    async def _poll_rescued_instances(self) -> None:
        """Unrescue, by the API, what has been rescued for longer than `rescue_timeout` seconds."""
        timeout = self.conf.rescue_timeout
        if not timeout:
            return
        context, rescued = self._own_context(), {"vm_state": VmState.RESCUED}
        for instance in await Instance.get_all(context, host=self.host, **rescued):
            if _older(context, instance.launched_at, timeout):
                await self._compute_api().unrescue(context, instance)


def _older(context: RequestContext, instant: str | None, seconds: float) -> bool:
    return instant is not None and seconds_since(context, instant) > seconds

"""What nova-compute does when it starts, before it serves (`init_host`, `pre_start_hook`)."""

from __future__ import annotations

from simnova.messaging.rest import ConnectFailure
from simnova.nova import exception
from simnova.nova.compute.manager.evacuate import Evacuations
from simnova.nova.compute.manager.init_instance import InitInstance
from simnova.nova.compute.manager.wrappers import set_instance_error_state
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import VmState

LOG = getLogger("nova.compute.manager")


class Startup(Evacuations, InitInstance):
    """Ends, begins again or gives up what was going on when the service died."""

    async def init_host(self) -> None:
        """Nova's order: hypervisor, evacuated guests, every server of the host, builds that were not claimed yet.

        A host that has never run is counted before all that: it has nothing to look after.
        """
        await super().init_host()
        context = get_admin_context(self.place)
        instances: list[Instance] = []
        if not self.first_start:
            instances = await Instance.get_by_host(context, self.host)
        self.init_virt_events()
        try:
            instances = await self._init_instances(context, instances)
        finally:
            if instances:
                await self._update_scheduler_instance_info(context, instances)

    async def _init_instances(
        self, context: RequestContext, instances: list[Instance]
    ) -> list[Instance]:
        evacuated = await self._destroy_evacuated_instances(context)
        if self.first_start:
            await super().pre_start_hook()
            instances = await Instance.get_by_host(context, self.host)
        for instance in instances:
            if instance.uuid not in evacuated:
                await self._init_instance(context, instance)
        handled = {instance.uuid for instance in instances} | set(evacuated)
        await self._error_out_instances_whose_build_was_interrupted(context, handled)
        return instances

    async def pre_start_hook(self) -> None:
        """The audit comes last, before the first message is served."""
        if not self.first_start:
            await super().pre_start_hook()

    async def _error_out_instances_whose_build_was_interrupted(
        self, context: RequestContext, handled: set[str]
    ) -> None:
        """Nobody builds what has room here by Placement and had not been claimed when the service died.

        A request that still waits in the queue is taken up afterwards all the same.
        """
        LOG.info(
            "Looking for unclaimed instances stuck in BUILDING status for nodes managed by this host"
        )
        for node in await self._nodes(context):
            await self._error_out_unclaimed(context, node, handled)

    async def _nodes(self, context: RequestContext) -> list[str]:
        """The UUIDs of the nodes of this host that have reported before."""
        if self.rt.compute_node is not None:
            return [str(self.rt.node.uuid)]
        names = await self.driver.get_available_nodes()
        found = [
            await ComputeNode.get_by_host_and_nodename(context, self.host, name) for name in names
        ]
        return [str(node.uuid) for node in found if node is not None]

    async def _error_out_unclaimed(
        self, context: RequestContext, node: str, handled: set[str]
    ) -> None:
        try:
            held = await self.reportclient.get_allocations_for_resource_provider(context, node)
        except (exception.ResourceProviderAllocationRetrievalFailed, ConnectFailure) as error:
            LOG.error(
                "Could not retrieve compute node resource provider %s and therefore unable to error "
                "out any instances stuck in BUILDING state. Error: %s",
                *(node, error),
            )
            return
        waiting = [consumer for consumer in held.allocations if consumer not in handled]
        stuck = {"vm_state": VmState.BUILDING, "uuid": waiting}
        for instance in await Instance.get_all(context, **stuck) if waiting else ():
            text = "Instance spawn was interrupted before instance_claim, setting instance to ERROR state"
            LOG.debug(text, instance=instance)
            await set_instance_error_state(instance, True)

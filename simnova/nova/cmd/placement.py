"""`nova-manage placement`: what an operator does where Placement's books are wrong (`nova/cmd/manage.py`).

Either command looks at every host of every cell, and says in Nova's words what it found and did.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.scheduler.client.report import SchedulerReportClient


async def audit(
    context: RequestContext, placement: SchedulerReportClient, delete: bool = False
) -> list[str]:
    """`nova-manage placement audit`: what no server and no move under way holds.

    With `delete` it is given up.
    """
    said = []
    async for cell, node in _nodes(context):
        known = await _consumers(cell, node)
        held = await placement.get_allocations_for_resource_provider(context, str(node.uuid))
        for consumer, found in held.allocations.items():
            if consumer not in known:
                said.append(
                    f"Allocations were set against consumer UUID {consumer} but no existing "
                    "instances or active migrations are related. "
                )
                resources = found["resources"]
                said.append(
                    await _give_up(context, placement, node, consumer, resources)
                    if delete
                    else f"Allocations for consumer UUID {consumer} on Resource Provider "
                    f"{node.uuid} can be deleted: {resources}"
                )
    return said


async def _give_up(
    context: RequestContext,
    placement: SchedulerReportClient,
    node: ComputeNode,
    consumer: str,
    resources: dict[str, int],
) -> str:
    """Only what is held here: the consumer may rightly hold something elsewhere."""
    present = await placement.get_allocs_for_consumer(context, consumer)
    if len(present["allocations"]) > 1:
        del present["allocations"][str(node.uuid)]
        deleted: bool | None = await placement.put_allocations(context, consumer, present)
    else:
        deleted = await placement.delete_allocation_for_instance(context, consumer, force=True)
    if not deleted:
        return f"Not able to delete allocations for consumer UUID {consumer}"
    return (
        f"Deleted allocations for consumer UUID {consumer} on Resource Provider {node.uuid}: "
        f"{resources}"
    )


async def heal_allocations(
    context: RequestContext,
    placement: SchedulerReportClient,
    instance_uuid: str | None = None,
    force: bool = False,
) -> list[str]:
    """`nova-manage placement heal_allocations`: a server that holds nothing gets what its flavor takes of its host.

    With `force` one server, which may hold anything, gets just that. Raises AllocationUpdateFailed where the host is
    full.
    """
    said = []
    nodes = [(cell, node) async for cell, node in _nodes(context)]
    wanted = {"uuid": instance_uuid} if instance_uuid else {}
    for cell, node in nodes:
        for instance in await Instance.get_all(cell, host=node.host, **wanted):
            said.append(await _heal(context, placement, instance, node, force))
    return said


async def _heal(
    context: RequestContext,
    placement: SchedulerReportClient,
    instance: Instance,
    node: ComputeNode,
    force: bool,
) -> str:
    if instance.task_state is not None:
        return (
            f"Instance {instance.uuid} is undergoing a task state transition: {instance.task_state}"
        )
    present = await placement.get_allocs_for_consumer(context, instance.uuid)
    if present["allocations"] and not force:
        return f"The allocation of instance {instance.uuid} is up-to-date. Nothing to be healed."
    payload: dict[str, Any] = {
        "allocations": {str(node.uuid): {"resources": instance.flavor.resources()}},
        "project_id": instance.project_id,
        "user_id": instance.user_id,
        "consumer_generation": present.get("consumer_generation"),
    }
    if not await placement.put_allocations(context, instance.uuid, payload):
        raise exception.AllocationUpdateFailed(consumer_uuid=instance.uuid, error="")
    done = "updated" if present["allocations"] else "created"
    return f"Successfully {done} allocations for instance {instance.uuid}."


async def _nodes(context: RequestContext) -> AsyncIterator[tuple[RequestContext, ComputeNode]]:
    """Every compute node, with a context at its cell."""
    for cell in await CellMapping.get_all(context):
        if not cell.is_cell0():
            there = target_cell(context, cell)
            for node in await ComputeNode.get_all(there):
                yield there, node


async def _consumers(cell: RequestContext, node: ComputeNode) -> set[str]:
    """Who may hold something of a node: its servers, and the moves that come to it or leave it."""
    host, name = str(node.host), str(node.hypervisor_hostname)
    servers = {instance.uuid for instance in await Instance.get_by_host(cell, host)}
    moves = await Migration.get_in_progress_by_host_and_node(cell, host, name)
    return servers | {str(migration.uuid) for migration in moves}

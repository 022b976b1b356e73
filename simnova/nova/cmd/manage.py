"""`nova-manage`: what an operator does once to make a deployment (`nova/cmd/manage.py`)."""

from __future__ import annotations

from simnova.nova.context import RequestContext, target_cell
from simnova.nova.objects.cell_mapping import CELL0_UUID, CellMapping
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.host_mapping import HostMapping

API_DB, CELL0_DB, CELL1_DB = "nova_api", "nova_cell0", "nova_cell1"
TRANSPORT_URL = "rabbit://nova@rabbitmq:5672/"


async def map_cell0(context: RequestContext) -> None:
    """`nova-manage cell_v2 map_cell0`: the cell for servers that never get a host. It has no message bus."""
    cell = CellMapping(
        uuid=CELL0_UUID,
        name="cell0",
        transport_url="none:///",
        database_connection=f"sqlite:///{CELL0_DB}",
        context=context,
    )
    await cell.create()


async def create_cell(
    context: RequestContext, name: str, database: str, transport_url: str
) -> None:
    """`nova-manage cell_v2 create_cell`: a database and a message bus of its own for a part of the hosts."""
    cell = CellMapping(
        uuid=context.here.clock.uuid("cell", name),
        name=name,
        transport_url=transport_url,
        database_connection=f"sqlite:///{database}",
        context=context,
    )
    await cell.create()


async def discover_hosts(context: RequestContext) -> list[str]:
    """`nova-manage cell_v2 discover_hosts`: map the compute hosts that no cell has yet; returns their names."""
    found = []
    for cell in await CellMapping.get_all(context):
        if cell.is_cell0():
            continue
        for node in await ComputeNode.get_unmapped(target_cell(context, cell)):
            await HostMapping(host=node.host, cell_mapping=cell, context=context).create()
            await node.mark_mapped()
            found.append(node.host)
    return found

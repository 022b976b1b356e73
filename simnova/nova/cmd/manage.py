"""`nova-manage`: what an operator does once to make a deployment (`nova/cmd/manage.py`)."""

from __future__ import annotations

from simnova.nova.context import RequestContext
from simnova.nova.objects import host_mapping as mapped_hosts
from simnova.nova.objects.cell_mapping import CELL0_UUID, CellMapping

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
    """`nova-manage cell_v2 discover_hosts --verbose`: map the compute hosts that no cell has yet; what it says."""
    said: list[str] = []
    await mapped_hosts.discover_hosts(context, said.append)
    return said


async def update_cell(context: RequestContext, cell_uuid: str, what: str) -> list[str]:
    """`nova-manage cell_v2 update_cell`, with `--disable` or `--enable`; what it says."""
    cell = await CellMapping.get_by_uuid(context, cell_uuid)
    disabled = what == "disable"
    if cell.disabled == disabled:
        return [f"Cell {cell_uuid} is already {what}d"]
    cell.disabled = disabled
    await cell.save()
    return []

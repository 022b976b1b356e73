"""The first minute of a cloud: its services come up, its cells and its stock of flavors, images, networks are made."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any

from simnova.cloud.assembly import Assembly
from simnova.cloud.client import Client, checked
from simnova.cloud.layout import Cell
from simnova.kernel.clock import Service, Task
from simnova.nova.cmd import manage
from simnova.nova.context import get_admin_context

__door__ = True

FLAVORS = (
    ("1", "m1.tiny", 1, 512, 1),
    ("2", "m1.small", 1, 2048, 20),
    ("3", "m1.medium", 2, 4096, 40),
    ("4", "m1.large", 4, 8192, 80),
    ("5", "m1.xlarge", 8, 16384, 160),
)
"""Nova's classic flavors: id, name, VCPUs, MB, GB."""

IMAGES = (("cirros", 21_233_664, "qcow2", 1), ("ubuntu-24.04", 618_659_840, "qcow2", 5))
"""Images: name, bytes, format, the least disk in GB."""

NETWORK, CIDR = "private", "10.0.0.0/16"


def set_up(assembly: Assembly, client: Client) -> None:
    """Start everything and run until it is up. All of it is background: the story begins with the first request."""
    clock = assembly.clock
    operator = clock.start("nova-manage", background=True)
    place = assembly.place(operator)
    context = get_admin_context(place)
    control = [name for name in assembly.names if not name.startswith("nova-compute")]
    computes = [name for name in assembly.names if name.startswith("nova-compute")]
    _finish(assembly, [_spawn(assembly, operator, _map_cells(context, assembly.layout.cells))])
    _finish(assembly, [assembly.start(name, background=True) for name in control])
    _finish(assembly, [assembly.start(name, background=True) for name in computes])
    _finish(assembly, [_spawn(assembly, operator, manage.discover_hosts(context))])
    _finish(assembly, [_spawn(assembly, client.service, _stock(client))])
    clock.stop(operator, background=True)
    clock.run()


async def _map_cells(context: Any, cells: Iterable[Cell]) -> None:
    await manage.map_cell0(context)
    for cell in cells:
        await manage.create_cell(context, cell.name, cell.database, cell.transport_url)


def _spawn(assembly: Assembly, service: Service, work: Coroutine[Any, Any, Any]) -> Task:
    return assembly.clock.spawn(work, service=service, background=True)


def _finish(assembly: Assembly, tasks: list[Task | None]) -> None:
    """Run until these tasks have ended."""
    waiting = [task for task in tasks if task is not None]
    for task in waiting:
        while task.is_alive:
            assembly.clock.step()


async def _stock(client: Client) -> None:
    """Make the stock through the APIs, as an administrator would."""
    for ident, name, vcpus, ram, disk in FLAVORS:
        await create_flavor(client, id=ident, name=name, vcpus=vcpus, ram=ram, disk=disk)
    for name, size, disk_format, min_disk in IMAGES:
        await create_image(client, name, size, disk_format=disk_format, min_disk=min_disk)
    network = await _post(client, "neutron", "/v2.0/networks", {"network": {"name": NETWORK}})
    subnet = {
        "network_id": network["network"]["id"],
        "cidr": CIDR,
        "ip_version": 4,
        "name": f"{NETWORK}-subnet",
    }
    await _post(client, "neutron", "/v2.0/subnets", {"subnet": subnet})


async def create_flavor(client: Client, **flavor: Any) -> Any:
    """`POST /v2.1/flavors`: memory `ram` in MB, `disk` in GB."""
    return await _post(client, "nova-api", "/v2.1/flavors", {"flavor": flavor})


async def create_image(client: Client, name: str, size: int, **more: Any) -> Any:
    """`POST /v2/images`, then its data: `size` in bytes."""
    body = {"name": name, "container_format": "bare", "visibility": "public", **more}
    image = await _post(client, "glance", "/v2/images", body)
    path = f"/v2/images/{image['id']}/file"
    checked(await client.request("glance", "PUT", path, content_length=str(size)))
    return image


async def _post(client: Client, service: str, path: str, body: Any) -> Any:
    return checked(await client.request(service, "POST", path, body)).body

"""What was sold, beside what it takes of the machine: only a real hypervisor has anything to measure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly
    from simnova.cloud.server import Server

__door__ = True

COLUMNS = ("server", "host", "VCPU", "CPU s", "RAM, MB", "resident, MB", "disk, GB", "on disk, MB")
BASES = "(base images)"

Measured = dict[str, Any]


def used(servers: Iterable[Server], assembly: Assembly) -> Table:
    """A row for each server, and one for the base images of each host that really has some."""
    guests = [_guest(assembly, server) for server in servers if server.host]
    hosts = ((host, _driver(assembly, host)) for host in assembly.hosts)
    bases = [_bases(host, driver) for host, driver in hosts if driver is not None]
    return Table(COLUMNS, [*guests, *bases], "sold, and used")


def _driver(assembly: Assembly, host: str) -> Any:
    """What drives a host's QEMU; None for another hypervisor."""
    door = assembly.drivers.get(host)
    driver = getattr(door, "driver", None)
    return driver if getattr(driver, "kind", None) == "QEMU" else None


def _guest(assembly: Assembly, server: Server) -> list[Any]:
    flavor, found = server.show()["flavor"], measured(assembly, server)
    sold = (flavor["vcpus"], found.get("cpu"), flavor["ram"], found.get("memory"), flavor["disk"])
    return [server.name, server.host, *sold, found.get("disk")]


def measured(assembly: Assembly, server: Server) -> Measured:
    """What a server's real guest takes: `memory` and `disk` in MB, `cpu` in seconds; nothing of a simulated one."""
    driver = _driver(assembly, server.host)
    if driver is None:
        return {}
    from simnova.nova.virt.libvirt import usage

    found: Measured = driver.hypervisor.at_once(usage.of_guest, server.id)
    return found


def _bases(host: str, driver: Any) -> list[Any]:
    from simnova.nova.virt.libvirt import usage

    return [BASES, host, *([None] * 5), driver.hypervisor.at_once(usage.of_bases)]

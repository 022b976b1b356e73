"""Which cells a cloud has, and what is where: hosts, buses, databases (`doc/source/admin/cells.rst`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from simnova.cloud.hosts import Host
from simnova.exceptions import UsageError, unknown
from simnova.nova.cmd.manage import CELL0_DB

API_BUS = "rabbitmq"
"""The message bus of the API-level services; where the cells are not split off, of all services."""

CONDUCTOR = "nova-conductor"
"""The conductor of the API level, the super conductor; where the cells are not split off, the only one."""

_NAME = re.compile(r"cell([1-9][0-9]?)")


@dataclass(frozen=True)
class Cell:
    """A part of the hosts with a database and a message bus of its own, and a conductor on that bus."""

    name: str
    bus: str
    conductor: str

    @property
    def database(self) -> str:
        """The name of the cell's database, `nova_cell1`."""
        return f"nova_{self.name}"

    @property
    def connection(self) -> str:
        """The address of the database, as the cell mapping has it."""
        return f"sqlite:///{self.database}"

    @property
    def transport_url(self) -> str:
        """The address of the bus, as the cell mapping has it."""
        return f"rabbit://nova@{self.bus}:5672/"


@dataclass(frozen=True)
class Layout:
    """The cells of a cloud. Where they are not `split` off, all services are on one bus with one conductor."""

    cells: tuple[Cell, ...]
    split: bool

    @classmethod
    def of(cls, hosts: Sequence[Host], cells: int | None = None) -> Layout:
        """So many cells, at least as many as hosts name; without either one cell that is not split off.

        Raises `UsageError` for a number that is none, and for a host's cell beyond it.
        """
        _check_number(cells)
        named = [_number(host) for host in hosts if host.cell is not None]
        if cells is None and not named:
            return cls((Cell("cell1", API_BUS, CONDUCTOR),), split=False)
        count = cells or max(named)
        layout = cls(tuple(_split_off(f"cell{n}") for n in range(1, count + 1)), split=True)
        for host in hosts:
            if host.cell is not None:
                layout.cell(host.cell)
        return layout

    def spread(self, hosts: Sequence[Host]) -> list[Host]:
        """The hosts, each with its cell: those that name none in consecutive blocks, one a cell."""
        if not self.split:
            return list(hosts)
        loose = [host.name for host in hosts if host.cell is None]
        home = {
            name: self.cells[number * len(self.cells) // len(loose)].name
            for number, name in enumerate(loose)
        }
        return [replace(host, cell=host.cell or home[host.name]) for host in hosts]

    @property
    def databases(self) -> list[str]:
        """The databases of all cells, cell0's first."""
        return [CELL0_DB, *(cell.database for cell in self.cells)]

    def cell(self, name: str | None) -> Cell:
        """The cell of that name; of a host that names none the first. Raises `UsageError` for one there is not."""
        by_name = {cell.name: cell for cell in self.cells}
        if name is None:
            return self.cells[0]
        if name not in by_name:
            raise unknown("cell", name, by_name)
        return by_name[name]

    def of_host(self, hosts: Mapping[str, Host], host: str | None) -> str | None:
        """The name of the cell that a host is in, None where cells are not split off, or for no host."""
        return hosts[host].cell if self.split and host is not None and host in hosts else None

    def at_cells(self, services: Iterable[str]) -> list[str]:
        """Services of which each cell has its own, `nova-novncproxy@cell1`, where cells are split off."""
        if not self.split:
            return list(services)
        return [f"{service}@{cell.name}" for service in services for cell in self.cells]

    def service(self, name: str) -> str:
        """What a process is: `nova-conductor` for `nova-conductor@cell1:2`."""
        return name.partition("@")[0].partition(":")[0]

    def cell_of(self, name: str) -> Cell | None:
        """The cell of a control service, `nova-conductor@cell1:2`; None for one of the API level."""
        where = name.partition("@")[2].partition(":")[0]
        return self.cell(where) if where else None


def _split_off(name: str) -> Cell:
    return Cell(name, f"{API_BUS}-{name}", f"{CONDUCTOR}@{name}")


def _number(host: Host) -> int:
    found = _NAME.fullmatch(str(host.cell))
    if found is None:
        raise UsageError(f"host '{host.name}': cell={host.cell!r} is no cell: cell1, cell2 …")
    return int(found[1])


def _check_number(cells: int | None) -> None:
    if cells is None:
        return
    if not isinstance(cells, int) or isinstance(cells, bool) or not 1 <= cells <= 99:
        raise UsageError(f"cells={cells!r} is no number of cells: give 1 to 99, or leave it out")

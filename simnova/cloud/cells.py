"""The cells of a cloud, and what an operator does to them with `nova-manage cell_v2`."""

from __future__ import annotations

import warnings
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from simnova.cloud import cells_svg
from simnova.cloud.collection import Items
from simnova.cloud.hosts import Host
from simnova.cloud.layout import API_BUS
from simnova.exceptions import UsageError
from simnova.nova.cmd.manage import API_DB, CELL0_DB
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly

_COLUMNS = {
    "Name": "name",
    "UUID": "id",
    "Transport URL": "transport_url",
    "Database Connection": "database_connection",
    "Disabled": "disabled",
}
_AT_START = (
    "{name} is {state}, but nova-scheduler reads the cells when it starts, and at SIGHUP: "
    "cloud.cells.reload()"
)


class Cells(Items):
    """Parts of the hosts, each with a database and a message bus; cell0 keeps the servers that never got a host."""

    what = "cell"

    def rows(self) -> list[dict[str, Any]]:
        """Name, the addresses of the bus and of the database, whether new servers are kept out."""
        names = ("name", "transport_url", "database_connection", "disabled")
        rows = self._select(API_DB, "cell_mappings")
        return [{**{name: row[name] for name in names}, "id": row["uuid"]} for row in rows]

    def table(self) -> Table:
        """`nova-manage cell_v2 list_cells --verbose`."""
        rows = sorted(self.rows(), key=lambda row: str(row["name"]))
        return Table(list(_COLUMNS), [[row[name] for name in _COLUMNS.values()] for row in rows])

    def hosts(self) -> Table:
        """`nova-manage cell_v2 list_hosts`: the compute hosts that have a cell."""
        cells = {row["id"]: row for row in self._select(API_DB, "cell_mappings")}
        rows = self._select(API_DB, "host_mappings", order_by="host")
        found = [(cells[row["cell_id"]], row["host"]) for row in rows]
        shown = [[cell["name"], cell["uuid"], host] for cell, host in found]
        return Table(["Cell Name", "Cell UUID", "Hostname"], shown)

    def picture(self) -> Picture:
        """Who has which bus and which database, and what of it does not run."""
        assembly = self.cloud.assembly
        disabled = {row["name"] for row in self.rows() if row["disabled"]}
        return Picture(assembly, disabled)

    def discover_hosts(self) -> Table:
        """`nova-manage cell_v2 discover_hosts --verbose`: map the hosts that no cell has yet; what it says."""
        return self.cloud._manage_cells("discover_hosts")

    def disable(self, name: str) -> None:
        """`nova-manage cell_v2 update_cell --disable`: keep new servers out; those that are there go on."""
        self._update(name, "disable")

    def enable(self, name: str) -> None:
        """`nova-manage cell_v2 update_cell --enable`: let new servers in again."""
        self._update(name, "enable")

    def reload(self) -> None:
        """Send every nova-scheduler SIGHUP: it reads the cells again."""
        self.cloud._reload_cells()

    def _update(self, name: str, what: str) -> None:
        uuid = self.id_of(name)
        if self._row(name)["name"] == "cell0":
            raise UsageError(
                "Cell0 cannot be disabled: it has no hosts, and no server is sent there"
            )
        self.cloud._manage_cells("update_cell", uuid, what)
        text = _AT_START.format(name=name, state=f"{what}d")
        warnings.warn(text, stacklevel=3)


class Picture:
    """The cells of a cloud as they are now, drawn."""

    def __init__(self, assembly: Assembly, disabled: set[str]) -> None:
        running = {name for name, life in assembly.running.items() if life.alive}
        control = [n for n in assembly.names if n.startswith("nova-") and "compute" not in n]
        above = [name for name in control if "@" not in name]
        known = [*control, *(f"nova-compute@{host}" for host in assembly.hosts)]
        self.gone = [name for name in known if name not in running] + down(assembly)
        self.above = cells_svg.Part("API level", API_BUS, [API_DB, CELL0_DB], above)
        self.cells = [
            cells_svg.Part(
                cell.name,
                cell.bus,
                [cell.database],
                [name for name in control if assembly.layout.cell_of(name) == cell],
                [
                    f"nova-compute@{name}"
                    for name, host in assembly.hosts.items()
                    if assembly.layout.cell(host.cell) == cell
                ],
                "(disabled)" if cell.name in disabled else "",
            )
            for cell in assembly.layout.cells
        ]

    def __repr__(self) -> str:
        lines = [
            f"{part.name}: {part.bus}; {', '.join(part.databases)}; "
            f"{', '.join([*part.services, *part.hosts])}"
            for part in (self.above, *self.cells)
        ]
        return "\n".join([*lines, *(f"{name} is gone" for name in self.gone)])

    def _repr_svg_(self) -> str:
        return cells_svg.draw(self.above, self.cells, self.gone)


def down(assembly: Assembly) -> list[str]:
    """The databases that answer no service, and the buses that no service reaches."""
    names = [API_DB, *assembly.layout.databases]
    lost = [name for name in names if assembly.databases[name].outage]
    return lost + [name for name, bus in assembly.brokers.items() if not bus.is_up]


def host_fields(host: Host) -> dict[str, Any]:
    """What a host was asked for with, as far as it is not what every host has."""
    return {
        one.name: getattr(host, one.name)
        for one in fields(host)
        if one.name == "name" or getattr(host, one.name) != _PLAIN[one.name]
    }


_PLAIN = {one.name: getattr(Host("plain"), one.name) for one in fields(Host)}


def check_new_host(assembly: Assembly, host: Any) -> Host:
    """A host that can be added. Raises `UsageError` for a name that is taken, and where the cell is not said."""
    new = host if isinstance(host, Host) else Host(host)
    layout = assembly.layout
    if new.name in assembly.hosts:
        raise UsageError(f"there is a host '{new.name}' already: choose another name")
    if new.cell is not None:
        layout.cell(new.cell)
    elif layout.split:
        known = ", ".join(cell.name for cell in layout.cells)
        raise UsageError(f"host '{new.name}' needs a cell=…, one of {known}")
    return new

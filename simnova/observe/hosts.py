"""The hosts at a step: what each has, what of it is sold, which servers are on it and how they
are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.nova.objects.states import PowerState
from simnova.observe import hosts_svg, kept, placed, rows
from simnova.observe.index import follow, last
from simnova.observe.markup import plain, shorten
from simnova.observe.names import Names, natural
from simnova.observe.table import Table

_METERS = (
    ("VCPU", "vcpus", "cpu_allocation_ratio"),
    ("MEMORY_MB", "memory_mb", "ram_allocation_ratio"),
    ("DISK_GB", "local_gb", "disk_allocation_ratio"),
)


COMPUTE = "nova-compute@"


@dataclass(frozen=True)
class Meter:
    """One resource of a host: `total` is there, `capacity` may be sold, `used` is sold (as
    Placement has it, or, without one, as the host itself counts); `counted` is what the host counts
    in its compute_nodes row, `told` how the capacity comes about: (16384 - 512) x 1.5.
    """

    name: str
    total: int
    capacity: int
    used: int
    counted: int
    told: str = ""

    @property
    def over(self) -> float:
        """How much is sold of what is there: above 1 it is overcommitted."""
        return self.used / self.total if self.total else 0.0

    @property
    def share(self) -> float:
        """How much of what may be sold is sold."""
        return self.used / self.capacity if self.capacity else 0.0


@dataclass(frozen=True)
class ServerView:
    """A server as its row has it; `memory_mb` in MB, `root_gb` in GB."""

    uuid: str
    name: str
    vm_state: str | None
    task_state: str | None
    power_state: str
    vcpus: int
    memory_mb: int
    root_gb: int

    @property
    def state(self) -> str:
        """vm_state, and the task if there is one."""
        return f"{self.vm_state}, {self.task_state}" if self.task_state else str(self.vm_state)


@dataclass(frozen=True)
class HostView:
    """A compute host at a step; `cell` is named where there are several, `reason` says why it is disabled."""

    name: str
    up: bool
    disabled: bool
    meters: list[Meter]
    servers: list[ServerView]
    forced_down: bool = False
    reason: str = ""
    cell: str = ""

    @property
    def status(self) -> str:
        """up or down, and whether it is disabled, or said to be down by an operator."""
        said = [(self.disabled, "disabled"), (self.forced_down, "forced down")]
        return ", ".join(["up" if self.up else "down", *(word for is_so, word in said if is_so)])

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {**asdict(self), "status": self.status}

    def __str__(self) -> str:
        lines = [f"{self.name} ({self.status})", *map(meter_line, self.meters)]
        lines += [] if self.meters else [f"  {hosts_svg.UNREPORTED}"]
        lines += [f"  {shorten(plain(one.name), 40)}: {one.state}" for one in self.servers]
        return "\n".join(lines)


def meter_line(meter: Meter, width: int = 24) -> str:
    """A bar of text."""
    filled = min(width, round(width * meter.share))
    bar = "#" * filled + "." * (width - filled)
    return f"  {meter.name:<9} [{bar}] {meter.used} of {meter.capacity} sold, {meter.total} there"


class Hosts(list[HostView]):
    """The hosts in the order of their names; text, and a drawing."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        return self.svg()

    def overcommit(self) -> Table:
        """What each host has, what of it may be sold and how that comes about, what is sold, and
        how much of what is there that is.
        """
        columns = ("host", "resource", "there", "may be sold", "=", "sold", "free", "sold of there")
        rows = [
            (host.name, *amounts, f"{one.over:.0%}")
            for host in self
            for one in host.meters
            for amounts in [
                (one.name, one.total, one.capacity, one.told, one.used, one.capacity - one.used)
            ]
        ]
        return Table(columns, rows)

    def svg(self) -> str:
        """Boxes with bars that fill as servers are placed."""
        return hosts_svg.draw(self)


class Lives:
    """When each service came up and went; `follow(journal, Lives)`."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[list[int], list[bool]]] = {}
        self.crashes: set[int] = set()

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind.startswith("service."):
            seqs, states = self.of.setdefault(event.actor, ([], []))
            seqs.append(event.seq)
            states.append(event.kind == "service.start")
            if event.kind == "service.crash":
                self.crashes.add(event.seq)

    def up(self, actor: str, seq: int) -> bool:
        """Whether a service was up after step `seq`; one that nobody saw start or end is taken to
        be.
        """
        seqs, states = self.of.get(actor, ([], []))
        place = bisect_right(seqs, seq) - 1
        return states[place] if place >= 0 else not seqs

    def died(self, actor: str, seq: int) -> int | None:
        """The step at which a service died that is dead after step `seq`; None where it lives, or was stopped."""
        seqs, _ = self.of.get(actor, ([], []))
        place = bisect_right(seqs, seq) - 1
        return seqs[place] if place >= 0 and seqs[place] in self.crashes else None

    def strangers(self, seq: int, known: Sequence[HostView]) -> list[str]:
        """The hosts whose nova-compute was started by step `seq`, but has not reported its node."""
        names = {view.name for view in known}
        computes = [
            actor.removeprefix(COMPUTE)
            for actor, (seqs, _) in self.of.items()
            if actor.startswith(COMPUTE) and seqs[0] <= seq
        ]
        return [name for name in computes if name not in names]


def at(journal: Journal, seq: int | None = None) -> Hosts:
    """The hosts as they were after step `seq`, by name."""
    return Hosts(views(journal, last(journal, seq)))


@kept.of_tables(
    "compute_nodes",
    "services",
    "instances",
    "host_mappings",
    "resource_providers",
    "resource_classes",
    "inventories",
    "allocations",
    kept.SERVICES_LIVES,
)
def views(journal: Journal, end: int) -> list[HostView]:
    """The same, as long as nothing of it changes."""
    nodes = [row for row in rows.in_cells(journal, end, "compute_nodes") if not row.get("deleted")]
    services = {
        row.get("host"): row for row in rows.in_cells(journal, end, "services") if of_compute(row)
    }
    servers = by_host(journal, end)
    stocks, lives, cells = (
        placed.stocks(journal, end),
        follow(journal, Lives),
        cell_names(journal, end),
    )
    known = [
        HostView(
            name=str(node.get("host")),
            up=lives.up(f"{COMPUTE}{node.get('host')}", end),
            disabled=bool(services.get(node.get("host"), {}).get("disabled")),
            meters=meters(node, stocks.get(str(node.get("uuid")), {})),
            servers=servers.get(str(node.get("host")), []),
            forced_down=bool(services.get(node.get("host"), {}).get("forced_down")),
            reason=str(services.get(node.get("host"), {}).get("disabled_reason") or ""),
            cell=cells.get(str(node.get("host")), ""),
        )
        for node in nodes
    ]
    known += [
        HostView(name, lives.up(f"{COMPUTE}{name}", end), False, [], servers.get(name, []))
        for name in lives.strangers(end, known)
    ]
    return sorted(known, key=lambda view: natural(view.name))


def cell_names(journal: Journal, seq: int) -> dict[str, str]:
    """The cell of each host that is mapped to one; nothing where there is one cell only."""
    mapped = rows.at(journal, seq, "nova_api.host_mappings")
    if len({row.get("cell_id") for row in mapped}) < 2:
        return {}
    names = follow(journal, Names)
    return {str(row.get("host")): names.cell(row.get("cell_id")) for row in mapped}


def of_compute(row: dict[str, Any]) -> bool:
    """Whether a services row is a nova-compute's."""
    return row.get("binary") == "nova-compute" and not row.get("deleted")


def meters(node: dict[str, Any], stock: dict[str, placed.Stock]) -> list[Meter]:
    """VCPU, memory and disk of a compute node."""
    return [meter(name, node, column, ratio, stock.get(name)) for name, column, ratio in _METERS]


def meter(
    name: str, node: dict[str, Any], column: str, ratio: str, stock: placed.Stock | None
) -> Meter:
    """One resource, out of Placement's inventory or the compute node's own row."""
    total, counted = int(node.get(column) or 0), int(node.get(f"{column}_used") or 0)
    if stock is not None:
        return Meter(name, stock.total, stock.capacity, stock.used, counted, stock.told)
    own = placed.Stock(name, total, 0, float(node.get(ratio) or 1.0), total, counted)
    return Meter(name, total, own.capacity, counted, counted, own.told)


def by_host(journal: Journal, seq: int) -> dict[str, list[ServerView]]:
    """The servers on each host, and under an empty name those that have none."""
    found: dict[str, list[ServerView]] = {}
    for row in rows.in_cells(journal, seq, "instances"):
        if not row.get("deleted") and row.get("vm_state") != "deleted":
            found.setdefault(str(row.get("host") or ""), []).append(server(row))
    return found


def server(row: dict[str, Any]) -> ServerView:
    """A server out of its row."""
    power = row.get("power_state") or 0
    known = power in PowerState.__members__.values()
    return ServerView(
        uuid=str(row.get("uuid")),
        name=str(row.get("display_name") or row.get("uuid")),
        vm_state=row.get("vm_state"),
        task_state=row.get("task_state"),
        power_state=PowerState(power).name.lower() if known else str(power),
        vcpus=int(row.get("vcpus") or 0),
        memory_mb=int(row.get("memory_mb") or 0),
        root_gb=int(row.get("root_gb") or 0),
    )


def homeless(journal: Journal, seq: int | None = None) -> Sequence[ServerView]:
    """The servers that are on no host after step `seq`: being scheduled, or buried in cell0."""
    return by_host(journal, last(journal, seq)).get("", [])

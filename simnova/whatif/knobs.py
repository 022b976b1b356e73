"""What could have been otherwise: amounts of a host, of a request, of the options, each as one knob."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simnova.config import Config
from simnova.scenario import hosts, objects
from simnova.scenario.scenario import Scenario
from simnova.whatif.asked import Data, Question

FAR: Final = 16
"""How many times as much of something is looked at: of a size, of what the largest host has."""
_MULTIPLIERS: Final = {"MetricsWeigher": ("metrics", "weight_multiplier")}
_OPTIONS: Final = {
    "BuildFailureWeigher": "build_failure_weight_multiplier",
    "CPUWeigher": "cpu_weight_multiplier",
    "CrossCellWeigher": "cross_cell_move_weight_multiplier",
    "DiskWeigher": "disk_weight_multiplier",
    "HypervisorVersionWeigher": "hypervisor_version_weight_multiplier",
    "ImagePropertiesWeigher": "image_props_weight_multiplier",
    "IoOpsWeigher": "io_ops_weight_multiplier",
    "NumInstancesWeigher": "num_instances_weight_multiplier",
    "PCIWeigher": "pci_weight_multiplier",
    "RAMWeigher": "ram_weight_multiplier",
    "ServerGroupSoftAffinityWeigher": "soft_affinity_weight_multiplier",
    "ServerGroupSoftAntiAffinityWeigher": "soft_anti_affinity_weight_multiplier",
}
_LIMITS: Final = (
    ("filter_scheduler", "max_io_ops_per_host"),
    ("filter_scheduler", "max_instances_per_host"),
    ("DEFAULT", "service_down_time"),
)


@dataclass(frozen=True)
class Knob:
    """One amount: what it is called, what it is counted in, what it is, how far it may be turned.

    It is turned by whole `grain`s. `put` changes a copy of the question.
    """

    side: str
    what: str
    unit: str
    now: float
    least: float
    most: float
    put: Callable[[Question, float], None]
    grain: float = 1

    def turned(self, question: Question, steps: int) -> Question:
        """The question with that knob turned by so many grains."""
        changed = question.copy()
        self.put(changed, self.at(steps))
        return changed

    def at(self, steps: int) -> float:
        """The amount after so many grains, without the dust of floating point."""
        value = self.now + steps * self.grain
        return round(value, 6) if isinstance(self.grain, float) else value

    @property
    def ends(self) -> tuple[int, int]:
        """How many grains it can be turned down and up, at most."""
        down, up = (self.least - self.now) / self.grain, (self.most - self.now) / self.grain
        return min(0, int(down)), max(0, int(up))


# --- the host -------------------------------------------------------------------------------------


def of_host(question: Question, name: str) -> Iterator[Knob]:
    """The amounts of one host."""
    host = question.host(name)
    yield from _used(host, hosts.ratios(Scenario(question.data)))
    yield from _sizes(host, question)
    yield from _counts(host)


def _used(host: Data, ratios: hosts.Ratios) -> Iterator[Knob]:
    """What is used, in the node's row and in Placement at once."""
    node = hosts.node(host, ratios)
    ram, disk = node.memory_mb, node.local_gb
    limits = (
        ram * max(1.0, node.ram_allocation_ratio),
        node.vcpus * max(1.0, node.cpu_allocation_ratio),
        disk * max(1.0, node.disk_allocation_ratio),
    )
    reserved = host.get("reserved_ram_mb", 0)
    yield _use(
        host, "memory used", "MB", "MEMORY_MB", (ram - node.free_ram_mb, reserved, limits[0])
    )
    yield _use(host, "VCPUs used", "", "VCPU", (node.vcpus_used, 0, limits[1]))
    yield _use(host, "disk used", "GB", "DISK_GB", (disk - node.free_disk_gb, 0, limits[2]))


def _use(host: Data, what: str, unit: str, kind: str, span: tuple[float, float, float]) -> Knob:
    name, (now, least, most) = host["name"], span

    def put(question: Question, value: float) -> None:
        mine = question.host(name)
        if kind == "MEMORY_MB":
            mine["free_ram_mb"] = int(mine["total_ram_mb"] - value)
        elif kind == "DISK_GB":
            mine["free_disk_gb"] = int(mine["total_disk_gb"] - value)
        else:
            mine["vcpus_used"] = int(value)
        extra = mine.get("extra_inventory", {}).get(kind)
        if extra and "used" in extra:
            extra["used"] = max(0, int(extra["used"] + value - now))

    return Knob("host", f"{what} on {name}", unit, now, min(now, least), max(now, most), put)


def _sizes(host: Data, question: Question) -> Iterator[Knob]:
    """What a host has, and how many times it may be sold."""
    flavor = question.data["request"]["flavor"]
    for field, what, unit, kind, asked in (
        ("total_ram_mb", "memory", "MB", "MEMORY_MB", "ram_mb"),
        ("vcpus", "VCPUs", "", "VCPU", "vcpus"),
        ("total_disk_gb", "disk", "GB", "DISK_GB", "disk_gb"),
    ):
        largest = max(1, flavor.get(asked, 0), *(one[field] for one in question.data["hosts"]))
        yield _size(host, field, f"{what} of {host['name']}", (unit, kind), largest * FAR)
    for field, kind in (
        ("ram_allocation_ratio", "MEMORY_MB"),
        ("cpu_allocation_ratio", "VCPU"),
        ("disk_allocation_ratio", "DISK_GB"),
    ):
        if field in host:
            yield _ratio(host, field, kind)


def _size(host: Data, field: str, what: str, counted: tuple[str, str], most: float) -> Knob:
    name, now, (unit, kind) = host["name"], host[field], counted
    free = {"total_ram_mb": "free_ram_mb", "total_disk_gb": "free_disk_gb"}.get(field)

    def put(question: Question, value: float) -> None:
        mine = question.host(name)
        mine[field] = int(value)
        if free in mine:
            mine[free] = int(mine[free] + value - now)
        extra = mine.get("extra_inventory", {}).get(kind, {})
        for column in extra.keys() & {"total", "max_unit"}:
            extra[column] = max(0, int(extra[column] + value - now))

    return Knob("host", what, unit, now, min(1, now), most, put)


def _ratio(host: Data, field: str, kind: str) -> Knob:
    name, now = host["name"], float(host[field])

    def put(question: Question, value: float) -> None:
        mine = question.host(name)
        mine[field] = value
        extra = mine.get("extra_inventory", {}).get(kind, {})
        if "allocation_ratio" in extra:
            extra["allocation_ratio"] = value

    return Knob("host", f"{field} of {name}", "", now, 0.01, max(1.0, now) * FAR, put, 0.01)


def _counts(host: Data) -> Iterator[Knob]:
    """What a host counts: operations under way, servers, builds that failed."""
    for field, what in (
        ("num_io_ops", "operations under way"),
        ("num_instances", "servers counted"),
        ("failed_builds", "failed builds"),
    ):
        now = host.get(field, len(host.get("instances", [])) if field == "num_instances" else 0)
        name = host["name"]
        yield Knob("host", f"{what} on {name}", "", now, 0, max(16, 2 * now), _field(name, field))


def _field(name: str, field: str) -> Callable[[Question, float], None]:
    def put(question: Question, value: float) -> None:
        question.host(name)[field] = int(value)

    return put


# --- the request and the options -----------------------------------------------------------------


def of_request(question: Question) -> Iterator[Knob]:
    """The sizes of the flavor, and what the rules of its server group say."""
    yield from _rules(question)
    flavor: Data = question.data["request"]["flavor"]
    for field, what, unit, least in (
        ("ram_mb", "memory", "MB", 1),
        ("vcpus", "VCPUs", "", 1),
        ("disk_gb", "root disk", "GB", 0),
        ("ephemeral_gb", "ephemeral disk", "GB", 0),
    ):
        now = flavor.get(field, 0)
        if now:
            yield Knob(
                "request", f"{what} of the flavor", unit, now, least, now * FAR, _flavor(field)
            )


def _rules(question: Question) -> Iterator[Knob]:
    """How many servers of an anti-affinity group one host may have."""
    group: Data = question.data["request"].get("group") or {}
    name = "max_server_per_host"

    def put(changed: Question, value: float) -> None:
        changed.data["request"]["group"].setdefault("rules", {})[name] = int(value)

    if group.get("policy") == "anti-affinity":
        now = int(group.get("rules", {}).get(name, 1))
        yield Knob("request", f"{name} of the server group", "", now, 1, now * FAR, put)


def _flavor(field: str) -> Callable[[Question, float], None]:
    def put(question: Question, value: float) -> None:
        question.data["request"]["flavor"][field] = int(value)

    return put


def of_options(question: Question, told_apart: Mapping[str, bool]) -> Iterator[Knob]:
    """The limits, and the multipliers of those weighers that told hosts apart or would, were they on."""
    conf = objects.config(Scenario(question.data))
    for section, name in _LIMITS:
        now = value_of(conf, section, name)
        yield Knob("option", name, "", now, 1, max(1, now) * FAR, option(section, name, int))
    for weigher, differs in told_apart.items():
        section, name = _MULTIPLIERS.get(weigher, ("filter_scheduler", _OPTIONS.get(weigher, "")))
        if name and differs:
            yield _multiplier(conf, section, name)


def _multiplier(conf: Config, section: str, name: str) -> Knob:
    now = float(value_of(conf, section, name))
    reach = max(100.0, 10 * abs(now))
    grain = 0.01 if abs(now) <= 100 else abs(now) / 1000
    lower = 0.0 if name == "pci_weight_multiplier" else -reach
    return Knob("option", name, "", now, lower, reach, option(section, name, float), grain)


def value_of(conf: Config, section: str, name: str) -> Any:
    """What an option says."""
    return getattr(conf if section == "DEFAULT" else getattr(conf, section), name)


def option(section: str, name: str, kind: Callable[[Any], Any]) -> Callable[[Question, Any], None]:
    """Sets an option."""

    def put(question: Question, value: Any) -> None:
        config = question.data.setdefault("config", {})
        config.setdefault(section, {})[name] = kind(value)

    return put

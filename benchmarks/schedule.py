"""One decision, thousands of servers in one request, and boots in a large cloud, with the memory that each takes.

`python -m benchmarks.schedule` takes minutes; `--large` has the whole path for ten thousand servers as well, which
takes many. In the rows of the scheduler alone Placement is left aside: filters, weighers, selection and consumption are
measured. Quotas are off and `max_placement_results` is large, since either would hide hosts or servers.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

from benchmarks.measure import NETWORK, RANGE, Line, best, boot, cpu, show
from simnova import Cloud
from simnova.config import Config
from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.databases import Databases
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Level
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.manager import SchedulerManager

NOVA = {100: 6, 1_000: 57, 10_000: 774}
"""What real Nova's filters and weighers take for one decision, in ms, by the number of hosts."""

MANY = ((1_000, 10_000), (20_000, 40_000))
"""Hosts, and the servers that one request places on them."""

WHOLE, LARGE = (1_000, 500), (1_000, 10_000)
"""Hosts, and the servers that are booted on them from the API to ACTIVE."""

WIDE = {
    "quota": {"instances": -1, "cores": -1, "ram": -1},
    "scheduler": {"max_placement_results": 1_000_000},
}

NODE = {
    "vcpus": 64,
    "memory_mb": 262_144,
    "free_ram_mb": 261_632,
    "local_gb": 2_000,
    "free_disk_gb": 2_000,
    "vcpus_used": 0,
    "memory_mb_used": 512,
    "local_gb_used": 0,
    "cpu_allocation_ratio": 4.0,
    "ram_allocation_ratio": 1.0,
    "disk_allocation_ratio": 1.0,
    "hypervisor_type": "QEMU",
    "hypervisor_version": 8_002_000,
    "cpu_info": "{}",
    "supported_instances": '[["x86_64", "kvm", "hvm"]]',
    "stats": "{}",
    "metrics": "[]",
}
BUSY = ({}, {"free_ram_mb": 131_072}, {"vcpus_used": 32}, {"free_disk_gb": 800})
"""What hosts of a cloud in use differ in."""


class Scheduler:
    """A nova-scheduler over a cell with that many hosts; every odd one in use where `varied`."""

    def __init__(self, hosts: int, level: Level, varied: bool = True) -> None:
        self.clock = Clock(0)
        self.clock.journal.level = level
        databases = Databases(self.clock)
        api, cell = databases.open("nova_api", API), databases.open("nova_cell1", CELL)
        self.place = Place(self.clock, api_database=api, databases={"nova_cell1": cell})
        self.context = RequestContext(project_id="demo", place=self.place)
        mapping = CellMapping("c1", "cell1", "rabbit://", "nova_cell1", context=self.context)
        self.service = self.clock.start("nova-scheduler")
        self.run(mapping.create())
        cell.run(lambda tx: self._fill(tx, hosts, varied))
        self.managers = {False: self._manager([], []), True: self._plain()}
        for manager in self.managers.values():
            self.run(manager.init_host())

    def _fill(self, tx: Any, hosts: int, varied: bool) -> None:
        now = self.clock.utcnow()
        for number in range(hosts):
            host = f"compute{number}"
            more = BUSY[number % len(BUSY)] if varied else {}
            node = {"hypervisor_hostname": host, "uuid": f"node-{number}"}
            tx.insert("services", host=host, binary="nova-compute", version=74, last_seen_up=now)
            tx.insert("compute_nodes", host=host, **node, **NODE | more)

    def _manager(self, filters: list[Any], weighers: list[Any], **options: Any) -> SchedulerManager:
        conf = Config(max_placement_results=1_000_000, **options)
        manager = HostManager(self.place, conf, filters, weighers)
        return SchedulerManager(self.place, conf, None, manager)

    def _plain(self) -> SchedulerManager:
        """The same filters and weighers under classes that have no form for all hosts at once."""
        stock = self._manager([], []).host_manager
        plain = [list(map(_derived, each)) for each in (stock.enabled_filters, stock.weighers)]
        none = {"enabled_filters": [], "weight_classes": []}
        return self._manager(*plain, filter_scheduler=none)

    def run(self, work: Any) -> Any:
        """Have nova-scheduler do something."""
        task = self.clock.spawn(work, service=self.service)
        while task.is_alive:
            self.clock.step()
        if task.error is not None:
            raise task.error
        return task.outcome

    def place_servers(self, count: int, plain: bool = False) -> list[Any]:
        """Ask for hosts for some servers of one flavor in one request."""
        flavor = Flavor(name="m1.small", vcpus=1, memory_mb=2048, root_gb=20)
        spec = RequestSpec(project_id="demo", flavor=flavor)
        uuids = [f"server-{number}" for number in range(count)]
        found: list[Any] = self.run(
            self.managers[plain].select_destinations(self.context, spec, uuids)
        )
        return found

    def read_all(self, seen: int) -> int:
        """Read every table and every line that the journal has since then; how many events that were."""
        events = self.clock.journal.events[seen:]
        return len([dict(event.data) for event in events])


def _derived(stock: Any) -> type:
    kind = type(stock)
    return type(kind.__name__, (kind,), {"__module__": kind.__module__})


def lines() -> Iterator[Line]:
    """One decision in three forms."""
    for hosts, nova in NOVA.items():
        yield from _apart(_decision, hosts, nova)


def more(large: bool) -> Iterator[Line]:
    """Many servers: in the scheduler alone, then all the way."""
    for hosts, servers in MANY:
        yield from _apart(_request, hosts, servers)
    for hosts, servers in (WHOLE, LARGE) if large else (WHOLE,):
        yield from _apart(_one_boot, hosts, servers)
        yield from _apart(_many_boots, hosts, servers)


def _apart(work: Callable[..., list[Line]], *args: int) -> list[Line]:
    """Measured in a process of its own, so that memory is its own as well."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


class Forms(NamedTuple):
    """CPU seconds of one decision."""

    arrays: float
    read: float
    plain: float


def _decision(hosts: int, nova: int) -> list[Line]:
    scheduler = Scheduler(hosts, "full")
    scheduler.place_servers(1)
    scheduler.place_servers(1, plain=True)

    def decided_and_read() -> None:
        seen = len(scheduler.clock.journal)
        scheduler.place_servers(1)
        scheduler.read_all(seen)

    took = Forms(
        best(lambda: scheduler.place_servers(1)),
        best(decided_and_read, 3),
        best(lambda: scheduler.place_servers(1, plain=True), 3),
    )
    what = f"one decision, {hosts:,} hosts"
    faster = f"{took.plain / took.arrays:.1f} times faster than host by host"
    return [
        Line(what, took.arrays * 1e3, "ms", f"{faster}; real Nova {nova} ms"),
        Line("  with all verdicts, weights and lines read", took.read * 1e3, "ms"),
        Line("  host by host", took.plain * 1e3, "ms"),
    ]


def _request(hosts: int, servers: int) -> list[Line]:
    scheduler = Scheduler(hosts, "summary", varied=False)
    before = _peak()
    took = cpu(lambda: scheduler.place_servers(servers))
    memory = f"{len(scheduler.clock.journal):,} events; {_peak() - before:,.0f} MB, {_peak():,.0f} in all"
    return [Line(f"{servers:,} servers on {hosts:,} hosts in one request", took, "s", memory)]


def _large_cloud(hosts: int) -> Cloud:
    cloud = Cloud(hosts=hosts, level="summary", config=WIDE)
    cloud.networks.create(NETWORK, RANGE)
    cloud.flavors.create("tiny", vcpus=1, ram=64, disk=1)
    boot(cloud, 1)
    project = cloud.sql("SELECT project_id FROM nova_cell1.instances").rows[0][0]
    path, unlimited = f"/v2.0/quotas/{project}", {"quota": {"port": -1}}
    cloud.request("PUT", path, unlimited, service="neutron")
    return cloud


def _one_boot(hosts: int, servers: int) -> list[Line]:
    cloud = _large_cloud(hosts)

    def work() -> None:
        cloud.boot("web", flavor="tiny", network=NETWORK, count=servers)
        cloud.run()

    return _whole_path(cloud, work, (hosts, servers), "in one request")


def _many_boots(hosts: int, servers: int) -> list[Line]:
    cloud = _large_cloud(hosts)

    def work() -> None:
        for number in range(servers):
            cloud.submit(f"web{number}", flavor="tiny", network=NETWORK)
        cloud.run()

    return _whole_path(cloud, work, (hosts, servers), "in as many requests")


def _whole_path(
    cloud: Cloud, work: Callable[[], None], sizes: tuple[int, int], how: str
) -> list[Line]:
    hosts, servers = sizes
    before = _peak()
    took = cpu(work)
    count = "SELECT count(*) FROM nova_cell1.instances WHERE vm_state = 'active'"
    active = cloud.sql(count).rows[0][0] - 1
    said = f"{active:,} ACTIVE, {took / servers * 1e3:.1f} ms each; "
    memory = f"{_peak() - before:,.0f} MB, {_peak():,.0f} in all"
    return [Line(f"{servers:,} boots on {hosts:,} hosts {how}", took, "s", said + memory)]


def _peak() -> float:
    """The most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    show(lines())
    show(more("--large" in sys.argv))

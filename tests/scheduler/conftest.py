"""A scheduler with hosts: real databases, a clock, the real managers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from simnova.config import Config
from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.databases import Databases
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event
from simnova.messaging.rest import Rest
from simnova.nova.context import Place, RequestContext, target_cell
from simnova.nova.objects.cell_mapping import CELL0_UUID, CellMapping
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.service import Service
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.placement.app import Placement
from simnova.placement.schema import METADATA as PLACEMENT

NODE = {
    "vcpus": 8,
    "memory_mb": 8192,
    "free_ram_mb": 8192,
    "local_gb": 100,
    "free_disk_gb": 100,
    "cpu_allocation_ratio": 4.0,
    "ram_allocation_ratio": 1.0,
    "disk_allocation_ratio": 1.0,
    "hypervisor_type": "QEMU",
    "hypervisor_version": 8002000,
    "supported_hv_specs": [["x86_64", "kvm", "hvm"]],
}


class Nova:
    """The databases of an API level and two cells, and a scheduler over them."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = Clock(seed)
        databases = Databases(self.clock)
        cells = {
            name: databases.open(name, CELL) for name in ("nova_cell0", "nova_cell1", "nova_cell2")
        }
        api = databases.open("nova_api", API)
        self.place = Place(self.clock, api_database=api, databases=dict(cells))
        self.context = RequestContext(user_id="demo", project_id="p1", place=self.place)
        self.service = self.clock.start("nova-scheduler")
        rest = Rest(self.clock)
        self.placement = databases.open("placement", PLACEMENT)
        rest.serve(self.clock.start("placement"), Placement(self.clock, self.placement))
        self.report_client = SchedulerReportClient(rest)
        self.cells = [
            CellMapping(uuid, name, f"rabbit://{name}", f"nova_{name}", context=self.context)
            for name, uuid in (("cell0", CELL0_UUID), ("cell1", "c1"), ("cell2", "c2"))
        ]
        for cell in self.cells:
            self.do(cell.create())

    def do(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine as nova-scheduler does; returns what it returns, raises what it raises."""
        task = self.clock.spawn(coro, service=self.service)
        while task.is_alive:
            try:
                self.clock.step()
            except Exception:
                if task.error is None:
                    raise
        if task.error is not None:
            raise task.error
        return task.outcome

    def host(
        self, name: str, cell: int = 1, service: dict[str, Any] | None = None, **node: Any
    ) -> None:
        """A compute host that has just reported."""
        context = target_cell(self.context, self.cells[cell])
        now = self.clock.utcnow()
        row = {"host": name, "binary": "nova-compute", "topic": "compute", "last_seen_up": now}
        uuid = self.clock.uuid("test", name)
        self.do(Service(**{**row, **(service or {})}, uuid=uuid, context=context).create())
        provider = self.clock.uuid("provider", name)
        values = {**NODE, "host": name, "hypervisor_hostname": name, "uuid": provider, **node}
        found = ComputeNode(**values, context=context)
        self.do(found.create())
        self.do(HostMapping(name, self.cells[cell], context=self.context).create())
        self.do(self._provide(provider, found))

    async def _provide(self, uuid: str, node: ComputeNode) -> None:
        client, context = self.report_client, self.context
        await client.get_provider_tree_and_ensure_root(context, uuid, node.host)
        sizes = {"VCPU": node.vcpus, "MEMORY_MB": node.memory_mb, "DISK_GB": node.local_gb}
        ratios = {"VCPU": node.cpu_allocation_ratio}
        inventories = {
            name: {
                "total": total,
                "reserved": 0,
                "min_unit": 1,
                "max_unit": total,
                "step_size": 1,
                "allocation_ratio": ratios.get(name, 1.0),
            }
            for name, total in sizes.items()
        }
        await client.set_inventory_for_provider(context, uuid, inventories)
        await client.set_traits_for_provider(context, uuid, ["OWNER_NOVA"])

    def claimed(self) -> dict[str, int]:
        """How many servers hold an allocation on each host."""
        names = {row["uuid"]: row["name"] for row in self._placement("resource_providers")}
        ids = {row["id"]: names[row["uuid"]] for row in self._placement("resource_providers")}
        held = {
            (ids[a["resource_provider_id"]], a["consumer_id"])
            for a in self._placement("allocations")
        }
        return dict(Counter(host for host, _ in sorted(held)))

    def _placement(self, table: str) -> list[dict[str, Any]]:
        return self.do(self.placement.select(table))

    def server(self, uuid: str, host: str, cell: int = 1) -> None:
        """A server that runs on a host."""
        context = target_cell(self.context, self.cells[cell])
        self.do(Instance(uuid=uuid, host=host, node=host, context=context).create())

    def scheduler(
        self, *, placement: bool = True, filters: Any = (), weighers: Any = (), **options: Any
    ) -> SchedulerManager:
        """A nova-scheduler that has come up."""
        conf = Config(**options)
        manager = HostManager(self.place, conf, filters, weighers)
        client = self.report_client if placement else None
        scheduler = SchedulerManager(self.place, conf, client, manager)
        self.do(scheduler.init_host())
        return scheduler

    def ask(
        self, scheduler: SchedulerManager, count: int = 1, **asked: Any
    ) -> list[list[Selection]]:
        """The scheduler's answer for `count` servers."""
        uuids = [self.clock.uuid("server") for _ in range(count)]
        asking = scheduler.select_destinations(
            self.context, self.spec(**asked), uuids, return_alternates=True
        )
        found: list[list[Selection]] = self.do(asking)
        return found

    def select(self, scheduler: SchedulerManager, count: int = 1, **asked: Any) -> list[list[str]]:
        """The names of the hosts chosen for each of `count` servers, with their alternates."""
        found = self.ask(scheduler, count, **asked)
        return [[selection.service_host for selection in each] for each in found]

    def events(self, kind: str) -> list[Event]:
        """What the journal has of a kind."""
        return [event for event in self.clock.journal if event.kind == kind]

    def log(self, level: str = "") -> list[str]:
        """The lines that were logged."""
        return [e.data["message"] for e in self.events("log") if level in ("", e.data["level"])]

    @staticmethod
    def spec(vcpus: int = 1, memory_mb: int = 1024, root_gb: int = 10, **asked: Any) -> RequestSpec:
        """A request for servers of that size."""
        flavor = Flavor(name="m1.small", vcpus=vcpus, memory_mb=memory_mb, root_gb=root_gb)
        return RequestSpec(**{"project_id": "p1", "flavor": flavor, **asked})


@pytest.fixture
def nova() -> Nova:
    """Two cells without hosts."""
    return Nova()


@pytest.fixture
def another() -> Callable[[int], Nova]:
    """The same with a seed of its own."""
    return Nova

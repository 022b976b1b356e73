"""A cloud of neighbours alone: a clock, the HTTP network, and whichever services a test starts."""

from collections.abc import Coroutine
from typing import Any

import pytest

from simnova.db import Databases
from simnova.glance.app import Glance
from simnova.glance.schema import METADATA as GLANCE
from simnova.kernel.clock import Clock, Service
from simnova.keystone.app import Keystone
from simnova.keystone.schema import METADATA as KEYSTONE
from simnova.keystone.schema import fixed_id
from simnova.messaging.rest import App, Response, Rest
from simnova.neutron.app import Neutron
from simnova.neutron.schema import METADATA as NEUTRON
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.placement.app import Placement
from simnova.placement.schema import METADATA as PLACEMENT

APPS = {
    "keystone": (Keystone, KEYSTONE),
    "glance": (Glance, GLANCE),
    "neutron": (Neutron, NEUTRON),
    "placement": (Placement, PLACEMENT),
}
ADMIN = {"X-Roles": "admin", "X-Project-Id": fixed_id("project", "admin")}
SECRETS = {"domain": {"id": "default"}, "password": "secret"}


class Neighbours:
    """What a test works with: `serve` a neighbour, `do` something as a service, `ask` over HTTP."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = Clock(seed)
        self.rest = Rest(self.clock)
        self.databases = Databases(self.clock)
        self.services: dict[str, Service] = {}
        self.apps: dict[str, App] = {}
        self.client = self.clock.start("client")

    def serve(self, *names: str) -> "Neighbours":
        for name in names:
            made, metadata = APPS[name]
            if name not in self.apps:
                self.apps[name] = made(self.clock, self.databases.open(name, metadata))
            self.services[name] = self.clock.start(name)
            self.rest.serve(self.services[name], self.apps[name])
        return self

    def do(self, work: Coroutine[Any, Any, Any], service: Service | None = None) -> Any:
        """Run a coroutine to its end, as the client unless another service is given."""
        task = self.clock.spawn(work, service=service or self.client)
        while task.is_alive:
            self.clock.step()
        return task.outcome

    def ask(self, to: str, method: str, path: str, body: Any = None, **headers: Any) -> Response:
        path, _, query = path.partition("?")
        given = {name.replace("_", "-"): value for name, value in headers.items()} or ADMIN
        return self.do(self.rest.request(to, method, path, query=query, body=body, headers=given))

    def token(self, user: str, project: str | None = None) -> Response:
        scope = {"project": {"name": project or user, "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": {"name": user, **SECRETS}}}
        body = {"auth": {"identity": identity, "scope": scope}}
        return self.ask("keystone", "POST", "/v3/auth/tokens", body)

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [event.data for event in self.clock.journal if event.kind == kind]

    def sql(self, text: str) -> list[dict[str, Any]]:
        return self.databases.sql(text).as_dicts()

    def usage(self) -> list[dict[str, Any]]:
        """What is used of each inventory in Placement, from its database."""
        return self.sql(
            """
            SELECT i.*, p.uuid, p.generation, COALESCE((SELECT SUM(a.used) FROM placement.allocations a
              WHERE a.resource_provider_id = i.resource_provider_id
                AND a.resource_class_id = i.resource_class_id), 0) AS used
            FROM placement.inventories i JOIN placement.resource_providers p ON p.id = i.resource_provider_id
            """
        )


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest.fixture
def context() -> RequestContext:
    """A user of the project demo, whose identity travels in the headers."""
    return RequestContext(
        user_id=fixed_id("user", "demo"),
        project_id=fixed_id("project", "demo"),
        roles=["member", "reader"],
        request_id="req-7b6b4bd8-0b6a-4a3c-9a7e-2f1d9f3f5f50",
    )


@pytest.fixture
def placement(neighbours: Neighbours) -> Neighbours:
    return neighbours.serve("placement")


@pytest.fixture
def client(neighbours: Neighbours) -> SchedulerReportClient:
    return SchedulerReportClient(neighbours.rest)


def host_inventory(vcpus: int = 8, memory_mb: int = 16384, disk_gb: int = 100) -> dict[str, Any]:
    """What a compute reports: max_unit is the physical size, whatever the ratio."""
    sizes = {
        "VCPU": (vcpus, 4.0, 0),
        "MEMORY_MB": (memory_mb, 1.0, 512),
        "DISK_GB": (disk_gb, 1.0, 0),
    }
    return {
        name: {
            "total": total,
            "reserved": reserved,
            "min_unit": 1,
            "max_unit": total,
            "step_size": 1,
            "allocation_ratio": ratio,
        }
        for name, (total, ratio, reserved) in sizes.items()
    }


def make_instance(context: RequestContext, uuid: str) -> Instance:
    return Instance(
        uuid=uuid,
        project_id=context.project_id,
        user_id=context.user_id,
        availability_zone="nova",
        network_info=[],
    )

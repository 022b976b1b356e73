"""What is asked of the scheduler (`nova/objects/request_spec.py`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, from_primitive
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_pci_requests import InstancePCIRequests
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.objects.numa import InstanceNUMATopology

__door__ = True

_PER_REQUEST: dict[str, Any] = {"retry": None, "ignore_hosts": None, "requested_destination": None}
"""What a request says of itself only; it is not kept."""


@dataclass
class Destination(NovaObject):
    """A host, node, cell or aggregates that the request is narrowed to; filters still run."""

    VERSION: ClassVar[str] = "1.4"

    host: str | None = None
    node: str | None = None
    cell_uuid: str | None = None
    aggregates: list[str] = field(default_factory=list)
    forbidden_aggregates: list[str] = field(default_factory=list)
    allow_cross_cell_move: bool = False


@dataclass
class RequestLevelParams(NovaObject):
    """Traits that the root provider of a host must have or must not have; the scheduler's request filters add them."""

    VERSION: ClassVar[str] = "1.1"

    root_required: list[str] = field(default_factory=list)
    root_forbidden: list[str] = field(default_factory=list)


@dataclass
class RequestSpec(NovaObject):
    """A request for `num_instances` servers of one flavor and image, with hints and what narrows the choice."""

    VERSION: ClassVar[str] = "1.16"

    instance_uuid: str = ""
    project_id: str | None = None
    user_id: str | None = None
    flavor: Flavor = field(default_factory=Flavor)
    image: ImageMeta = field(default_factory=ImageMeta)
    num_instances: int = 1
    availability_zone: str | None = None
    force_hosts: list[str] | None = None
    force_nodes: list[str] | None = None
    ignore_hosts: list[str] | None = None
    requested_destination: Destination | None = None
    scheduler_hints: dict[str, list[str]] = field(default_factory=dict)
    instance_group: InstanceGroup | None = None
    requested_networks: list[NetworkRequest] = field(default_factory=list)
    security_groups: list[str] = field(default_factory=list)
    is_bfv: bool = False
    pci_requests: InstancePCIRequests | None = None
    numa_topology: InstanceNUMATopology | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    retry: dict[str, Any] | None = None
    request_level_params: RequestLevelParams = field(default_factory=RequestLevelParams)

    @property
    def root_required(self) -> list[str]:
        """Traits that a host must have."""
        return self.request_level_params.root_required

    @property
    def root_forbidden(self) -> list[str]:
        """Traits that a host must not have."""
        return self.request_level_params.root_forbidden

    @property
    def root_gb(self) -> int:
        """The root disk in GB."""
        return self.flavor.root_gb

    @property
    def ephemeral_gb(self) -> int:
        """The ephemeral disk in GB."""
        return self.flavor.ephemeral_gb

    @property
    def memory_mb(self) -> int:
        """Memory in MB."""
        return self.flavor.memory_mb

    @property
    def vcpus(self) -> int:
        """Virtual CPUs."""
        return self.flavor.vcpus

    @property
    def swap(self) -> int:
        """Swap in MB."""
        return self.flavor.swap

    def get_scheduler_hint(self, name: str, default: Any = None) -> Any:
        """The value of a hint; the value itself where the hint holds just one, as in Nova."""
        values = self.scheduler_hints.get(name)
        if values is None:
            return default
        return values[0] if len(values) == 1 else values

    def resources(self) -> dict[str, int]:
        """What one server takes, in Placement's classes."""
        return self.flavor.resources(self.is_bfv)

    def reset_forced_destinations(self) -> None:
        """A server that was forced to a host is not forced there when it moves."""
        self.force_hosts = self.force_nodes = None

    def _text(self) -> str:
        """The spec as JSON, without what held for one request only."""
        return json.dumps(replace(self, **_PER_REQUEST).obj_to_primitive(), sort_keys=True)

    def row(self) -> dict[str, Any]:
        """The columns of `request_specs`: the spec as JSON beside the server it is for.

        Who is in its group, and where, is not kept: it changes.
        """
        group = self.instance_group and replace(self.instance_group, members=[], hosts=[])
        text = json.dumps(replace(self, instance_group=group).obj_to_primitive(), sort_keys=True)
        return {"instance_uuid": self.instance_uuid, "spec": text, "created_at": self.ctxt.now()}

    async def save(self) -> None:
        """Write the spec as it is now."""
        values = {"spec": self._text(), "updated_at": self.ctxt.now()}
        await self.ctxt.api_db.update(
            "request_specs", {"instance_uuid": self.instance_uuid}, values
        )

    async def destroy(self) -> None:
        """Forget with what the server was asked for."""
        await self.ctxt.api_db.delete("request_specs", {"instance_uuid": self.instance_uuid})

    @classmethod
    async def get_by_instance_uuid(cls, context: RequestContext, uuid: str) -> RequestSpec | None:
        """The spec with which a server was asked for, with its group as it is now, if there still is one."""
        row = await context.api_db.get("request_specs", instance_uuid=uuid)
        if row is None:
            return None
        spec: RequestSpec = from_primitive(json.loads(row["spec"]), context)
        if spec.instance_group is not None:
            await spec._load_group(uuid)
        return spec

    async def _load_group(self, uuid: str) -> None:
        """Read the group again; where it is deleted, the hint goes too."""
        try:
            self.instance_group = await InstanceGroup.get_by_instance_uuid(self.ctxt, uuid)
        except exception.InstanceGroupNotFound:
            self.instance_group = None
            self.scheduler_hints.pop("group", None)

"""Hypervisors over HTTP (`nova/api/openstack/compute/hypervisors.py`)."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller, truth
from simnova.nova.api.versions import Version, only, version_of
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.context import RequestContext
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.service import Service

_POLICY = "os_compute_api:os-hypervisors:%s"
_UUIDS: Version = (2, 53)
_NO_SIZES: Version = (2, 88)
_SUMS = (
    *("vcpus", "memory_mb", "local_gb", "vcpus_used", "memory_mb_used", "local_gb_used"),
    *("free_ram_mb", "free_disk_gb", "current_workload", "running_vms", "disk_available_least"),
)
"""What is shown of a node's sizes, and summed over all; not from 2.88 on: Placement has them."""

Found = tuple[ComputeNode, Service]


class HypervisorsController(Controller):
    """`/os-hypervisors`, for administrators."""

    def __init__(self, auth: Auth, host_api: HostAPI) -> None:
        super().__init__(auth)
        self.host_api = host_api

    @route("GET", "/v2.1/os-hypervisors")
    async def index(self, request: Request) -> Response:
        """Name, state and status of each."""
        context = await self.admin(request, _POLICY % "list")
        return await self._list(request, context, False)

    @route("GET", "/v2.1/os-hypervisors/detail")
    async def detail(self, request: Request) -> Response:
        """With their services, and before 2.88 with their sizes."""
        context = await self.admin(request, _POLICY % "list-detail")
        return await self._list(request, context, True)

    @route("GET", "/v2.1/os-hypervisors/statistics")
    async def statistics(self, request: Request) -> Response:
        """The sizes of all together, of those whose service is not disabled; gone since 2.88."""
        context = await self.admin(request, _POLICY % "statistics")
        only(request, until=(2, 87))
        nodes = [node for node, service in await self._found(context) if not service.disabled]
        sums = {name: sum(getattr(node, name) or 0 for node in nodes) for name in _SUMS}
        return Response(200, {"hypervisor_statistics": {"count": len(nodes), **sums}})

    @route("GET", "/v2.1/os-hypervisors/{hypervisor_id}")
    async def show(self, request: Request, hypervisor_id: str) -> Response:
        """One in detail, by its UUID from 2.53 on, by its number before."""
        context = await self.admin(request, _POLICY % "show")
        _check_id(request, hypervisor_id)
        for one in await self._found(context):
            if _id(one[0], version_of(request)) == hypervisor_id:
                return Response(200, {"hypervisor": await self._shown(request, context, one, True)})
        raise Fault(404, f"Hypervisor with ID '{hypervisor_id}' could not be found.")

    async def _list(self, request: Request, context: RequestContext, detail: bool) -> Response:
        found = await self._found(context)
        pattern = request.param("hypervisor_hostname_pattern")
        if pattern is not None and version_of(request) >= _UUIDS:
            found = [one for one in found if pattern in one[0].hypervisor_hostname]
            if not found:
                raise Fault(404, f"No hypervisor matching '{pattern}' could be found.")
        shown = [await self._shown(request, context, one, detail) for one in found]
        return Response(200, {"hypervisors": shown})

    async def _found(self, context: RequestContext) -> list[Found]:
        """Every node with its service; a node whose service was deleted is left out."""
        services = {
            one.host: one
            for one in await self.host_api.service_get_all(context)
            if one.binary == "nova-compute"
        }
        nodes = await self.host_api.compute_node_get_all(context)
        return [(node, services[node.host]) for node in nodes if node.host in services]

    async def _shown(
        self, request: Request, context: RequestContext, found: Found, detail: bool
    ) -> dict[str, Any]:
        (node, service), version = found, version_of(request)
        up = self.host_api.servicegroup_api.service_is_up(service.values())
        shown = {
            "id": node.uuid if version >= _UUIDS else node.id,
            "hypervisor_hostname": node.hypervisor_hostname,
            "state": "up" if up else "down",
            "status": "disabled" if service.disabled else "enabled",
            **(_detail(node, service, version) if detail else {}),
        }
        if version >= _UUIDS and truth(request.param("with_servers")):
            servers = await Instance.get_by_host(node.ctxt, node.host)
            names = [{"name": one.name, "uuid": one.uuid} for one in servers]
            shown |= {"servers": names} if names or version >= (2, 75) else {}
        return shown


def _detail(node: ComputeNode, service: Service, version: Version) -> dict[str, Any]:
    of = {
        "id": service.uuid if version >= _UUIDS else service.id,
        "host": node.host,
        "disabled_reason": service.disabled_reason,
    }
    names = ("hypervisor_type", "hypervisor_version", "host_ip")
    shown = {**{name: getattr(node, name) for name in names}, "service": of}
    if version >= _NO_SIZES:
        return {**shown, "uptime": None}
    cpu = json.loads(node.cpu_info or "{}") if version >= (2, 28) else node.cpu_info
    return {**shown, **{name: getattr(node, name) for name in _SUMS}, "cpu_info": cpu}


def _id(node: ComputeNode, version: Version) -> str:
    return str(node.uuid if version >= _UUIDS else node.id)


def _check_id(request: Request, ident: str) -> None:
    if version_of(request) >= _UUIDS:
        try:
            UUID(ident)
        except ValueError:
            raise Fault(400, f"Invalid uuid {ident}") from None
    elif not re.fullmatch(r"-?\d+", ident):
        raise Fault(404, f"Hypervisor with ID '{ident}' could not be found.")

"""The hosts of a cell as its database has them, read again only where rows have changed since the last request."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.service import Service
from simnova.nova.scheduler.host_state import HostState, is_quiet
from simnova.nova.scheduler.rows import Rows

if TYPE_CHECKING:
    from simnova.db.database import Database
    from simnova.nova.context import RequestContext

LOG = getLogger("nova.scheduler.host_manager")

ServiceRow = MappingProxyType[str, Any]


class CellView:
    """Nodes by id and nova-compute services by host, and a host state of each node, copied for every request."""

    def __init__(self, database: Database, cell_uuid: str) -> None:
        self.database = database
        self.cell_uuid = cell_uuid
        self._rows = Rows(database)
        self._nodes: dict[int, ComputeNode] = {}
        self._ids: dict[str | None, int] = {}
        self._services: dict[str, dict[int, ServiceRow]] = {}
        self._hosts: dict[int, str] = {}
        self._states: dict[int, HostState] = {}
        self._on_host: dict[str, set[int]] = {}

    async def refresh(self, context: RequestContext) -> None:
        """Read what has changed."""
        ids = await self._rows.changed("services")
        for number in list(self._hosts) if ids is None else ids:
            self._drop_service(number)
        for service in await _read(Service, context, ids):
            self._add_service(service)
        ids = await self._rows.changed("compute_nodes")
        for number in list(self._nodes) if ids is None else ids:
            self._drop_node(number)
        for node in await _read(ComputeNode, context, ids):
            self._nodes[node.id or 0] = node
            self._ids[node.uuid] = node.id or 0
            self._on_host.setdefault(node.host, set()).add(node.id or 0)

    def nodes(self, uuids: Iterable[str] | None) -> list[ComputeNode]:
        """The nodes of those UUIDs, or all, in the order in which they were made."""
        if uuids is None:
            return [self._nodes[number] for number in sorted(self._nodes)]
        ids = {self._ids[uuid] for uuid in uuids if uuid in self._ids}
        return [self._nodes[number] for number in sorted(ids)]

    def state(self, node: ComputeNode) -> HostState | None:
        """The host of a node for one request, without its aggregates and servers; None where it has no service."""
        services = self._services.get(node.host)
        if not services:
            LOG.warning("No compute service record found for host %s", node.host)
            return None
        number = node.id or 0
        if number not in self._states:
            made = HostState(node.host, node.hypervisor_hostname, self.cell_uuid)
            made.update(node, services[max(services)])
            if not is_quiet(node):
                return made
            self._states[number] = made
        return self._states[number].copy()

    def _add_service(self, service: Service) -> None:
        number = service.id or 0
        if service.binary == "nova-compute":
            self._hosts[number] = service.host
            row = MappingProxyType(service.values())
            self._services.setdefault(service.host, {})[number] = row
            self._forget(service.host)

    def _drop_service(self, number: int) -> None:
        host = self._hosts.pop(number, None)
        if host is not None:
            del self._services[host][number]
            self._forget(host)

    def _drop_node(self, number: int) -> None:
        self._states.pop(number, None)
        node = self._nodes.pop(number, None)
        if node is not None:
            self._ids.pop(node.uuid, None)
            self._on_host[node.host].discard(number)

    def _forget(self, host: str) -> None:
        """The states of a host's nodes are made anew when they are asked for."""
        for number in self._on_host.get(host, ()):
            self._states.pop(number, None)


async def _read(kind: Any, context: RequestContext, ids: list[int] | None) -> list[Any]:
    if ids is None:
        everything: list[Any] = await kind.get_all(context)
        return everything
    some: list[Any] = await kind.get_all_by_ids(context, ids) if ids else []
    return some

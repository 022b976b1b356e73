"""The hosts of a cell as its database has them, read again only where rows have changed since the last request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.service import Service
from simnova.nova.scheduler.columns import HostColumns
from simnova.nova.scheduler.host_state import HostState, is_quiet, tell
from simnova.nova.scheduler.hosts import Kept, Part
from simnova.nova.scheduler.rows import Rows

if TYPE_CHECKING:
    from simnova.db.database import Database
    from simnova.nova.context import RequestContext
    from simnova.nova.objects.aggregate import Aggregate
    from simnova.nova.scheduler.instance_info import Servers

LOG = getLogger("nova.scheduler.host_manager")

ServiceRow = MappingProxyType[str, Any]


class CellView:
    """Nodes by id, nova-compute services by host, and a host state of each node, in columns.

    A host state that is kept never changes: where its rows have changed there is another one, in other columns, and a
    request that is under way keeps what it was given.
    """

    def __init__(
        self,
        database: Database,
        cell_uuid: str,
        aggregates_of: Callable[[str], list[Aggregate]],
    ) -> None:
        self.database = database
        self.cell_uuid = cell_uuid
        self._aggregates_of = aggregates_of
        self._rows = Rows(database)
        self._nodes: dict[int, ComputeNode] = {}
        self._ids: dict[str | None, int] = {}
        self._services: dict[str, dict[int, ServiceRow]] = {}
        self._hosts: dict[int, str] = {}
        self._on_host: dict[str, set[int]] = {}
        self._changed: set[int] = set()
        self._loud: set[int] = set()
        self.forget()

    def forget(self) -> None:
        """The hosts are in other aggregates: all states are made anew."""
        self._columns: HostColumns | None = None
        self._places: dict[int, int] = {}

    # --- rows -------------------------------------------------------------------------------------------------

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
            self._changed.add(node.id or 0)
            self._on_host.setdefault(node.host, set()).add(node.id or 0)
        self._note_loud()

    def _note_loud(self) -> None:
        for number in self._changed:
            node = self._nodes.get(number)
            if node is not None and not (self._services.get(node.host) and is_quiet(node)):
                self._loud.add(number)
            else:
                self._loud.discard(number)

    def _add_service(self, service: Service) -> None:
        number = service.id or 0
        if service.binary == "nova-compute":
            self._hosts[number] = service.host
            row = MappingProxyType(service.values())
            self._services.setdefault(service.host, {})[number] = row
            self._changed |= self._on_host.get(service.host, set())

    def _drop_service(self, number: int) -> None:
        host = self._hosts.pop(number, None)
        if host is not None:
            del self._services[host][number]
            self._changed |= self._on_host.get(host, set())

    def _drop_node(self, number: int) -> None:
        self._changed.add(number)
        node = self._nodes.pop(number, None)
        if node is not None:
            self._ids.pop(node.uuid, None)
            self._on_host[node.host].discard(number)

    # --- hosts ------------------------------------------------------------------------------------------------

    def names(self, uuids: Iterable[str] | None) -> list[str]:
        """The hosts of the nodes of those UUIDs, or of all."""
        return [self._nodes[number].host for number in self._asked(uuids)]

    def part(self, uuids: Iterable[str] | None, servers: Servers) -> Part:
        """The same hosts for one request, without those that have no service, in the order of their nodes' making."""
        import numpy as np

        columns, asked = self._current(), list(self._asked(uuids))
        for number in sorted(self._loud.intersection(asked)):
            self._tell(number)
        places = sorted(self._places[number] for number in asked if number in self._places)
        hosts = columns.hosts.seen
        if len(places) == len(hosts):
            return Part(self.cell_uuid, hosts, Kept(columns, None), servers)
        some = [hosts[place] for place in places]
        return Part(self.cell_uuid, some, Kept(columns, np.array(places, dtype=int)), servers)

    def _asked(self, uuids: Iterable[str] | None) -> Iterable[int]:
        """Ids of nodes, in no order."""
        if uuids is None:
            return self._nodes.keys()
        return [self._ids[uuid] for uuid in dict.fromkeys(uuids) if uuid in self._ids]

    def _current(self) -> HostColumns:
        """The columns, with what has changed since."""
        known, changed = self._columns, self._changed
        if known is None or any(self._moved(known, number) for number in changed):
            known = self._rebuilt(known)
        elif changed:
            news = {self._places[n]: self._state(n) for n in changed if n in self._places}
            known = known.successor(news)
        changed.clear()
        self._columns = known
        return known

    def _moved(self, known: HostColumns, number: int) -> bool:
        """Whether a node has come or gone, or is another host's."""
        place = self._places.get(number)
        host = known.hosts.seen[place].host if place is not None else None
        return host != (self._nodes[number].host if self._is_shown(number) else None)

    def _is_shown(self, number: int) -> bool:
        return number in self._nodes and bool(self._services.get(self._nodes[number].host))

    def _rebuilt(self, known: HostColumns | None) -> HostColumns:
        before = {} if known is None else {n: known.hosts.seen[p] for n, p in self._places.items()}
        shown = [number for number in sorted(self._nodes) if self._is_shown(number)]
        self._places = {number: place for place, number in enumerate(shown)}
        kept = before.keys() - self._changed
        return HostColumns([before[n] if n in kept else self._state(n) for n in shown])

    def _state(self, number: int) -> HostState:
        node = self._nodes[number]
        services = self._services[node.host]
        made = HostState(node.host, node.hypervisor_hostname, self.cell_uuid)
        made.take_over(node)
        made.update(service=services[max(services)], aggregates=self._aggregates_of(node.host))
        return made

    def _tell(self, number: int) -> None:
        """What there is to log of a node each time that it is asked for."""
        node = self._nodes[number]
        if not self._services.get(node.host):
            LOG.warning("No compute service record found for host %s", node.host)
        else:
            tell(node)


async def _read(kind: Any, context: RequestContext, ids: list[int] | None) -> list[Any]:
    if ids is None:
        everything: list[Any] = await kind.get_all(context)
        return everything
    some: list[Any] = await kind.get_all_by_ids(context, ids) if ids else []
    return some

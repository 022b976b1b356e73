"""The scheduler's view of the hosts, and what it does with it: read, filter, weigh (`scheduler/host_manager.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from simnova.nova import exception, loadables
from simnova.nova.context import Place, RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.scatter_gather import CELL_TIMEOUT, DidNotRespond, scatter_gather_cells
from simnova.nova.scheduler import filters as host_filters
from simnova.nova.scheduler import narrowing, weights
from simnova.nova.scheduler.decision import Decision
from simnova.nova.scheduler.host_state import HostState
from simnova.nova.scheduler.hosts import Hosts, Part
from simnova.nova.scheduler.instance_info import InstanceInfo
from simnova.nova.scheduler.view import CellView

if TYPE_CHECKING:
    from simnova.config import Config
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.standings import Standings

__all__ = ["HostManager", "HostState"]

LOG = getLogger(__name__)


class HostManager:
    """Knows the cells, the aggregates and the plug-ins; `filters` and `weighers` are more than the options name.

    Raises `UsageError` for the name of a filter or weigher that there is not.
    """

    def __init__(
        self, place: Place, conf: Config, filters: Sequence[Any] = (), weighers: Sequence[Any] = ()
    ) -> None:
        self.place = place
        self.conf = conf
        self.decision = Decision(place.clock)
        self.filter_handler = host_filters.HostFilterHandler(self.decision)
        self.weight_handler = weights.HostWeightHandler(self.decision)
        options = conf.filter_scheduler
        host_filters.check_available(options.available_filters, options.enabled_filters)
        self.enabled_filters = [
            loadables.make(one, conf, place.clock)
            for one in host_filters.get_filter_classes([*options.enabled_filters, *filters])
        ]
        self.weighers = [
            loadables.make(one, conf, place.clock)
            for one in weights.get_weigher_classes([*options.weight_classes, *weighers])
        ]
        self._settings_changed = False
        conf.watchers.append(self._note_setting)
        self.instance_info = InstanceInfo()
        self.aggregates: dict[int, Aggregate] = {}
        self._aggregates_of: dict[str, list[Aggregate]] | None = None
        self._views: dict[str, CellView] = {}
        self.cells: list[CellMapping] = []

    async def init_host(self) -> None:
        """Read what is kept from then on: the cells and the aggregates."""
        await self.refresh_cells_caches()
        for aggregate in await Aggregate.get_all(get_admin_context(self.place)):
            self.update_aggregate(aggregate)

    async def refresh_cells_caches(self) -> None:
        """Read the cells again (at SIGHUP); cell0 has no hosts and is none of them."""
        found = await CellMapping.get_all(get_admin_context(self.place))
        self.cells = [cell for cell in found if not cell.is_cell0()]
        LOG.debug(
            "Found %i cells: %s", len(self.cells), ", ".join(cell.uuid for cell in self.cells)
        )
        disabled = [cell.identity for cell in self.cells if cell.disabled]
        LOG.debug("Found %i disabled cells: %s", len(disabled), ", ".join(disabled))

    @property
    def enabled_cells(self) -> list[CellMapping]:
        """The cells that take servers."""
        return [cell for cell in self.cells if not cell.disabled]

    def update_aggregate(self, aggregate: Aggregate) -> None:
        """An aggregate is new or has changed."""
        self.aggregates[aggregate.id] = aggregate
        self._forget_aggregates()

    def delete_aggregate(self, aggregate: Aggregate) -> None:
        """An aggregate is gone."""
        self.aggregates.pop(aggregate.id, None)
        self._forget_aggregates()

    def _forget_aggregates(self) -> None:
        self._aggregates_of = None
        for view in self._views.values():
            view.forget()

    # --- reading ----------------------------------------------------------------------------------------------

    async def get_host_states_by_uuids(
        self, context: RequestContext, compute_uuids: list[str] | None, spec_obj: RequestSpec
    ) -> Hosts:
        """The hosts whose nodes have these UUIDs, every host where `compute_uuids` is None.

        In the order of the cells and, within one, in that in which the nodes were made.
        """
        if not self.cells:
            LOG.warning("No cells were found")
        destination = spec_obj.requested_destination
        only = destination.cell_uuid if destination else None
        cells = [cell for cell in self.cells if cell.uuid == only] if only else self.enabled_cells
        answers = await scatter_gather_cells(
            context, cells, CELL_TIMEOUT, self._get_host_states, compute_uuids
        )
        for cell_uuid, answer in answers.items():
            if not isinstance(answer, Part):
                self._views.pop(cell_uuid, None)
                LOG.warning(*_why_none(cell_uuid, answer))
        return Hosts([answer for answer in answers.values() if isinstance(answer, Part)])

    async def _get_host_states(
        self, context: RequestContext, compute_uuids: list[str] | None
    ) -> Part:
        view = self._view(context, str(context.cell_uuid))
        await view.refresh(context)
        names = view.names(compute_uuids)
        servers = await self.instance_info.of_hosts(context, names)
        if any(one.reads_instances for one in [*self.enabled_filters, *self.weighers]):
            servers = await self.instance_info.in_full(context, names, servers)
        return view.part(compute_uuids, servers)

    def _view(self, context: RequestContext, cell_uuid: str) -> CellView:
        database = context.cell_db
        known = self._views.get(cell_uuid)
        if known is None or known.database is not database:
            known = CellView(database, cell_uuid, self.get_aggregates_of_host)
            self._views[cell_uuid] = known
        return known

    def get_aggregates_of_host(self, host: str) -> list[Aggregate]:
        """The aggregates that a host is in."""
        if self._aggregates_of is None:
            self._aggregates_of = {}
            for aggregate in self.aggregates.values():
                for one in dict.fromkeys(aggregate.hosts):
                    self._aggregates_of.setdefault(one, []).append(aggregate)
        return list(self._aggregates_of.get(host, ()))

    async def get_compute_nodes_by_host_or_node(
        self,
        context: RequestContext,
        host: str | None,
        node: str | None,
        cell_uuid: str | None = None,
    ) -> list[ComputeNode]:
        """The nodes of that host, of that name, or both; none where there is no such host."""
        if host and not cell_uuid:
            try:
                cell_uuid = (await HostMapping.get_by_host(context, host)).cell_mapping.uuid
            except exception.HostMappingNotFound:
                LOG.warning("No host-to-cell mapping found for selected host %s.", host)
        cells = (
            [cell for cell in self.cells if cell.uuid == cell_uuid]
            if cell_uuid
            else self.enabled_cells
        )
        answers = await scatter_gather_cells(context, cells, CELL_TIMEOUT, ComputeNode.get_all)
        for nodes in answers.values():
            found = [
                one
                for one in (nodes if isinstance(nodes, list) else [])
                if host in (None, one.host) and node in (None, one.hypervisor_hostname)
            ]
            if found:
                return found
        return []

    # --- filtering and weighing -------------------------------------------------------------------------------

    def standings(self, hosts: Iterable[HostState]) -> Standings:
        """The hosts of one request, to be filtered and weighed for each of its servers."""
        from simnova.nova.scheduler.standings import Standings

        self._settings_changed = False
        return Standings(hosts)

    def get_filtered_hosts(
        self, standings: Standings, spec_obj: RequestSpec, index: int = 0
    ) -> None:
        """Keep the hosts that the request allows and the filters pass. Forced hosts are not filtered."""
        forced = narrowing.narrow(standings, spec_obj)
        if not forced and len(standings):
            self.filter_handler.filter(self.enabled_filters, standings, spec_obj, index)

    def get_weighed_hosts(self, standings: Standings, spec_obj: RequestSpec) -> None:
        """Give the hosts their weights and sort them, heaviest first."""
        if self._settings_changed:
            standings.distrust()
        self.weight_handler.weigh(self.weighers, standings, spec_obj)

    def taken(self, standings: Standings, host: HostState, spec_obj: RequestSpec) -> None:
        """A server of the request went to a host, which has less now."""
        self.weight_handler.taken(self.weighers, standings, host, spec_obj)

    def _note_setting(self, section: str, name: str, value: object) -> None:
        self._settings_changed = True


def _why_none(cell_uuid: str, answer: Exception | DidNotRespond) -> tuple[str, ...]:
    """What is logged of a cell whose hosts no server will get."""
    if isinstance(answer, Exception):
        return "Failed to get computes for cell %s: %s", cell_uuid, str(answer)
    return "Timeout getting computes for cell %s", cell_uuid

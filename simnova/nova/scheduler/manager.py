"""nova-scheduler: a host, claimed, for every server of a request, or for none (`nova/scheduler/manager.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from simnova.messaging.rpc import Target, expected_exceptions
from simnova.nova import exception
from simnova.nova.context import Place, RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.scheduler import request_filter, utils
from simnova.nova.scheduler.claims import Claim, Claims
from simnova.nova.scheduler.discovery import Discovery
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.host_state import HostState, selection
from simnova.nova.scheduler.resource_request import resources_from_request_spec

if TYPE_CHECKING:
    from simnova.config import Config
    from simnova.nova.objects.aggregate import Aggregate
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.objects.selection import Selection
    from simnova.nova.scheduler.client.report import SchedulerReportClient
    from simnova.nova.scheduler.hosts import Hosts
    from simnova.nova.scheduler.standings import Standings

LOG = getLogger(__name__)


def _given(requests: Sequence[Claim] | None) -> Sequence[Claim]:
    """Raises TypeError, as Nova's scheduler does, where Placement has not answered the second question."""
    if requests is None:
        raise TypeError("'NoneType' object is not iterable")
    return requests


class Candidates(NamedTuple):
    """Placement's answer: who could take one server, with the claims that each could be made with."""

    compute_uuids: list[str]
    claims: Claims
    version: str | None


class Chosen(NamedTuple):
    """A host for one server, and the claim by which it holds it; none where Placement was not asked."""

    host: HostState
    claim: Claim | None


class SchedulerManager(Discovery):
    """The scheduler's RPC methods. Without a report client there is no Placement: filters alone decide."""

    target = Target(version="4.5")

    def __init__(
        self,
        place: Place,
        conf: Config,
        report_client: SchedulerReportClient | None,
        host_manager: HostManager | None = None,
    ) -> None:
        self.place = place
        self.conf = conf
        self.placement_client = report_client
        self.host_manager = host_manager or HostManager(place, conf)

    async def init_host(self) -> None:
        """What the service does before it listens."""
        await self.host_manager.init_host()

    async def reset(self) -> None:
        """SIGHUP: cells may have been added, enabled or disabled."""
        await self.host_manager.refresh_cells_caches()

    @expected_exceptions(exception.NoValidHost)
    async def select_destinations(
        self,
        context: RequestContext,
        spec_obj: RequestSpec,
        instance_uuids: list[str],
        return_objects: bool = True,
        return_alternates: bool = False,
    ) -> list[Any]:
        """For each server a list: the chosen and claimed host, then alternates in its cell, which are not claimed.

        Where Placement is not asked nothing is claimed and there are no alternates: who fails asks again.
        Without `return_objects` a dict of each chosen host. Raises NoValidHost where one server finds no host; then
        none is claimed.
        """
        LOG.debug("Starting to schedule for instances: %s", instance_uuids)
        candidates = await self._get_candidates(context, spec_obj)
        hosts = await self._get_all_host_states(context.elevated(), spec_obj, candidates)
        with_alternates = return_alternates and return_objects and candidates is not None
        alternates = self.conf.scheduler.max_attempts - 1 if with_alternates else 0
        found = await self._schedule(
            context.elevated(), spec_obj, instance_uuids, hosts, candidates, alternates
        )
        return found if return_objects else [selected[0].values() for selected in found]

    async def _get_candidates(
        self, context: RequestContext, spec_obj: RequestSpec
    ) -> Candidates | None:
        """Ask Placement; None where it is not asked, as for a rebuild."""
        if self.placement_client is None or utils.request_is_rebuild(spec_obj):
            return None
        try:
            await request_filter.process_reqspec(context, spec_obj, self.conf)
        except exception.RequestFilterFailed as error:
            raise exception.NoValidHost(reason=error.format_message()) from error
        resources = await resources_from_request_spec(context, spec_obj, self.host_manager)
        found = await self.placement_client.get_allocation_candidates(context, resources)
        requests, summaries, version = found or (None, None, None)
        if (
            resources.cpu_pinning_requested
            and not self.conf.workarounds.disable_fallback_pcpu_query
        ):
            more = await self._get_fallback_candidates(context, spec_obj)
            requests = [*(requests or []), *_given(more.allocation_requests)]
            summaries = {**(summaries or {}), **(more.provider_summaries or {})}
        if not requests:
            LOG.info(
                "Got no allocation candidates from the Placement API. This could be due to insufficient resources "
                "or a temporary occurrence as compute nodes start up."
            )
            raise exception.NoValidHost(reason="")
        return Candidates(list(summaries or {}), Claims(requests), version)

    async def _get_fallback_candidates(self, context: RequestContext, spec_obj: RequestSpec) -> Any:
        """Ask once more, for VCPUs in the place of PCPUs: not every host may report those it has."""
        LOG.debug("Requesting fallback allocation candidates with VCPU instead of PCPU")
        resources = await resources_from_request_spec(
            context, spec_obj, self.host_manager, enable_pinning_translate=False
        )
        assert self.placement_client is not None
        return await self.placement_client.get_allocation_candidates(context, resources)

    async def _get_all_host_states(
        self, context: RequestContext, spec_obj: RequestSpec, candidates: Candidates | None
    ) -> Hosts:
        if candidates is None:
            return await self.host_manager.get_host_states_by_uuids(context, None, spec_obj)
        uuids = candidates.compute_uuids
        hosts = await self.host_manager.get_host_states_by_uuids(context, uuids, spec_obj)
        hosts.claims = candidates.claims
        return hosts

    async def _schedule(
        self,
        context: RequestContext,
        spec_obj: RequestSpec,
        instance_uuids: list[str],
        hosts: Sequence[HostState],
        candidates: Candidates | None,
        alternates: int,
    ) -> list[list[Selection]]:
        chosen: list[Chosen] = []
        standings = self.host_manager.standings(hosts)
        for index, uuid in enumerate(instance_uuids):
            spec_obj.instance_uuid = uuid
            self._sort_hosts(spec_obj, standings, index)
            found = await self._claim_first(context, spec_obj, standings, candidates)
            if found is None:
                break
            chosen.append(found)
            self._consume_selected_host(found.host, spec_obj, standings)
        await self._ensure_sufficient_hosts(context, instance_uuids, chosen)
        if len(instance_uuids) > 1 and alternates:
            self._sort_hosts(spec_obj, standings, len(instance_uuids) - 1)
        return self._get_selections(instance_uuids, chosen, standings, alternates, candidates)

    def _sort_hosts(self, spec_obj: RequestSpec, standings: Standings, index: int) -> None:
        """Filter and weigh, and put the one to try first in front: drawn from the best `host_subset_size`."""
        from simnova.nova.scheduler import history

        self.host_manager.get_filtered_hosts(standings, spec_obj, index)
        LOG.debug_late(history.filtered, (standings.moment(),))
        if not len(standings):
            return
        self.host_manager.get_weighed_hosts(standings, spec_obj)
        if self.conf.filter_scheduler.shuffle_best_same_weighed_hosts:
            standings.promote(self._shuffled(standings.best()))
        LOG.debug_late(history.weighed, (standings.moment(),))
        standings.promote(
            [self._draw(standings.first(self.conf.filter_scheduler.host_subset_size))]
        )

    def _draw(self, among: list[Any]) -> Any:
        return self.place.clock.choose("scheduler", among=among)

    def _shuffled(self, items: list[Any]) -> list[Any]:
        left, shuffled = list(items), []
        while left:
            shuffled.append(self._draw(left))
            left.remove(shuffled[-1])
        return shuffled

    async def _claim_first(
        self,
        context: RequestContext,
        spec_obj: RequestSpec,
        standings: Standings,
        candidates: Candidates | None,
    ) -> Chosen | None:
        """The first host that can be claimed: another scheduler may have been faster on those before it."""
        if not len(standings):
            return None
        if candidates is None or self.placement_client is None:
            return Chosen(next(iter(standings)), None)
        for host in standings:
            if not host.allocation_candidates:
                LOG.debug(
                    "The nova scheduler removed every allocation candidate for host %s so it was skipped.",
                    host,
                )
                continue
            claim = host.allocation_candidates[0]
            client, uuid, version = (
                self.placement_client,
                spec_obj.instance_uuid,
                candidates.version,
            )
            if await utils.claim_resources(context, client, spec_obj, uuid, claim, version):
                return Chosen(host, claim)
        LOG.debug("Unable to successfully claim against any host.")
        return None

    def _consume_selected_host(
        self, host: HostState, spec_obj: RequestSpec, standings: Standings
    ) -> None:
        """Count the server on its host, so that the next one of the request sees it there."""
        uuid, group = spec_obj.instance_uuid, spec_obj.instance_group
        LOG.debug("Selected host: %s", host, instance=uuid)
        pack = self.conf.compute.packing_host_numa_cells_allocation_strategy
        host.consume_from_request(spec_obj, pack)
        if group is not None:
            group.hosts.append(host.host)
            host.instances.setdefault(uuid, Instance(uuid=uuid))
        self.host_manager.taken(standings, host, spec_obj)

    async def _ensure_sufficient_hosts(
        self, context: RequestContext, instance_uuids: list[str], chosen: list[Chosen]
    ) -> None:
        """All or nothing: raises NoValidHost, with all claims removed, unless every server has its host."""
        if len(chosen) == len(instance_uuids):
            return
        claimed = [
            uuid for uuid, one in zip(instance_uuids, chosen, strict=False) if one.claim is not None
        ]
        if claimed and self.placement_client is not None:
            LOG.debug("Cleaning up allocations for %s", claimed)
            for uuid in claimed:
                await self.placement_client.delete_allocation_for_instance(
                    context, uuid, force=True
                )
        LOG.debug(
            "There are %d hosts available but %d instances requested to build.",
            len(chosen),
            len(instance_uuids),
        )
        raise exception.NoValidHost(reason="There are not enough hosts available.")

    def _get_selections(
        self,
        instance_uuids: list[str],
        chosen: list[Chosen],
        hosts: Iterable[HostState],
        alternates: int,
        candidates: Candidates | None,
    ) -> list[list[Selection]]:
        """The answer: each chosen host with alternates of its cell, best first, none of which this request chose."""
        spare = self._get_alternates(chosen, hosts, alternates, candidates)
        backups = {
            cell: [self._selection(one, candidates) for one in others]
            for cell, others in spare.items()
        }
        answer = []
        for uuid, one in zip(instance_uuids, chosen, strict=True):
            cell = one.host.cell_uuid
            names = [other.host.host for other in spare[cell]]
            self.host_manager.decision.selected(uuid, one.host.host, names)
            answer.append([self._selection(one, candidates), *backups[cell]])
        return answer

    def _get_alternates(
        self,
        chosen: list[Chosen],
        hosts: Iterable[HostState],
        alternates: int,
        candidates: Candidates | None,
    ) -> dict[str | None, list[Chosen]]:
        """Of each cell the first hosts that were not chosen, each with what it could be claimed with."""
        taken = {one.host for one in chosen}
        found: dict[str | None, list[Chosen]] = {one.host.cell_uuid: [] for one in chosen}
        wanting = set(found)
        for host in hosts if alternates else ():
            others = found[host.cell_uuid] if host.cell_uuid in wanting else None
            claim = next(iter(host.allocation_candidates), None)
            if others is None or host in taken or (candidates is not None and claim is None):
                continue
            others.append(Chosen(host, claim))
            if len(others) == alternates:
                wanting.discard(host.cell_uuid)
                if not wanting:
                    break
        return found

    def _selection(self, one: Chosen, candidates: Candidates | None) -> Selection:
        host, claim = one
        text = None if claim is None else json.dumps(claim, sort_keys=True)
        version = candidates.version if candidates else None
        return selection(host, self.conf.default_availability_zone, text, version)

    # --- what is cast to all schedulers -----------------------------------------------------------------------

    async def update_aggregates(self, context: RequestContext, aggregates: list[Aggregate]) -> None:
        """The API has made or changed aggregates."""
        for aggregate in aggregates:
            self.host_manager.update_aggregate(aggregate)

    async def delete_aggregate(self, context: RequestContext, aggregate: Aggregate) -> None:
        """The API has deleted an aggregate."""
        self.host_manager.delete_aggregate(aggregate)

    async def update_instance_info(
        self, context: RequestContext, host_name: str, instance_info: list[Instance]
    ) -> None:
        """A compute tells of a server that came or changed, or of all it has."""
        await self.host_manager.instance_info.update(context, host_name, instance_info)

    async def delete_instance_info(
        self, context: RequestContext, host_name: str, instance_uuid: str
    ) -> None:
        """A compute tells that a server is gone."""
        await self.host_manager.instance_info.delete(context, host_name, instance_uuid)

    async def sync_instance_info(
        self, context: RequestContext, host_name: str, instance_uuids: list[str]
    ) -> None:
        """A compute tells which servers it has, every `scheduler_instance_sync_interval`."""
        await self.host_manager.instance_info.sync(context, host_name, instance_uuids)

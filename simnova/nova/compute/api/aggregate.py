"""What the API does about host aggregates (`AggregateAPI` of `nova/compute/api.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.service import Service
from simnova.nova.scatter_gather import Answer, scatter_gather_skip_cell0
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI

LOG = getLogger("nova.compute.api")

_ZONE = "availability_zone"
_MOVED = (
    "The host cannot be %s the aggregate as the availability zone of the host would change from '%s' to '%s' "
    "but the host already has %d instance(s). Changing the AZ of an existing instance is not supported by this "
    "action. Move the instances away from this host then try again. If you need to move the instances between AZs "
    "then you can use shelve_offload and unshelve to achieve this."
)
_NOT_MIRRORED = (
    exception.ResourceProviderNotFound,
    exception.ResourceProviderAggregateRetrievalFailed,
    exception.ResourceProviderUpdateFailed,
    exception.ResourceProviderUpdateConflict,
)


class AggregateAPI:
    """Aggregates: their rows, what every scheduler is told of them, and their mirror in Placement."""

    def __init__(self, query_client: SchedulerAPI, placement_client: SchedulerReportClient) -> None:
        self.query_client = query_client
        self.placement_client = placement_client

    async def create_aggregate(
        self, context: RequestContext, name: str, availability_zone: str | None
    ) -> Aggregate:
        """A new one without hosts; raises AggregateNameExists."""
        metadata = {_ZONE: availability_zone} if availability_zone else {}
        aggregate = Aggregate(name=name, metadata=metadata, context=context)
        await aggregate.create()
        await self.query_client.update_aggregates(context, [aggregate])
        return aggregate

    async def update_aggregate(
        self, context: RequestContext, aggregate_id: int, values: Mapping[str, str | None]
    ) -> Aggregate:
        """A new name, a new zone; raises InvalidAggregateActionUpdate where the zone must not change."""
        aggregate = await Aggregate.get_by_id(context, aggregate_id)
        if values.get("name"):
            aggregate.name = str(values["name"])
            await aggregate.save()
        zone = {key: value for key, value in values.items() if key != "name"}
        await self._check_new_zone(context, aggregate, zone, exception.InvalidAggregateActionUpdate)
        if zone:
            await aggregate.update_metadata(zone)
        await self.query_client.update_aggregates(context, [aggregate])
        return aggregate

    async def update_aggregate_metadata(
        self, context: RequestContext, aggregate_id: int, metadata: Mapping[str, str | None]
    ) -> Aggregate:
        """Metadata added, changed and (None) removed; raises InvalidAggregateActionUpdateMeta."""
        aggregate = await Aggregate.get_by_id(context, aggregate_id)
        await self._check_new_zone(
            context, aggregate, metadata, exception.InvalidAggregateActionUpdateMeta
        )
        await aggregate.update_metadata(metadata)
        await self.query_client.update_aggregates(context, [aggregate])
        return aggregate

    async def delete_aggregate(self, context: RequestContext, aggregate_id: int) -> None:
        """Delete one that has no hosts; raises InvalidAggregateActionDelete where it has."""
        aggregate = await Aggregate.get_by_id(context, aggregate_id)
        if aggregate.hosts:
            raise exception.InvalidAggregateActionDelete(
                aggregate_id=aggregate_id, reason="Host aggregate is not empty"
            )
        await aggregate.destroy()
        await self.query_client.delete_aggregate(context, aggregate)

    async def add_host_to_aggregate(
        self, context: RequestContext, aggregate_id: int, host: str
    ) -> Aggregate:
        """Put a host in, and its provider in Placement's aggregate of the same UUID.

        Raises InvalidAggregateActionAdd where its zones would clash or change under its servers. What Placement
        refuses is only logged, as in Nova.
        """
        cell_context = await _cell_of(context, host)
        aggregate = await Aggregate.get_by_id(context, aggregate_id)
        await _check_clash(
            context, aggregate, aggregate.metadata, [host], exception.InvalidAggregateActionAdd
        )
        if aggregate.availability_zone:
            others = await Aggregate.get_by_host(context, host)
            old, new = _zone(others), aggregate.availability_zone
            await _check_not_moved(cell_context, aggregate, host, "added to", old, new)
        await aggregate.add_host(host)
        await self.query_client.update_aggregates(context, [aggregate])
        node = await _node_of(cell_context, host)
        try:
            await self.placement_client.aggregate_add_host(context, aggregate.uuid, node)
        except _NOT_MIRRORED as error:
            LOG.warning(
                "Failed to associate %s with a placement aggregate: %s. This may be corrected after "
                "running nova-manage placement sync_aggregates.",
                *(node, error),
            )
        return aggregate

    async def remove_host_from_aggregate(
        self, context: RequestContext, aggregate_id: int, host: str
    ) -> Aggregate:
        """Take a host out, in Placement first.

        Raises InvalidAggregateActionDelete where its servers would change their zone.
        """
        cell_context = await _cell_of(context, host)
        aggregate = await Aggregate.get_by_id(context, aggregate_id)
        if aggregate.availability_zone:
            found = await Aggregate.get_by_host(context, host)
            new = _zone([other for other in found if other.id != aggregate.id])
            old = aggregate.availability_zone
            await _check_not_moved(cell_context, aggregate, host, "removed from", old, new)
        node = await _node_of(cell_context, host)
        try:
            await self.placement_client.aggregate_remove_host(context, aggregate.uuid, node)
        except exception.ResourceProviderNotFound as error:
            LOG.warning(
                "Failed to remove association of %s with a placement aggregate: %s.", node, error
            )
        await aggregate.delete_host(host)
        await self.query_client.update_aggregates(context, [aggregate])
        return aggregate

    async def _check_new_zone(
        self,
        context: RequestContext,
        aggregate: Aggregate,
        metadata: Mapping[str, str | None],
        refusal: type[NovaError],
    ) -> None:
        """A zone may come or change only while no host of the aggregate has servers (`is_safe_to_update_az`)."""
        await _check_clash(context, aggregate, metadata, aggregate.hosts, refusal)
        if _ZONE not in metadata or metadata[_ZONE] == aggregate.availability_zone:
            return
        cells = await scatter_gather_skip_cell0(
            context, Instance.get_uuids_by_hosts, aggregate.hosts
        )
        if any(_has_servers(answer) for answer in cells.values()):
            reason = "One or more hosts contain instances in this zone"
            raise refusal(aggregate_id=aggregate.id, reason=reason)


def _has_servers(answer: Answer[dict[str, list[str]]]) -> bool:
    """A cell that does not answer may have some."""
    return any(answer.values()) if isinstance(answer, dict) else True


async def _check_clash(
    context: RequestContext,
    aggregate: Aggregate,
    metadata: Mapping[str, Any],
    hosts: list[str],
    refusal: type[NovaError],
) -> None:
    """No host may be in two zones, and no zone may be without a name."""
    if _ZONE not in metadata:
        return
    if not metadata[_ZONE]:
        reason = f"Aggregate {aggregate.name} does not support empty named availability zone"
        raise refusal(aggregate_id=aggregate.id, reason=reason)
    found = await Aggregate.get_by_metadata_key(context, _ZONE, hosts)
    clashing = [
        other.availability_zone
        for other in found
        if other.id != aggregate.id and other.availability_zone != metadata[_ZONE]
    ]
    if clashing:
        reason = f"One or more hosts already in availability zone(s) {clashing}"
        raise refusal(aggregate_id=aggregate.id, reason=reason)


async def _check_not_moved(
    context: RequestContext,
    aggregate: Aggregate,
    host: str,
    how: str,
    old: str | None,
    new: str | None,
) -> None:
    """A host with servers stays in its zone; `context` is targeted at its cell."""
    servers = await Instance.get_by_host(context, host)
    if servers and old != new:
        adding = how.startswith("added")
        refusal = (
            exception.InvalidAggregateActionAdd
            if adding
            else exception.InvalidAggregateActionDelete
        )
        raise refusal(aggregate_id=aggregate.id, reason=_MOVED % (how, old, new, len(servers)))


def _zone(aggregates: list[Aggregate]) -> str | None:
    return next((one.availability_zone for one in aggregates if one.availability_zone), None)


async def _cell_of(context: RequestContext, host: str) -> RequestContext:
    """The context in the cell of a host that has a nova-compute; raises HostMappingNotFound, ComputeHostNotFound."""
    mapping = await HostMapping.get_by_host(context, host)
    cell_context = target_cell(context, mapping.cell_mapping)
    if await Service.get_by_host_and_binary(cell_context, host, "nova-compute") is None:
        raise exception.ComputeHostNotFound(host=host)
    return cell_context


async def _node_of(context: RequestContext, host: str) -> str:
    """The name of a host's node, which its provider has too."""
    for node in await ComputeNode.get_all(context):
        if node.host == host:
            return node.hypervisor_hostname
    raise exception.ComputeHostNotFound(host=host)

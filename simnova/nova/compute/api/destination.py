"""Where a server may be asked to go: zones, hosts and nodes that there are (`nova/compute/api.py`)."""

from __future__ import annotations

from simnova.config import Config
from simnova.nova import availability_zones, exception
from simnova.nova.compute.api.host import all_services
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.scheduler.client.report import SchedulerReportClient

LOG = getLogger("nova.compute.api")

Place = tuple[str | None, str | None, str | None]
"""A zone, a forced host and a forced node."""


def parse_availability_zone(conf: Config, text: str | None) -> Place:
    """`zone`, `zone:host`, `zone:host:node` or `zone::node` taken apart; raises InvalidInput for more colons."""
    parts = (text or "").split(":")
    if len(parts) > 3:
        raise exception.InvalidInput(reason="Unable to parse availability_zone")
    zone, host, node = (*parts, "", "")[:3]
    return zone or conf.default_schedule_zone, host or None, node or None


async def zone_of_forced_host(
    context: RequestContext, conf: Config, zone: str | None, host: str | None
) -> str | None:
    """The zone that a server with a forced host asks for: none where the host is not in it."""
    found = await Aggregate.get_by_host(context, host) if host else []
    actual = next((one.availability_zone for one in found if one.availability_zone), None)
    if zone == (actual or conf.default_availability_zone):
        return zone
    LOG.warning(
        "Requested availability zone '%s' but forced host '%s' does not belong to %s; %s "
        "requested availability zone to avoid bug #1934770",
        *(zone, host),
        "this availability zone" if found else "any availability zones",
        "overwriting" if found else "ignoring",
    )
    return None


async def check_zone(context: RequestContext, conf: Config, zone: str) -> None:
    """Raise InvalidRequest for a zone without a service that is enabled."""
    services = await all_services(context)
    zones = await availability_zones.zones_of(context, conf, services)
    usable, _ = availability_zones.get_availability_zones(services, zones)
    if zone not in usable:
        raise exception.InvalidRequest("The requested availability zone is not available")


async def check_host_or_node(
    context: RequestContext, placement: SchedulerReportClient, host: str | None, node: str | None
) -> None:
    """Raise ComputeHostNotFound for a host without a cell, or a node that it has not."""
    if host:
        try:
            mapping = await HostMapping.get_by_host(context, host)
        except exception.HostMappingNotFound:
            LOG.warning("No host-to-cell mapping found for host %(host)s.", {"host": host})
            raise exception.ComputeHostNotFound(host=host) from None
        cell_context = target_cell(context, mapping.cell_mapping)
        if node and not await ComputeNode.get_by_host_and_nodename(cell_context, host, node):
            raise exception.ComputeHostNotFound(host=host)
        return
    try:
        await placement.get_provider_by_name(context, str(node))
    except exception.ResourceProviderNotFound:
        raise exception.ComputeHostNotFound(host=node) from None

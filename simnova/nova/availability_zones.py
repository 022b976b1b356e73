"""Which zone a host is in, and which zones there are (`nova/availability_zones.py`). No cache: the table is near."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from simnova.nova.context import RequestContext
from simnova.nova.objects.aggregate import Aggregate
from simnova.nova.objects.service import Service

if TYPE_CHECKING:
    from simnova.config import Config

__all__ = ["Zones", "get_availability_zones", "get_host_availability_zone", "zones_of"]

Zones = tuple[list[str], list[str]]
"""Zones with a service that is enabled, and zones without one; each sorted."""


async def zones_of(
    context: RequestContext, conf: Config, services: list[Service]
) -> dict[str | None, str]:
    """The zone of each service, by its UUID: that of its host's aggregate; services other than compute have another."""
    by_host = defaultdict(set)
    for aggregate in await Aggregate.get_by_metadata_key(context, "availability_zone"):
        for host in aggregate.hosts:
            by_host[host].add(aggregate.metadata["availability_zone"])
    return {
        service.uuid: ",".join(sorted(by_host[service.host])) or conf.default_availability_zone
        if service.topic == "compute"
        else conf.internal_service_availability_zone
        for service in services
    }


async def get_host_availability_zone(context: RequestContext, conf: Config, host: str) -> str:
    """The zone of a compute host."""
    for aggregate in await Aggregate.get_by_host(context, host):
        if aggregate.availability_zone is not None:
            return aggregate.availability_zone
    return str(conf.default_availability_zone)


def get_availability_zones(services: list[Service], zones: dict[str | None, str]) -> Zones:
    """The zones that can be used, and those all of whose services are disabled; the internal one is among them."""
    enabled = {zones[service.uuid] for service in services if not service.disabled}
    disabled = {zones[service.uuid] for service in services if service.disabled}
    return sorted(enabled), sorted(disabled - enabled)

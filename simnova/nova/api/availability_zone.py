"""Availability zones over HTTP (`nova/api/openstack/compute/availability_zone.py`)."""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.messaging.rest import Request, Response, route
from simnova.nova import availability_zones
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.views import naive
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.objects.service import Service


class AvailabilityZoneController(Controller):
    """`/os-availability-zone`: for everyone; the hosts in the zones for administrators."""

    def __init__(self, auth: Auth, host_api: HostAPI, conf: Config) -> None:
        super().__init__(auth)
        self.host_api = host_api
        self.conf = conf

    @route("GET", "/v2.1/os-availability-zone")
    async def index(self, request: Request) -> Response:
        """The zones, the internal one left out."""
        context = (await self.context(request)).elevated()
        services = await self.host_api.service_get_all(context)
        zones = await availability_zones.zones_of(context, self.conf, services)
        usable, unusable = availability_zones.get_availability_zones(services, zones)
        hidden = self.conf.internal_service_availability_zone
        shown = [_zone(name, True) for name in usable if name != hidden]
        shown += [_zone(name, False) for name in unusable if name != hidden]
        return Response(200, {"availabilityZoneInfo": shown})

    @route("GET", "/v2.1/os-availability-zone/detail")
    async def detail(self, request: Request) -> Response:
        """The zones with their hosts and what runs there."""
        context = await self.admin(request, "os_compute_api:os-availability-zone:detail")
        services = await self.host_api.service_get_all(context)
        zones = await availability_zones.zones_of(context, self.conf, services)
        usable, unusable = availability_zones.get_availability_zones(services, zones)
        shown = []
        for name in usable:
            there = [one for one in services if zones[one.uuid] == name and not one.disabled]
            shown.append(_zone(name, True, self._hosts(there)))
        shown += [_zone(name, False) for name in unusable]
        return Response(200, {"availabilityZoneInfo": shown})

    def _hosts(self, services: list[Service]) -> dict[str, dict[str, Any]]:
        hosts: dict[str, dict[str, Any]] = {}
        for service in services:
            hosts.setdefault(service.host, {})[service.binary] = {
                "available": self.host_api.servicegroup_api.service_is_up(service.values()),
                "active": not service.disabled,
                "updated_at": naive(service.last_seen_up),
            }
        return hosts


def _zone(name: str, available: bool, hosts: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"zoneName": name, "zoneState": {"available": available}, "hosts": hosts}

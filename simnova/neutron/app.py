"""Neutron as one app: networks, subnets, ports, security groups, quotas (`neutron/api/`)."""

from __future__ import annotations

from simnova.db.transaction import Transaction
from simnova.messaging.rest import Request, Response, route
from simnova.neutron.base import QUOTAS, body_of, only, quotas
from simnova.neutron.errors import error, invalid
from simnova.neutron.networks import Networks
from simnova.neutron.ports import Ports
from simnova.neutron.security_groups import SecurityGroups
from simnova.neutron.subnets import Subnets

_EXTENSIONS = {
    "binding": "Port Binding",
    "default-subnetpools": "Default Subnetpools",
    "external-net": "Neutron external network",
    "net-mtu": "Network MTU",
    "port-security": "Port Security",
    "provider": "Provider Network",
    "quotas": "Quota management support",
    "security-group": "security-group",
}


class Neutron(Networks, Subnets, Ports, SecurityGroups):
    """The service: `Neutron(clock, databases.open("neutron", METADATA))`."""

    @route("GET", "/")
    async def versions(self, request: Request) -> Response:
        """The versions of the API."""
        links = [{"rel": "self", "href": "/v2.0/"}]
        return Response(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})

    @route("GET", "/v2.0/extensions")
    async def extensions(self, request: Request) -> Response:
        """What this Neutron offers beyond the core."""
        await self.who(request)
        shown = [
            {"alias": alias, "name": name, "description": name, "links": []}
            for alias, name in _EXTENSIONS.items()
        ]
        return Response(200, {"extensions": shown})

    @route("GET", "/v2.0/quotas/{project_id}")
    async def show_quota(self, request: Request, project_id: str) -> Response:
        """How much a project may have."""
        who = await self.who(request)
        if not who.may_see(project_id):
            raise error("PolicyNotAuthorized", rule="get_quota")
        return Response(200, {"quota": await self.run(lambda tx: quotas(tx, project_id))})

    @route("PUT", "/v2.0/quotas/{project_id}")
    async def update_quota(self, request: Request, project_id: str) -> Response:
        """Say how much a project may have (administrators only); -1 is any number."""
        who, given = await self.who(request), body_of(request, "quota")
        if not who.is_admin:
            raise error("PolicyNotAuthorized", rule="update_quota")
        only(given, QUOTAS)
        for name, limit in given.items():
            if not isinstance(limit, int) or isinstance(limit, bool) or limit < -1:
                raise invalid(
                    f"Invalid input for {name}. Reason: '{limit}' is not an integer >= -1"
                )

        def work(tx: Transaction) -> dict[str, int]:
            for resource, limit in given.items():
                key = {"project_id": project_id, "resource": resource}
                if not tx.update("quotas", key, {"limit": limit}):
                    tx.insert("quotas", **key, limit=limit)
            return quotas(tx, project_id)

        return Response(200, {"quota": await self.run(work)})

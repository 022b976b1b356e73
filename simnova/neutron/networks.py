"""Networks (`neutron/extensions/`, `neutron/plugins/ml2/plugin.py`)."""

from __future__ import annotations

from typing import Any

from simnova.db.transaction import Transaction
from simnova.messaging.identity import Identity
from simnova.messaging.rest import Request, Response, route
from simnova.neutron.base import (
    Resources,
    Row,
    body_of,
    check_name,
    check_quota,
    chosen,
    only,
    owner,
    restrict,
    selected,
)
from simnova.neutron.errors import error

_COLUMNS = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_state_up",
    "mtu": "mtu",
    "shared": "shared",
    "router:external": "external",
    "is_default": "is_default",
    "port_security_enabled": "port_security_enabled",
    "provider:network_type": "network_type",
    "provider:physical_network": "physical_network",
    "provider:segmentation_id": "segmentation_id",
}
"""Attributes of the API and the columns that hold them."""

_FOR_ADMINISTRATORS = (
    "shared",
    "router:external",
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)


def show(tx: Transaction, row: Row, who: Identity) -> dict[str, Any]:
    """A network as the API shows it; where it is carried is for administrators."""
    subnets = tx.select("subnets", {"network_id": row["id"]}, order_by=["created_at", "id"])
    hidden = () if who.is_admin else _FOR_ADMINISTRATORS[2:]
    return {
        "id": row["id"],
        "tenant_id": row["project_id"],
        "project_id": row["project_id"],
        "status": row["status"],
        **{name: row[column] for name, column in _COLUMNS.items() if name not in hidden},
        "subnets": [subnet["id"] for subnet in subnets],
        "availability_zones": [],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def visible(row: Row, who: Identity) -> bool:
    """Whether a network is for this user: an own one, a shared or an external one."""
    return bool(row["shared"] or row["external"]) or who.may_see(row["project_id"])


def find(tx: Transaction, network_id: Any, who: Identity) -> Row:
    """The network; raises a 404."""
    row = tx.get("networks", id=network_id)
    if row is None or not visible(row, who):
        raise error("NetworkNotFound", net_id=network_id)
    return row


class Networks(Resources):
    """`/v2.0/networks`."""

    @route("POST", "/v2.0/networks")
    async def create_network(self, request: Request) -> Response:
        """A network, carried as VXLAN unless an administrator says otherwise."""
        who, given = await self.who(request), body_of(request, "network")
        only(given, [*_COLUMNS, "tenant_id", "project_id"])
        check_name(given)
        restrict(who, given, _FOR_ADMINISTRATORS, "create_network")
        project_id, ident = owner(who, given), self.new_id("network")

        def work(tx: Transaction) -> dict[str, Any]:
            check_quota(tx, project_id, "network")
            tunnel = {"network_type": "vxlan", "segmentation_id": _free_vni(tx)}
            values = {_COLUMNS[name]: value for name, value in given.items() if name in _COLUMNS}
            carried = {} if "network_type" in values else tunnel
            row = tx.insert(
                "networks", id=ident, project_id=project_id, **carried, **values, **self.times()
            )
            return show(tx, row, who)

        return Response(201, {"network": await self.run(work)})

    @route("GET", "/v2.0/networks")
    async def list_networks(self, request: Request) -> Response:
        """The networks for this user that fit the filters."""
        who = await self.who(request)

        def work(tx: Transaction) -> list[dict[str, Any]]:
            rows = tx.select("networks", order_by=["created_at", "id"])
            return [show(tx, row, who) for row in rows if visible(row, who)]

        return Response(200, {"networks": chosen(request, await self.run(work))})

    @route("GET", "/v2.0/networks/{ident}")
    async def show_network(self, request: Request, ident: str) -> Response:
        """One network."""
        who = await self.who(request)
        found = await self.run(lambda tx: show(tx, find(tx, ident, who), who))
        return Response(200, {"network": selected(request, found)})

    @route("PUT", "/v2.0/networks/{ident}")
    async def update_network(self, request: Request, ident: str) -> Response:
        """Change a network."""
        who, given = await self.who(request), body_of(request, "network")
        only(given, _COLUMNS)
        check_name(given)
        restrict(who, given, _FOR_ADMINISTRATORS, "update_network")
        changes = {_COLUMNS[name]: value for name, value in given.items()}
        changes["updated_at"] = self.clock.utcnow()

        def work(tx: Transaction) -> dict[str, Any]:
            row = _own(tx, ident, who)
            tx.update("networks", {"id": ident}, changes)
            return show(tx, {**row, **changes}, who)

        return Response(200, {"network": await self.run(work)})

    @route("DELETE", "/v2.0/networks/{ident}")
    async def delete_network(self, request: Request, ident: str) -> Response:
        """Delete a network that has no ports, with its subnets."""
        who = await self.who(request)

        def work(tx: Transaction) -> None:
            _own(tx, ident, who)
            ports = tx.select("ports", {"network_id": ident}, order_by="id", limit=10)
            if ports:
                raise error(
                    "NetworkInUse", net_id=ident, ports=", ".join(port["id"] for port in ports)
                )
            for subnet in tx.select("subnets", {"network_id": ident}):
                tx.delete("ipallocationpools", {"subnet_id": subnet["id"]})
            tx.delete("subnets", {"network_id": ident})
            tx.delete("networks", {"id": ident})

        await self.run(work)
        return Response(204)


def _own(tx: Transaction, ident: str, who: Identity) -> Row:
    row = find(tx, ident, who)
    if not who.may_see(row["project_id"]):
        raise error("PolicyNotAuthorized", rule="update_network")
    return row


def _free_vni(tx: Transaction) -> int:
    """The lowest VXLAN number that no network has."""
    taken = {row["segmentation_id"] for row in tx.select("networks", {"network_type": "vxlan"})}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)

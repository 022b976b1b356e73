"""Ports: where servers are plugged in (`neutron/plugins/ml2/plugin.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.db.transaction import Transaction
from simnova.messaging.identity import Identity
from simnova.messaging.rest import Request, Response, route
from simnova.neutron import networks, port_rows, security_groups
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

_COLUMNS = ("name", "description", "admin_state_up", "mac_address", "device_id", "device_owner")
_BINDING = ("binding:host_id", "binding:vnic_type", "binding:profile")
_FOR_ADMINISTRATORS = ("binding:host_id", "binding:profile")
_HIDDEN = (*_FOR_ADMINISTRATORS, "binding:vif_type", "binding:vif_details")
_CHANGEABLE = (*_COLUMNS, *_BINDING, "fixed_ips", "security_groups")
_KNOWN = (*_CHANGEABLE, "network_id", "tenant_id", "project_id")
_INDEXED = {"device_id": "device_id", "network_id": "network_id", "id": "id"}
_INDEXED |= {"device_owner": "device_owner", "tenant_id": "project_id", "project_id": "project_id"}


def _seen(shown: dict[str, Any], who: Identity) -> dict[str, Any]:
    """Where a port is bound is for administrators."""
    if who.is_admin:
        return shown
    return {name: value for name, value in shown.items() if name not in _HIDDEN}


def find(tx: Transaction, ident: str, who: Identity) -> Row:
    """The port; raises a 404."""
    row = tx.get("ports", id=ident)
    if row is None or not who.may_see(row["project_id"]):
        raise error("PortNotFound", port_id=ident)
    return row


class Ports(Resources):
    """`/v2.0/ports`."""

    @route("POST", "/v2.0/ports")
    async def create_port(self, request: Request) -> Response:
        """A port with a hardware address, addresses and security groups, its own or those that are asked for."""
        who, given = await self.who(request), body_of(request, "port")
        only(given, _KNOWN)
        check_name(given)
        restrict(who, given, _FOR_ADMINISTRATORS, "create_port:binding:host_id")
        project_id, ident = owner(who, given), self.new_id("port")

        def work(tx: Transaction) -> dict[str, Any]:
            network = networks.find(tx, given.get("network_id"), who)
            check_quota(tx, project_id, "port")
            values = {name: given[name] for name in _COLUMNS if name in given}
            values["mac_address"] = self._mac(tx, network["id"], given.get("mac_address"))
            fixed = {"id": ident, "project_id": project_id, "network_id": network["id"]}
            row = tx.insert("ports", **fixed, **values, **self.times())
            port_rows.allocate(tx, self.addresses, ident, network, given.get("fixed_ips"))
            self._join(tx, row, given, who)
            return port_rows.show(tx, self._bound(tx, row, given))

        return Response(201, {"port": _seen(await self.run(work), who)})

    def _mac(self, tx: Transaction, network_id: str, given: str | None) -> str:
        if given is None:
            return port_rows.free_mac(tx, self.clock, network_id)
        if tx.get("ports", network_id=network_id, mac_address=given):
            raise error("MacAddressInUse", net_id=network_id, mac=given)
        return given

    def _join(self, tx: Transaction, row: Row, given: Mapping[str, Any], who: Identity) -> None:
        """The security groups of a new port: the project's default one, but none for Neutron's own ports."""
        groups = given.get("security_groups")
        if groups is None:
            if str(row["device_owner"]).startswith("network:"):
                return
            groups = [security_groups.ensure_default(tx, self.clock, row["project_id"])["id"]]
        port_rows.set_groups(tx, row["id"], groups, who)

    def _bound(self, tx: Transaction, row: Row, given: Mapping[str, Any]) -> Row:
        status = port_rows.bind(tx, row["id"], given)
        if status != row["status"]:
            tx.update("ports", {"id": row["id"]}, {"status": status})
        return {**row, "status": status}

    @route("GET", "/v2.0/ports")
    async def list_ports(self, request: Request) -> Response:
        """The ports for this user that fit the filters."""
        who = await self.who(request)
        where = {
            column: request.query[name]
            for name, column in _INDEXED.items()
            if name in request.query
        }
        bare = set(request.query.get("fields", [])) <= {"id"} and "fields" in request.query

        def work(tx: Transaction) -> list[dict[str, Any]]:
            rows = tx.select("ports", where, order_by=["created_at", "id"])
            mine = [row for row in rows if who.may_see(row["project_id"])]
            if bare and set(request.query) <= {*_INDEXED, "fields"}:
                return [{**row, "tenant_id": row["project_id"]} for row in mine]
            return [_seen(port_rows.show(tx, row), who) for row in mine]

        return Response(200, {"ports": chosen(request, await self.run(work))})

    @route("GET", "/v2.0/ports/{ident}")
    async def show_port(self, request: Request, ident: str) -> Response:
        """One port."""
        who = await self.who(request)
        found = await self.run(lambda tx: _seen(port_rows.show(tx, find(tx, ident, who)), who))
        return Response(200, {"port": selected(request, found)})

    @route("PUT", "/v2.0/ports/{ident}")
    async def update_port(self, request: Request, ident: str) -> Response:
        """Change a port: who uses it, on which host, its addresses and groups."""
        who, given = await self.who(request), body_of(request, "port")
        only(given, _CHANGEABLE)
        check_name(given)
        restrict(who, given, _FOR_ADMINISTRATORS, "update_port:binding:host_id")

        def work(tx: Transaction) -> dict[str, Any]:
            row = find(tx, ident, who)
            changes = {name: given[name] for name in _COLUMNS if name in given}
            if changes.get("mac_address") not in (None, row["mac_address"]):
                self._mac(tx, row["network_id"], changes["mac_address"])
            changes["updated_at"] = self.clock.utcnow()
            tx.update("ports", {"id": ident}, changes)
            row = {**row, **changes}
            if "fixed_ips" in given:
                network = networks.find(tx, row["network_id"], who)
                port_rows.release(tx, self.addresses, ident)
                port_rows.allocate(tx, self.addresses, ident, network, given["fixed_ips"])
            if "security_groups" in given:
                port_rows.set_groups(tx, ident, given["security_groups"], who)
            if any(name in given for name in _BINDING):
                row = self._bound(tx, row, given)
            return port_rows.show(tx, row)

        return Response(200, {"port": _seen(await self.run(work), who)})

    @route("DELETE", "/v2.0/ports/{ident}")
    async def delete_port(self, request: Request, ident: str) -> Response:
        """Delete a port; its addresses are free again."""
        who = await self.who(request)

        def work(tx: Transaction) -> None:
            port_rows.remove(tx, self.addresses, find(tx, ident, who)["id"])

        await self.run(work)
        return Response(204)

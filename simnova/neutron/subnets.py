"""Subnets: a range of addresses on a network, with pools to give out (`neutron/db/db_base_plugin_v2.py`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from simnova.db.transaction import Transaction
from simnova.messaging.identity import Identity
from simnova.messaging.rest import Request, Response, route
from simnova.neutron import ipam, networks
from simnova.neutron.base import (
    Resources,
    Row,
    body_of,
    check_name,
    check_quota,
    chosen,
    only,
    owner,
    selected,
)
from simnova.neutron.errors import error, invalid

_CHANGEABLE = (
    "name",
    "description",
    "gateway_ip",
    "enable_dhcp",
    "dns_nameservers",
    "host_routes",
)
_KNOWN = (
    *_CHANGEABLE,
    "network_id",
    "ip_version",
    "cidr",
    "allocation_pools",
    "tenant_id",
    "project_id",
)


def show(tx: Transaction, row: Row) -> dict[str, Any]:
    """A subnet as the API shows it."""
    pools = tx.select("ipallocationpools", {"subnet_id": row["id"]}, order_by="id")
    ends = sorted(pools, key=lambda pool: int(ipaddress.ip_address(pool["first_ip"])))
    return {
        **row,
        "tenant_id": row["project_id"],
        "allocation_pools": [{"start": p["first_ip"], "end": p["last_ip"]} for p in ends],
        "ipv6_address_mode": None,
        "ipv6_ra_mode": None,
        "subnetpool_id": None,
        "service_types": [],
    }


def find(tx: Transaction, ident: str, who: Identity) -> Row:
    """The subnet, which is for whom its network is for; raises a 404."""
    row = tx.get("subnets", id=ident)
    network = tx.get("networks", id=row["network_id"]) if row else None
    if row is None or network is None or not networks.visible(network, who):
        raise error("SubnetNotFound", subnet_id=ident)
    return row


class Subnets(Resources):
    """`/v2.0/subnets`."""

    @route("POST", "/v2.0/subnets")
    async def create_subnet(self, request: Request) -> Response:
        """A subnet: the first address is the gateway's, all others can be given out, unless it says otherwise."""
        who, given = await self.who(request), body_of(request, "subnet")
        only(given, _KNOWN)
        check_name(given)
        cidr = _cidr(given)
        gateway = given["gateway_ip"] if "gateway_ip" in given else ipam.gateway(cidr)
        pools = _pools(cidr, given, gateway)
        project_id, ident = owner(who, given), self.new_id("subnet")
        pool_ids = [self.new_id("ipallocationpool") for _ in pools]

        def work(tx: Transaction) -> dict[str, Any]:
            network = networks.find(tx, given.get("network_id"), who)
            _check_overlap(tx, network, cidr)
            check_quota(tx, project_id, "subnet")
            values: Row = {"dns_nameservers": [], "host_routes": []}
            values |= {name: given[name] for name in _CHANGEABLE if name in given}
            values |= {"gateway_ip": gateway, "cidr": str(cidr), "ip_version": cidr.version}
            row = tx.insert(
                "subnets",
                id=ident,
                network_id=network["id"],
                project_id=project_id,
                **values,
                **self.times(),
            )
            for pool_id, (first, last) in zip(pool_ids, pools, strict=True):
                tx.insert(
                    "ipallocationpools",
                    id=pool_id,
                    subnet_id=ident,
                    first_ip=ipam.address(cidr.version, first),
                    last_ip=ipam.address(cidr.version, last),
                )
            return show(tx, row)

        return Response(201, {"subnet": await self.run(work)})

    @route("GET", "/v2.0/subnets")
    async def list_subnets(self, request: Request) -> Response:
        """The subnets for this user that fit the filters."""
        who = await self.who(request)

        def work(tx: Transaction) -> list[dict[str, Any]]:
            seen = {row["id"] for row in tx.select("networks") if networks.visible(row, who)}
            rows = tx.select("subnets", order_by=["created_at", "id"])
            return [show(tx, row) for row in rows if row["network_id"] in seen]

        return Response(200, {"subnets": chosen(request, await self.run(work))})

    @route("GET", "/v2.0/subnets/{ident}")
    async def show_subnet(self, request: Request, ident: str) -> Response:
        """One subnet."""
        who = await self.who(request)
        found = await self.run(lambda tx: show(tx, find(tx, ident, who)))
        return Response(200, {"subnet": selected(request, found)})

    @route("PUT", "/v2.0/subnets/{ident}")
    async def update_subnet(self, request: Request, ident: str) -> Response:
        """Change what can be changed of a subnet: not its range."""
        who, given = await self.who(request), body_of(request, "subnet")
        only(given, _CHANGEABLE)
        check_name(given)
        changes = {**given, "updated_at": self.clock.utcnow()}

        def work(tx: Transaction) -> dict[str, Any]:
            row = _own(tx, ident, who)
            tx.update("subnets", {"id": ident}, changes)
            return show(tx, {**row, **changes})

        return Response(200, {"subnet": await self.run(work)})

    @route("DELETE", "/v2.0/subnets/{ident}")
    async def delete_subnet(self, request: Request, ident: str) -> Response:
        """Delete a subnet of which nobody has an address."""
        who = await self.who(request)

        def work(tx: Transaction) -> None:
            _own(tx, ident, who)
            if tx.select("ipallocations", {"subnet_id": ident}, limit=1):
                raise error("SubnetInUse", subnet_id=ident)
            tx.delete("ipallocationpools", {"subnet_id": ident})
            tx.delete("subnets", {"id": ident})

        await self.run(work)
        return Response(204)


def _own(tx: Transaction, ident: str, who: Identity) -> Row:
    row = find(tx, ident, who)
    if not who.may_see(row["project_id"]):
        raise error("PolicyNotAuthorized", rule="update_subnet")
    return row


def _cidr(given: Mapping[str, Any]) -> ipam.Network:
    cidr = ipam.parse_cidr(given.get("cidr"))
    if given.get("ip_version", cidr.version) != cidr.version:
        raise invalid(f"cidr '{cidr}' does not match the ip_version '{given['ip_version']}'")
    return cidr


def _pools(cidr: ipam.Network, given: Mapping[str, Any], gateway: str | None) -> list[ipam.Pool]:
    if gateway is not None:
        _check_gateway(cidr, gateway)
    if given.get("allocation_pools"):
        return ipam.given_pools(cidr, given["allocation_pools"])
    return ipam.default_pools(cidr, gateway)


def _check_gateway(cidr: ipam.Network, gateway: str) -> None:
    try:
        inside = ipaddress.ip_address(gateway) in cidr
    except ValueError:
        inside = False
    if not inside:
        raise invalid(f"Gateway is not valid on subnet {cidr}: '{gateway}'")


def _check_overlap(tx: Transaction, network: Row, cidr: ipam.Network) -> None:
    for other in tx.select("subnets", {"network_id": network["id"]}):
        present = ipam.parse_cidr(other["cidr"])
        if present.version == cidr.version and present.overlaps(cidr):
            raise invalid(
                f"Requested subnet with cidr: {cidr} for network: {network['id']} overlaps with "
                "another subnet"
            )

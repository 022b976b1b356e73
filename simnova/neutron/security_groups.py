"""Security groups and their rules, as data; every project has its `default` (`neutron/db/securitygroups_db.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simnova.db.transaction import Transaction
from simnova.kernel.clock import Clock
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
    selected,
)
from simnova.neutron.errors import error

_RULE = (
    "security_group_id",
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
)
_OUT = (("egress", "IPv4"), ("egress", "IPv6"))
_IN = (("ingress", "IPv4"), ("ingress", "IPv6"))


def show(tx: Transaction, row: Row) -> dict[str, Any]:
    """A security group with its rules, as the API shows it."""
    rules = tx.select("securitygrouprules", {"security_group_id": row["id"]}, order_by="id")
    return {
        **row,
        "tenant_id": row["project_id"],
        "stateful": True,
        "shared": False,
        "security_group_rules": [show_rule(rule) for rule in rules],
    }


def show_rule(row: Row) -> dict[str, Any]:
    """A rule as the API shows it."""
    return {**row, "tenant_id": row["project_id"]}


def ensure_default(tx: Transaction, clock: Clock, project_id: str | None) -> Row:
    """A project's default group: all may go out, only the group itself may come in."""
    found = tx.select("securitygroups", {"project_id": project_id, "name": "default"}, limit=1)
    if found:
        return found[0]
    now = clock.utcnow()
    group = tx.insert(
        "securitygroups",
        id=clock.uuid("neutron", "security_group"),
        project_id=project_id,
        name="default",
        description="Default security group",
        created_at=now,
        updated_at=now,
    )
    _add_rules(tx, clock, group, _OUT + _IN)
    return group


def _add_rules(tx: Transaction, clock: Clock, group: Row, rules: Iterable[tuple[str, str]]) -> None:
    """What comes in by them comes from the group itself."""
    for direction, ethertype in rules:
        tx.insert(
            "securitygrouprules",
            id=clock.uuid("neutron", "security_group_rule"),
            project_id=group["project_id"],
            security_group_id=group["id"],
            remote_group_id=group["id"] if direction == "ingress" else None,
            direction=direction,
            ethertype=ethertype,
        )


def find(tx: Transaction, ident: Any, who: Identity) -> Row:
    """The group; raises a 404."""
    row = tx.get("securitygroups", id=ident)
    if row is None or not who.may_see(row["project_id"]):
        raise error("SecurityGroupNotFound", id=ident)
    return row


class SecurityGroups(Resources):
    """`/v2.0/security-groups` and `/v2.0/security-group-rules`."""

    @route("GET", "/v2.0/security-groups")
    async def list_security_groups(self, request: Request) -> Response:
        """The groups for this user that fit the filters; the default one exists as soon as it is looked for."""
        who = await self.who(request)

        def work(tx: Transaction) -> list[dict[str, Any]]:
            if who.project_id is not None:
                ensure_default(tx, self.clock, who.project_id)
            rows = tx.select("securitygroups", order_by=["created_at", "id"])
            return [show(tx, row) for row in rows if who.may_see(row["project_id"])]

        return Response(200, {"security_groups": chosen(request, await self.run(work))})

    @route("POST", "/v2.0/security-groups")
    async def create_security_group(self, request: Request) -> Response:
        """A group that lets everything out and nothing in."""
        who, given = await self.who(request), body_of(request, "security_group")
        only(given, ("name", "description", "tenant_id", "project_id", "stateful"))
        check_name(given)
        project_id, ident = owner(who, given), self.new_id("security_group")
        texts = {name: given[name] for name in ("name", "description") if name in given}

        def work(tx: Transaction) -> dict[str, Any]:
            ensure_default(tx, self.clock, project_id)
            check_quota(tx, project_id, "security_group")
            row = tx.insert(
                "securitygroups", id=ident, project_id=project_id, **texts, **self.times()
            )
            _add_rules(tx, self.clock, row, _OUT)
            return show(tx, row)

        return Response(201, {"security_group": await self.run(work)})

    @route("GET", "/v2.0/security-groups/{ident}")
    async def show_security_group(self, request: Request, ident: str) -> Response:
        """One group."""
        who = await self.who(request)
        found = await self.run(lambda tx: show(tx, find(tx, ident, who)))
        return Response(200, {"security_group": selected(request, found)})

    @route("DELETE", "/v2.0/security-groups/{ident}")
    async def delete_security_group(self, request: Request, ident: str) -> Response:
        """Delete a group that no port has."""
        who = await self.who(request)

        def work(tx: Transaction) -> None:
            find(tx, ident, who)
            if tx.select("securitygroupportbindings", {"security_group_id": ident}, limit=1):
                raise error("SecurityGroupInUse", id=ident)
            tx.delete("securitygrouprules", {"security_group_id": ident})
            tx.delete("securitygroups", {"id": ident})

        await self.run(work)
        return Response(204)

    @route("POST", "/v2.0/security-group-rules")
    async def create_security_group_rule(self, request: Request) -> Response:
        """Let something in or out."""
        who, given = await self.who(request), body_of(request, "security_group_rule")
        only(given, (*_RULE, "tenant_id", "project_id", "description"))
        ident = self.new_id("security_group_rule")
        values = {name: given[name] for name in _RULE if name in given}

        def work(tx: Transaction) -> dict[str, Any]:
            group = find(tx, given.get("security_group_id"), who)
            defaults = {"ethertype": "IPv4", "direction": "ingress"}
            project = {"project_id": group["project_id"]}
            return show_rule(
                tx.insert("securitygrouprules", id=ident, **project, **{**defaults, **values})
            )

        return Response(201, {"security_group_rule": await self.run(work)})

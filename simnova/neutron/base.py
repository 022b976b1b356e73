"""What Neutron's resources share: filters, fields, ownership, quotas, errors (`neutron/api/v2/base.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from simnova.db.database import Database
from simnova.db.transaction import Transaction
from simnova.kernel.clock import Clock
from simnova.messaging.identity import GuardedApp, Identity
from simnova.messaging.rest import Fault, Request, Response
from simnova.neutron.errors import error, invalid
from simnova.neutron.ipam import Addresses

Row = dict[str, Any]
T = TypeVar("T")

QUOTAS = {
    "network": 100,
    "subnet": 100,
    "subnetpool": -1,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "rbac_policy": 10,
    "security_group": 10,
    "security_group_rule": 100,
}
"""How much a project may have unless an administrator says otherwise; -1 is any number."""

_TABLES = {"network": "networks", "subnet": "subnets", "port": "ports"}
_TABLES["security_group"] = "securitygroups"
_CONTROL = frozenset(["fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"])


class Resources(GuardedApp):
    """The ground of Neutron's app: its database and its addresses."""

    def __init__(self, clock: Clock, database: Database) -> None:
        self.clock = clock
        self.database = database
        self.addresses = Addresses()

    def fault(self, request: Request, fault: Fault) -> Response:
        """Neutron's errors: `NeutronError` with type, message, detail."""
        kind = fault.more.get("type", "HTTPNotFound" if fault.status == 404 else "HTTPError")
        shown = {"type": kind, "message": fault.message, "detail": ""}
        return Response(fault.status, {"NeutronError": shown})

    def new_id(self, kind: str) -> str:
        """The id of something new."""
        return self.clock.uuid("neutron", kind)

    def times(self) -> dict[str, str]:
        """When something new was made."""
        return {"created_at": self.clock.utcnow(), "updated_at": self.clock.utcnow()}

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in one transaction."""
        return await self.database.transact(work)


def body_of(request: Request, name: str) -> dict[str, Any]:
    """The object in a request's body; raises a 400 where there is none."""
    try:
        body = request.body
    except ValueError:
        raise error("HTTPBadRequest", message="The request body is not valid JSON.") from None
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        message = f"Invalid input for operation: Unable to find '{name}' in request body."
        raise error("HTTPBadRequest", message=message)
    return dict(found)


def only(given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse attributes that the resource does not have."""
    strange = [name for name in given if name not in set(known)]
    if strange:
        message = f"Unrecognized attribute(s) '{', '.join(strange)}'"
        raise error("HTTPBadRequest", message=message)


def owner(who: Identity, given: Mapping[str, Any]) -> str | None:
    """For which project something new is; only an administrator may say another than the own."""
    wanted = given.get("project_id", given.get("tenant_id", who.project_id))
    if wanted != who.project_id and not who.is_admin:
        raise error("PolicyNotAuthorized", rule="create_resource:tenant_id")
    return None if wanted is None else str(wanted)


def restrict(who: Identity, given: Mapping[str, Any], names: Iterable[str], rule: str) -> None:
    """Attributes that only an administrator may set."""
    if not who.is_admin and any(given.get(name) for name in names):
        raise error("PolicyNotAuthorized", rule=rule)


def check_quota(tx: Transaction, project_id: str | None, resource: str) -> None:
    """Refuse one more where the project has as many as it may."""
    limit = quotas(tx, project_id)[resource]
    (present,) = tx.totals(_TABLES[resource], where={"project_id": project_id})
    if 0 <= limit <= present["count"]:
        raise error("OverQuota", overs=[resource])


def quotas(tx: Transaction, project_id: str | None) -> dict[str, int]:
    """How much a project may have of each resource."""
    own = tx.select("quotas", {"project_id": project_id})
    return {**QUOTAS, **{row["resource"]: row["limit"] for row in own}}


def chosen(request: Request, found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The resources that fit a query's filters (a name given twice: either), with the fields it asks for."""
    filters = {name: values for name, values in request.query.items() if name not in _CONTROL}
    fitting = [one for one in found if _fits(one, filters)]
    limit = request.param("limit")
    if limit is not None and limit.isdigit():
        fitting = fitting[: int(limit)]
    return [selected(request, one) for one in fitting]


def selected(request: Request, one: Mapping[str, Any]) -> dict[str, Any]:
    """A resource with the fields that a query asks for; all where it asks for none."""
    fields = request.query.get("fields")
    return {name: value for name, value in one.items() if not fields or name in fields}


def _fits(one: Mapping[str, Any], filters: Mapping[str, list[str]]) -> bool:
    return all(_matches(one, name, values) for name, values in filters.items())


def _matches(one: Mapping[str, Any], name: str, values: list[str]) -> bool:
    if name == "fixed_ips":
        return any(_has_address(one, value) for value in values)
    present = one.get(name)
    if isinstance(present, bool):
        return str(present).lower() in [value.lower() for value in values]
    return str(present if present is not None else "") in values


def _has_address(one: Mapping[str, Any], wanted: str) -> bool:
    """`ip_address=10.0.0.5` or `subnet_id=…`."""
    key, _, value = wanted.partition("=")
    return any(fixed.get(key) == value for fixed in one.get("fixed_ips", ()))


def check_name(given: Mapping[str, Any]) -> None:
    """A name is text of at most 255 characters."""
    name = given.get("name", "")
    if not isinstance(name, str):
        raise invalid(f"Invalid input for name. Reason: '{name}' is not a valid string")
    if len(name) > 255:
        raise invalid(f"Invalid input for name. Reason: '{name}' exceeds maximum length of 255")

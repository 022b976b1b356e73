"""Tokens: who somebody is, in which project, until when (`keystone/token/provider.py`, `keystone/api/auth.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.db.transaction import Transaction
from simnova.messaging.rest import Fault

Row = dict[str, Any]

_DENIED = "The request you have made requires authentication."
_PORTS = {
    "identity": ("keystone", "http://keystone/v3"),
    "compute": ("nova", "http://nova-api/v2.1"),
    "image": ("glance", "http://glance"),
    "network": ("neutron", "http://neutron"),
    "placement": ("placement", "http://placement"),
}


def denied() -> Fault:
    """The one answer to everything that is wrong with a user, a password or a token."""
    return Fault(401, _DENIED)


def authenticate(tx: Transaction, auth: Mapping[str, Any]) -> Row:
    """The user of a request for a token; raises a 401 whatever is wrong."""
    identity = auth["identity"]
    methods = identity["methods"]
    if methods == ["password"]:
        return _by_password(tx, identity.get("password", {}).get("user", {}))
    if methods == ["token"]:
        token = tx.get("token", id=identity.get("token", {}).get("id", ""))
        user = tx.get("user", id=token["user_id"]) if token else None
        return _enabled(user)
    raise denied()


def _by_password(tx: Transaction, given: Mapping[str, Any]) -> Row:
    user = _enabled(_named(tx, "user", given))
    if user["password"] is None or user["password"] != given.get("password"):
        raise denied()
    return user


def _named(tx: Transaction, table: str, given: Mapping[str, Any]) -> Row | None:
    """What is named by its id, or by its name and domain."""
    if "id" in given:
        return tx.get(table, id=given["id"])
    domain = given.get("domain", {})
    found = tx.select(table, {"name": given.get("name")})
    named = domain.get("id") or domain.get("name", "").lower()
    return next((row for row in found if row["domain_id"] == named), None)


def _enabled(row: Row | None) -> Row:
    if row is None or not row["enabled"]:
        raise denied()
    return row


def scope(tx: Transaction, user: Row, auth: Mapping[str, Any]) -> Row | None:
    """The project that the token is for; None for a token without one. Raises a 401."""
    if auth.get("scope") == "unscoped":
        return None
    wanted = (auth.get("scope") or {}).get("project")
    if wanted is None:
        return tx.get("project", id=user["default_project_id"] or "")
    project = _enabled(_named(tx, "project", wanted))
    if not roles(tx, user["id"], project["id"]):
        raise denied()
    return project


def roles(tx: Transaction, user_id: str, project_id: str) -> list[Row]:
    """The roles of a user in a project."""
    found = tx.select("assignment", {"actor_id": user_id, "target_id": project_id})
    ids = [row["role_id"] for row in found]
    return tx.select("role", {"id": ids}, order_by="name") if ids else []


def describe(tx: Transaction, token: Row, epoch: Any) -> dict[str, Any]:
    """A token as the API shows it; `epoch` turns seconds into the date that is shown."""
    user = _enabled(tx.get("user", id=token["user_id"]))
    shown: dict[str, Any] = {
        "methods": ["password"],
        "user": {**_reference(user), "domain": _domain(), "password_expires_at": None},
        "audit_ids": [token["audit_id"]],
        "expires_at": epoch(token["expires"]),
        "issued_at": token["issued_at"],
    }
    if token["project_id"] is None:
        return shown
    project = _enabled(tx.get("project", id=token["project_id"]))
    return shown | {
        "project": {**_reference(project), "domain": _domain()},
        "is_domain": False,
        "roles": [_reference(role) for role in roles(tx, user["id"], project["id"])],
        "catalog": catalog(),
    }


def _reference(row: Row) -> dict[str, Any]:
    return {"id": row["id"], "name": row["name"]}


def _domain() -> dict[str, str]:
    return {"id": "default", "name": "Default"}


def catalog() -> list[dict[str, Any]]:
    """Where each service is found."""
    return [
        {
            "id": name,
            "name": name,
            "type": kind,
            "endpoints": [
                {
                    "id": f"{name}-{interface}",
                    "interface": interface,
                    "region": "RegionOne",
                    "region_id": "RegionOne",
                    "url": url,
                }
                for interface in ("public", "internal", "admin")
            ],
        }
        for kind, (name, url) in _PORTS.items()
    ]

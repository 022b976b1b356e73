"""Keystone's API v3 (`keystone/api/`): tokens, users, projects, roles, the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simnova.db.database import Database
from simnova.db.transaction import Transaction
from simnova.kernel.clock import EPOCH, Clock
from simnova.keystone import tokens
from simnova.messaging.rest import App, Fault, Request, Response, route

EXPIRATION = 3600.0
"""Seconds that a token is good for (`[token] expiration`)."""

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    500: "Internal Server Error",
}


class Keystone(App):
    """The service: `Keystone(clock, databases.open("keystone", METADATA))`."""

    not_found = (
        "The requested URL was not found on the server. If you entered the URL manually please "
        "check your spelling and try again."
    )
    not_allowed = "The method is not allowed for the requested URL."

    def __init__(self, clock: Clock, database: Database) -> None:
        self.clock = clock
        self.database = database

    def fault(self, request: Request, fault: Fault) -> Response:
        """Keystone's errors: code, message and title."""
        title = _TITLES.get(fault.status, "Error")
        error = {"code": fault.status, "message": fault.message, "title": title}
        return Response(fault.status, {"error": error})

    # --- tokens -----------------------------------------------------------------------------------------------

    @route("POST", "/v3/auth/tokens")
    async def issue(self, request: Request) -> Response:
        """A token for a user in a project; its id is in X-Subject-Token."""
        auth = _auth(request)
        ids = self.clock.uuid("keystone", "token"), self.clock.uuid("keystone", "audit")

        def work(tx: Transaction) -> dict[str, Any]:
            user = tokens.authenticate(tx, auth)
            project = tokens.scope(tx, user, auth)
            token = tx.insert(
                "token",
                id=ids[0].replace("-", ""),
                audit_id=ids[1].replace("-", "")[:22],
                user_id=user["id"],
                project_id=project["id"] if project else None,
                issued_at=self._date(self.clock.now),
                expires=self.clock.now + EXPIRATION,
            )
            return {"id": token["id"], "token": tokens.describe(tx, token, self._date)}

        issued = await self.database.transact(work)
        return Response(201, {"token": issued["token"]}, {"x-subject-token": issued["id"]})

    @route("GET", "/v3/auth/tokens")
    async def validate(self, request: Request) -> Response:
        """What the token in X-Subject-Token says; 404 where it is none, or no longer."""
        subject = request.headers.get("x-subject-token", "")
        caller = request.headers.get("x-auth-token", "")

        def work(tx: Transaction) -> dict[str, Any]:
            self._valid(tx, caller)
            token = tx.get("token", id=subject)
            if token is None or token["expires"] <= self.clock.now:
                raise Fault(404, f"Could not find token: {subject}.")
            return tokens.describe(tx, token, self._date)

        shown = await self.database.transact(work)
        return Response(200, {"token": shown}, {"x-subject-token": subject})

    @route("DELETE", "/v3/auth/tokens")
    async def revoke(self, request: Request) -> Response:
        """A token is no longer good."""
        subject = request.headers.get("x-subject-token", "")
        if not await self.database.delete("token", {"id": subject}):
            raise Fault(404, f"Could not find token: {subject}.")
        return Response(204)

    @route("GET", "/v3/auth/catalog")
    async def catalog(self, request: Request) -> Response:
        """Where the services are."""
        await self.database.transact(lambda tx: self._valid(tx, _token(request)))
        return Response(200, {"catalog": tokens.catalog()})

    def _valid(self, tx: Transaction, token_id: str) -> dict[str, Any]:
        token = tx.get("token", id=token_id)
        if token is None or token["expires"] <= self.clock.now:
            raise tokens.denied()
        return token

    def _date(self, seconds: float) -> str:
        return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%fZ}"

    # --- users, projects, roles -------------------------------------------------------------------------------

    @route("GET", "/v3/users")
    async def list_users(self, request: Request) -> Response:
        """All users, or `?name=`."""
        return await self._list(request, "user", "users")

    @route("GET", "/v3/projects")
    async def list_projects(self, request: Request) -> Response:
        """All projects, or `?name=`."""
        return await self._list(request, "project", "projects")

    @route("GET", "/v3/roles")
    async def list_roles(self, request: Request) -> Response:
        """All roles, or `?name=`."""
        return await self._list(request, "role", "roles")

    @route("GET", "/v3/users/{ident}")
    async def show_user(self, request: Request, ident: str) -> Response:
        """One user."""
        return await self._show(request, "user", ident)

    @route("GET", "/v3/projects/{ident}")
    async def show_project(self, request: Request, ident: str) -> Response:
        """One project."""
        return await self._show(request, "project", ident)

    @route("GET", "/v3/roles/{ident}")
    async def show_role(self, request: Request, ident: str) -> Response:
        """One role."""
        return await self._show(request, "role", ident)

    @route("POST", "/v3/users")
    async def create_user(self, request: Request) -> Response:
        """A new user (administrators only)."""
        return await self._create(request, "user", ("password", "email", "default_project_id"))

    @route("POST", "/v3/projects")
    async def create_project(self, request: Request) -> Response:
        """A new project (administrators only)."""
        return await self._create(request, "project", ())

    @route("DELETE", "/v3/users/{ident}")
    async def delete_user(self, request: Request, ident: str) -> Response:
        """Delete a user (administrators only)."""
        return await self._delete(request, "user", ident)

    @route("DELETE", "/v3/projects/{ident}")
    async def delete_project(self, request: Request, ident: str) -> Response:
        """Delete a project (administrators only)."""
        return await self._delete(request, "project", ident)

    @route("PUT", "/v3/projects/{project}/users/{user}/roles/{role}")
    async def grant(self, request: Request, project: str, user: str, role: str) -> Response:
        """Give a user a role in a project (administrators only)."""

        def work(tx: Transaction) -> None:
            self._administrator(tx, request)
            for kind, ident in (("project", project), ("user", user), ("role", role)):
                _found(tx, kind, ident)
            row = {"actor_id": user, "target_id": project, "role_id": role}
            if not tx.get("assignment", **row):
                tx.insert("assignment", **row)

        await self.database.transact(work)
        return Response(204)

    @route("GET", "/v3/projects/{project}/users/{user}/roles")
    async def granted(self, request: Request, project: str, user: str) -> Response:
        """The roles of a user in a project."""

        def work(tx: Transaction) -> list[dict[str, Any]]:
            self._valid(tx, _token(request))
            return [_shown("role", row) for row in tokens.roles(tx, user, project)]

        return Response(200, {"roles": await self.database.transact(work)})

    async def _list(self, request: Request, kind: str, many: str) -> Response:
        name = request.param("name")

        def work(tx: Transaction) -> list[dict[str, Any]]:
            self._valid(tx, _token(request))
            rows = tx.select(kind, {"name": name} if name is not None else {}, order_by="name")
            return [_shown(kind, row) for row in rows]

        return Response(200, {many: await self.database.transact(work)})

    async def _show(self, request: Request, kind: str, ident: str) -> Response:
        def work(tx: Transaction) -> dict[str, Any]:
            self._valid(tx, _token(request))
            return _shown(kind, _found(tx, kind, ident))

        return Response(200, {kind: await self.database.transact(work)})

    async def _create(self, request: Request, kind: str, more: tuple[str, ...]) -> Response:
        given = _object(request, kind)
        ident = self.clock.uuid("keystone", kind).replace("-", "")
        fields = ("name", "domain_id", "enabled", "description", *more)
        values = {name: given[name] for name in fields if given.get(name) is not None}

        def work(tx: Transaction) -> dict[str, Any]:
            self._administrator(tx, request)
            if tx.select(kind, {"name": given["name"]}):
                raise Fault(
                    409,
                    f"Conflict occurred attempting to store {kind} - Duplicate entry found with "
                    f"name {given['name']} at domain ID default.",
                )
            return _shown(kind, tx.insert(kind, id=ident, **values))

        return Response(201, {kind: await self.database.transact(work)})

    async def _delete(self, request: Request, kind: str, ident: str) -> Response:
        column = "actor_id" if kind == "user" else "target_id"

        def work(tx: Transaction) -> None:
            self._administrator(tx, request)
            _found(tx, kind, ident)
            tx.delete("assignment", {column: ident})
            tx.delete(kind, {"id": ident})

        await self.database.transact(work)
        return Response(204)

    def _administrator(self, tx: Transaction, request: Request) -> None:
        token = self._valid(tx, _token(request))
        held = tokens.roles(tx, token["user_id"], token["project_id"] or "")
        if not any(role["name"] == "admin" for role in held):
            raise Fault(403, "You are not authorized to perform the requested action.")


def _token(request: Request) -> str:
    return request.headers.get("x-auth-token", "")


def _auth(request: Request) -> dict[str, Any]:
    auth = _object(request, "auth")
    identity = auth.get("identity")
    if not isinstance(identity, dict) or not isinstance(identity.get("methods"), list):
        raise Fault(400, "Invalid input for field 'identity': 'methods' is a required property")
    return auth


def _object(request: Request, name: str) -> dict[str, Any]:
    try:
        body = request.body
    except ValueError:
        body = None
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, dict) or (name != "auth" and not found.get("name")):
        missing = name if not isinstance(found, dict) else "name"
        raise Fault(400, f"Invalid input: '{missing}' is a required property")
    return found


def _found(tx: Transaction, kind: str, ident: str) -> dict[str, Any]:
    row = tx.get(kind, id=ident)
    if row is None:
        raise Fault(404, f"Could not find {kind}: {ident}.")
    return row


def _shown(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    links = {"self": f"http://keystone/v3/{kind}s/{row['id']}"}
    return {**{name: value for name, value in row.items() if name != "password"}, "links": links}

"""Live migrations of a server that are under way (`nova/api/openstack/compute/server_migrations.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.policy import require_admin
from simnova.nova.api.server_actions import invalid_state
from simnova.nova.api.validation import validate
from simnova.nova.api.versions import Version, only
from simnova.nova.api.views import naive
from simnova.nova.compute.api import API
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import LIVE_IN_PROGRESS, Migration

_RULE = "os_compute_api:servers:migrations"


class ServerMigrationsController(Controller):
    """`/servers/{id}/migrations`."""

    def __init__(self, auth: Auth, compute_api: API) -> None:
        super().__init__(auth)
        self.compute_api = compute_api

    async def _server(
        self, request: Request, server_id: str, rule: str
    ) -> tuple[RequestContext, Instance]:
        context = await self.context(request)
        instance = await self.compute_api.get(context, server_id)
        require_admin(context, f"{_RULE}:{rule}")
        return instance.context or context, instance

    @route("GET", "/v2.1/servers/{server_id}/migrations")
    async def index(self, request: Request, server_id: str) -> Response:
        """The live migrations that the server is in the middle of."""
        version = only(request, (2, 23))
        _, instance = await self._server(request, server_id, "index")
        found = await self.compute_api.get_migrations_in_progress_by_instance(
            instance, "live-migration"
        )
        return Response(200, {"migrations": [_shown(one, version) for one in found]})

    @route("GET", "/v2.1/servers/{server_id}/migrations/{migration_id}")
    async def show(self, request: Request, server_id: str, migration_id: str) -> Response:
        """One of them, with what is sent and what is left, in bytes."""
        version = only(request, (2, 23))
        context, instance = await self._server(request, server_id, "show")
        try:
            found = await Migration.get_by_id_and_instance(
                context, _number(migration_id), instance.uuid
            )
        except exception.MigrationNotFoundForInstance:
            text = f"In-progress live migration {migration_id} is not found for server {server_id}."
            raise Fault(404, text) from None
        if not found.is_live_migration:
            text = f"Migration {migration_id} for server {server_id} is not live-migration."
            raise Fault(404, text)
        if found.status not in LIVE_IN_PROGRESS:
            text = f"Live migration {migration_id} for server {server_id} is not in progress."
            raise Fault(404, text)
        return Response(200, {"migration": _shown(found, version)})

    @route("POST", "/v2.1/servers/{server_id}/migrations/{migration_id}/action")
    async def force_complete(self, request: Request, server_id: str, migration_id: str) -> Response:
        """End it by force: 202."""
        only(request, (2, 22))
        validate(request.body, "moves.force_complete")
        context, instance = await self._server(request, server_id, "force_complete")
        try:
            await self.compute_api.live_migrate_force_complete(
                context, instance, _number(migration_id)
            )
        except exception.InstanceInvalidState as error:
            raise Fault(409, invalid_state(error, "force_complete")) from None
        except (exception.InvalidMigrationState, exception.MigrationNotFound) as error:
            raise Fault(400, str(error)) from None
        return Response(202)

    @route("DELETE", "/v2.1/servers/{server_id}/migrations/{migration_id}")
    async def delete(self, request: Request, server_id: str, migration_id: str) -> Response:
        """Call it off: 202; one that waits in the queue too, from 2.65 on."""
        version = only(request, (2, 24))
        context, instance = await self._server(request, server_id, "delete")
        try:
            await self.compute_api.live_migrate_abort(
                context, instance, _number(migration_id), version >= (2, 65)
            )
        except exception.InstanceInvalidState as error:
            raise Fault(409, invalid_state(error, "abort live migration")) from None
        except exception.InvalidMigrationState as error:
            raise Fault(400, str(error)) from None
        return Response(202)


def _number(text: str) -> int:
    """The id in a path; what is no number is the id of no migration."""
    return int(text) if text.isdigit() else -1


def _shown(migration: Migration, version: Version) -> dict[str, Any]:
    names = ("id", "status", "dest_compute", "dest_host", "dest_node")
    found = {name: getattr(migration, name) for name in (*names, "source_compute", "source_node")}
    found["created_at"] = naive(migration.created_at)
    found["updated_at"] = naive(migration.updated_at)
    found["server_uuid"] = migration.instance_uuid
    for what in ("memory", "disk"):
        for part in ("total", "processed", "remaining"):
            found[f"{what}_{part}_bytes"] = getattr(migration, f"{what}_{part}")
    if version >= (2, 59):
        found["uuid"] = migration.uuid
    if version >= (2, 80):
        found |= {"user_id": migration.user_id, "project_id": migration.project_id}
    return found

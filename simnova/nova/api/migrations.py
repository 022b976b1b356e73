"""Migrations of all kinds and servers (`nova/api/openstack/compute/migrations.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.validation import validate, versioned
from simnova.nova.api.versions import Version, version_of
from simnova.nova.api.views import naive
from simnova.nova.compute.api import API
from simnova.nova.objects.migration import LIVE_IN_PROGRESS, Migration

_RULE = "os_compute_api:os-migrations:index"

_SCHEMAS = [
    ((2, 80), "migrations.index_v280"),
    ((2, 66), "migrations.index_v266"),
    ((2, 59), "migrations.index_v259"),
    ((2, 1), "migrations.index"),
]

_EXACT = ("status", "migration_type", "source_compute", "instance_uuid", "user_id", "project_id")
_HOSTS = ("dest_compute", "dest_host", "dest_node", "source_compute", "source_node")
_FLAVORS = ("new_instance_type_id", "old_instance_type_id")


class MigrationsController(Controller):
    """`/os-migrations`."""

    def __init__(self, auth: Auth, compute_api: API) -> None:
        super().__init__(auth)
        self.compute_api = compute_api

    @route("GET", "/v2.1/os-migrations")
    async def index(self, request: Request) -> Response:
        """The migrations that the query asks for: the newest first, and in pages, from 2.59 on."""
        context = await self.admin(request, _RULE)
        version = version_of(request)
        validate(request.query, versioned(version, _SCHEMAS))
        wanted = {name: request.param(name) for name in _EXACT if name in request.query}
        if "host" in wanted:
            wanted.pop("source_compute", None)
        found = await self.compute_api.get_migrations(context, wanted)
        found = [one for one in found if _passes(one, request, version)]
        more: dict[str, Any] = {}
        if version >= (2, 59):
            found, more = _page(found[::-1], request, int(self.compute_api.conf.api.max_limit))
        return Response(200, {"migrations": [_shown(one, version) for one in found], **more})


def _passes(migration: Migration, request: Request, version: Version) -> bool:
    host = request.param("host")
    if host is not None and host not in (migration.source_compute, migration.dest_compute):
        return False
    changed = migration.updated_at or migration.created_at or ""
    since = request.param("changes-since") if version >= (2, 59) else None
    before = request.param("changes-before") if version >= (2, 66) else None
    if since and before and before < since:
        raise Fault(400, "The value of changes-since must be less than or equal to changes-before.")
    return (since is None or changed >= since) and (before is None or changed <= before)


def _page(
    found: list[Migration], request: Request, most: int
) -> tuple[list[Migration], dict[str, Any]]:
    """What comes after the marker, a migration's UUID, and the link to the next page where there may be one."""
    marker, limit = request.param("marker"), request.param("limit")
    if marker is not None:
        places = [number for number, one in enumerate(found) if one.uuid == marker]
        if not places:
            raise Fault(400, f"Marker {marker} could not be found.")
        found = found[places[0] + 1 :]
    size = min(int(limit or most), most)
    found, full = found[:size], len(found) >= size > 0
    if not full:
        return found, {}
    href = f"http://nova-api{request.path}?limit={size}&marker={found[-1].uuid}"
    return found, {"migrations_links": [{"rel": "next", "href": href}]}


def _shown(migration: Migration, version: Version) -> dict[str, Any]:
    names = ("id", "instance_uuid", "status", *_HOSTS, *_FLAVORS)
    found: dict[str, Any] = {name: getattr(migration, name) for name in names}
    found["created_at"] = naive(migration.created_at)
    found["updated_at"] = naive(migration.updated_at)
    if version >= (2, 23):
        found["migration_type"] = migration.migration_type
        if migration.is_live_migration and migration.status in LIVE_IN_PROGRESS:
            found["links"] = _links(migration)
    if version >= (2, 59):
        found["uuid"] = migration.uuid
    if version >= (2, 80):
        found |= {"user_id": migration.user_id, "project_id": migration.project_id}
    return found


def _links(migration: Migration) -> list[dict[str, str]]:
    path = f"servers/{migration.instance_uuid}/migrations/{migration.id}"
    return [
        {"rel": "self", "href": f"http://nova-api/v2.1/{path}"},
        {"rel": "bookmark", "href": f"http://nova-api/{path}"},
    ]

"""A server's move from one host to another (`nova/objects/migration.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable, remotable_class

__door__ = True

RESIZE, MIGRATION, LIVE_MIGRATION, EVACUATION = (
    "resize",
    "migration",
    "live-migration",
    "evacuation",
)
"""The types of a migration (`nova.objects.fields.MigrationType`)."""

IN_PROGRESS_AND_ERROR = (
    "accepted",
    "pre-migrating",
    "migrating",
    "post-migrating",
    "finished",
    "confirming",
    "reverting",
    "queued",
    "preparing",
    "running",
    "running (post-copy)",
    "error",
)
"""Every status but those at which a move has ended and takes no resources any more."""

LIVE_IN_PROGRESS = ("queued", "preparing", "running", "post-migrating")


@dataclass
class Migration(NovaObject):
    """A row of `migrations`: who moves, from where to where, and how far it is; memory and disk in bytes.

    Its UUID is a consumer in Placement: while a server is resized or migrated, the migration holds what the
    server has on the host it leaves.
    """

    VERSION: ClassVar[str] = "1.8"

    id: int | None = None
    uuid: str = ""
    source_compute: str | None = None
    dest_compute: str | None = None
    source_node: str | None = None
    dest_node: str | None = None
    dest_host: str | None = None
    old_instance_type_id: int | None = None
    new_instance_type_id: int | None = None
    instance_uuid: str | None = None
    status: str | None = None
    migration_type: str | None = None
    hidden: bool = False
    memory_total: int | None = None
    memory_processed: int | None = None
    memory_remaining: int | None = None
    disk_total: int | None = None
    disk_processed: int | None = None
    disk_remaining: int | None = None
    cross_cell_move: bool = False
    user_id: str | None = None
    project_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def is_live_migration(self) -> bool:
        """Whether the guest runs while it moves."""
        return self.migration_type == LIVE_MIGRATION

    @property
    def is_resize(self) -> bool:
        """Whether the server gets another flavor."""
        return self.migration_type == RESIZE

    @remotable
    async def create(self) -> None:
        """Write the row of a move that begins, in the name of whoever asks for it."""
        context = self.ctxt
        self.uuid = self.uuid or context.here.clock.uuid("migration")
        self.user_id, self.project_id = context.user_id, context.project_id
        self.created_at = context.now()
        values = {name: value for name, value in self.values().items() if name != "id"}
        self.id = (await context.cell_db.insert("migrations", **values))["id"]
        self.obj_reset_changes()

    @remotable
    async def save(self) -> None:
        """Write what has changed; raises MigrationNotFound."""
        changed = self.obj_what_changed()
        if not changed:
            return
        self.updated_at = changed["updated_at"] = self.ctxt.now()
        if not await self.ctxt.cell_db.update("migrations", {"id": self.id}, changed):
            raise exception.MigrationNotFound(migration_id=self.id)
        self.obj_reset_changes()

    @classmethod
    @remotable_class
    async def get_by_id(cls, context: RequestContext, migration_id: int) -> Migration:
        """The migration of that id; raises MigrationNotFound."""
        found = await cls._load(context, id=migration_id)
        if not found:
            raise exception.MigrationNotFound(migration_id=migration_id)
        return found[0]

    @classmethod
    @remotable_class
    async def get_by_id_and_instance(
        cls, context: RequestContext, migration_id: int, instance_uuid: str
    ) -> Migration:
        """The same, where it is a migration of that server; raises MigrationNotFoundForInstance."""
        found = await cls._load(context, id=migration_id, instance_uuid=instance_uuid)
        if not found:
            raise exception.MigrationNotFoundForInstance(
                migration_id=migration_id, instance_id=instance_uuid
            )
        return found[0]

    @classmethod
    @remotable_class
    async def get_by_instance_and_status(
        cls, context: RequestContext, instance_uuid: str, status: str
    ) -> Migration:
        """The first migration of a server that has this status; raises MigrationNotFoundByStatus."""
        found = await cls._load(context, instance_uuid=instance_uuid, status=status)
        if not found:
            raise exception.MigrationNotFoundByStatus(instance_id=instance_uuid, status=status)
        return found[0]

    # --- lists (`MigrationList`) ------------------------------------------------------------------------------

    @classmethod
    @remotable_class
    async def get_by_filters(
        cls, context: RequestContext, filters: dict[str, Any], read_deleted: bool = False
    ) -> list[Migration]:
        """The migrations that have these column values; a list stands for any of them.

        Those of deleted servers are deleted with them, and told only where they are asked for. `host` is the one
        they leave or the one they come to.
        """
        where = {name: value for name, value in filters.items() if name != "host"}
        if "host" not in filters:
            return await cls._load(context, read_deleted, **where)
        leaving = await cls._load(context, read_deleted, **where, source_compute=filters["host"])
        coming = await cls._load(context, read_deleted, **where, dest_compute=filters["host"])
        found = {migration.id or 0: migration for migration in (*leaving, *coming)}
        return [found[number] for number in sorted(found)]

    @classmethod
    @remotable_class
    async def get_in_progress_and_error(
        cls, context: RequestContext, host: str, node: str
    ) -> list[Migration]:
        """What comes to a node or leaves it, and has not ended in good order: what an audit looks at."""
        open_ = {"status": list(IN_PROGRESS_AND_ERROR)}
        leaving = await cls._load(context, source_compute=host, source_node=node, **open_)
        coming = await cls._load(context, dest_compute=host, dest_node=node, **open_)
        found = {migration.id: migration for migration in (*leaving, *coming)}
        return [found[key] for key in sorted(found, key=lambda key: key or 0)]

    @classmethod
    @remotable_class
    async def get_in_progress_by_host_and_node(
        cls, context: RequestContext, host: str, node: str
    ) -> list[Migration]:
        """What comes to a node or leaves it at this moment."""
        found = await cls.get_in_progress_and_error(context, host, node)
        return [migration for migration in found if migration.status != "error"]

    @classmethod
    @remotable_class
    async def get_in_progress_by_instance(
        cls, context: RequestContext, instance_uuid: str, migration_type: str
    ) -> list[Migration]:
        """The migrations of this type that a server is in the middle of."""
        return await cls._load(
            context,
            instance_uuid=instance_uuid,
            migration_type=migration_type,
            status=list(LIVE_IN_PROGRESS),
        )

    @classmethod
    @remotable_class
    async def get_unconfirmed_by_dest_compute(
        cls, context: RequestContext, until: str, dest_compute: str
    ) -> list[Migration]:
        """The resizes to that host that have waited for a decision since `until` or longer."""
        finished = await cls._load(context, status="finished", dest_compute=dest_compute)
        return [migration for migration in finished if (migration.updated_at or "") <= until]

    @classmethod
    async def _load(
        cls, context: RequestContext, read_deleted: bool = False, /, **where: Any
    ) -> list[Self]:
        there = {} if read_deleted else {"deleted": 0}
        rows = await context.cell_db.select("migrations", {**where, **there}, order_by="id")
        return [
            cls(
                **{name: row[name] for name in cls.field_names()}, context=context
            ).obj_reset_changes()
            for row in rows
        ]

"""A server (`nova/objects/instance.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import sqlalchemy as sa

from simnova.db.cell_schema import METADATA as CELL
from simnova.db.transaction import Transaction
from simnova.kernel.journal import declare
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import (
    NovaObject,
    from_primitive,
    remotable,
    remotable_class,
    to_primitive,
)
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.states import PowerState, State, TaskState, VmState, allowed

__door__ = True

UNEXPECTED = declare(
    "state.unexpected", "a server changed its state in a way that Nova's own flow does not have"
)

_ANY: tuple[str, ...] = ("any",)
_FLAVORS = {"cur": "flavor", "old": "old_flavor", "new": "new_flavor"}
_ELSEWHERE = (
    *_FLAVORS.values(),
    *("metadata", "system_metadata", "network_info", "fault", "context"),
)


@dataclass
class Instance(NovaObject):
    """A server as its cell's database has it. `memory_mb` in MB, disks in GB; times as ISO text in UTC."""

    VERSION: ClassVar[str] = "2.8"

    id: int | None = None
    uuid: str = ""
    user_id: str | None = None
    project_id: str | None = None
    display_name: str | None = None
    display_description: str | None = None
    hostname: str | None = None
    image_ref: str | None = None
    instance_type_id: int | None = None
    memory_mb: int = 0
    vcpus: int = 0
    root_gb: int = 0
    ephemeral_gb: int = 0
    vm_state: str = VmState.BUILDING
    task_state: str | None = None
    power_state: int = PowerState.NOSTATE
    host: str | None = None
    node: str | None = None
    launched_on: str | None = None
    availability_zone: str | None = None
    key_name: str | None = None
    key_data: str | None = None
    user_data: str | None = None
    config_drive: str = ""
    reservation_id: str | None = None
    launch_index: int = 0
    root_device_name: str | None = None
    progress: int = 0
    locked: bool = False
    locked_by: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    launched_at: str | None = None
    terminated_at: str | None = None
    deleted: int = 0
    deleted_at: str | None = None
    flavor: Flavor = field(default_factory=Flavor)
    old_flavor: Flavor | None = None
    new_flavor: Flavor | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    system_metadata: dict[str, str] = field(default_factory=dict)
    network_info: list[dict[str, Any]] = field(default_factory=list)
    fault: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """The name of the guest on its host, after `instance_name_template`."""
        return f"instance-{self.id:08x}" if self.id is not None else ""

    @property
    def state(self) -> State:
        """vm_state and task_state together."""
        return State(self.vm_state, self.task_state)

    async def create(self) -> None:
        """Write the server into the cell at which its context is targeted: its row, flavor, metadata, info cache."""
        self.created_at = self.ctxt.now()
        columns = {n: v for n, v in self.values().items() if n not in _ELSEWHERE and n != "id"}

        def work(tx: Any) -> int:
            row = tx.insert("instances", **columns)
            tx.insert(
                "instance_extra",
                instance_uuid=self.uuid,
                flavor=self._flavors(),
                created_at=self.created_at,
            )
            tx.insert(
                "instance_info_caches",
                instance_uuid=self.uuid,
                network_info="[]",
                created_at=self.created_at,
            )
            for table in ("metadata", "system_metadata"):
                for key, value in getattr(self, table).items():
                    tx.insert(f"instance_{table}", instance_uuid=self.uuid, key=key, value=value)
            return int(row["id"])

        self.id = await self.ctxt.cell_db.transact(work)
        self.obj_reset_changes()

    def _flavors(self) -> str:
        """The flavors as `instance_extra` has them: what the server is, was, and is to be."""
        held = {key: to_primitive(getattr(self, name)) for key, name in _FLAVORS.items()}
        return json.dumps(held, sort_keys=True)

    @remotable
    async def save(self, expected_task_state: Iterable[str | None] | str | None = _ANY) -> None:
        """Write what has changed, in one compare-and-swap statement.

        Raises UnexpectedTaskStateError where the task is none of `expected_task_state` any more,
        UnexpectedDeletingTaskStateError where somebody deletes the server, InstanceNotFound where it is gone.
        """
        changed = self.obj_what_changed()
        if not changed:
            return
        self.updated_at = changed["updated_at"] = self.ctxt.now()
        expected = _expected(expected_task_state)
        before = await self.ctxt.cell_db.transact(lambda tx: self._write(tx, changed, expected))
        if before is not None:
            vm, task = changed.get("vm_state", before.vm), changed.get("task_state", before.task)
            self._check_move(before, State(vm, task))
        self.obj_reset_changes()

    def _check_move(self, before: State, after: State) -> None:
        """Say so where the row has gone a way that is not in the table of moves."""
        if not allowed(before, after):
            data = {"instance": self.uuid, "before": str(before), "after": str(after)}
            self.ctxt.here.clock.journal.record(UNEXPECTED, data)

    def _write(
        self, tx: Any, changed: dict[str, Any], expected: list[str | None] | None
    ) -> State | None:
        """Write, and return the state before where the state is among what has changed."""
        where: dict[str, Any] = {"uuid": self.uuid, "deleted": 0}
        moves = "vm_state" in changed or "task_state" in changed
        before = tx.execute(_STATE, uuid=self.uuid) if moves else []
        states = {"task_state": _either(expected)} if expected is not None else None
        columns = {name: value for name, value in changed.items() if name not in _ELSEWHERE}
        if not tx.update("instances", where, columns, expected=states):
            raise self._conflict(tx, expected)
        if changed.keys() & set(_FLAVORS.values()):
            tx.update("instance_extra", {"instance_uuid": self.uuid}, {"flavor": self._flavors()})
        if "network_info" in changed:
            text = json.dumps(self.network_info, sort_keys=True)
            tx.update("instance_info_caches", {"instance_uuid": self.uuid}, {"network_info": text})
        for table in ("metadata", "system_metadata"):
            if table in changed:
                self._write_metadata(tx, table)
        return State(**before[0]) if before else None

    def _write_metadata(self, tx: Any, name: str) -> None:
        """Change the rows that differ, as Nova does (`_instance_metadata_update_in_place`)."""
        table, mine = f"instance_{name}", {"instance_uuid": self.uuid}
        wanted: dict[str, str] = getattr(self, name)
        there = {row["key"]: row["value"] for row in tx.select(table, mine)}
        for key in sorted(there.keys() - wanted.keys()):
            tx.delete(table, {**mine, "key": key})
        for key, value in wanted.items():
            if key not in there:
                tx.insert(table, **mine, key=key, value=value)
            elif there[key] != value:
                tx.update(table, {**mine, "key": key}, {"value": value})

    def _conflict(self, tx: Any, expected: list[str | None] | None) -> Exception:
        row = tx.get("instances", uuid=self.uuid, deleted=0)
        if row is None:
            return exception.InstanceNotFound(instance_id=self.uuid)
        actual = row["task_state"]
        deleting = actual == TaskState.DELETING and TaskState.DELETING not in (expected or [])
        kind = (
            exception.UnexpectedDeletingTaskStateError
            if deleting
            else exception.UnexpectedTaskStateError
        )
        return kind(
            instance_uuid=self.uuid,
            expected=f"{{'task_state': {expected}}}",
            actual=f"{{'task_state': {actual!r}}}",
        )

    @remotable
    async def destroy(self) -> None:
        """Soft-delete the server and its moves: the rows stay, each marked with its own id (`deleted`).

        Raises InstanceNotFound, and ObjectActionError where it has got a host that this object knows nothing of.
        """
        self.deleted_at = self.ctxt.now()
        values = {"deleted": self.id, "deleted_at": self.deleted_at}
        where = {"uuid": self.uuid, "deleted": 0} | ({} if self.host else {"host": None})
        if not await self.ctxt.cell_db.transact(partial(_soft_delete, self.uuid, where, values)):
            if await self.ctxt.cell_db.get("instances", uuid=self.uuid, deleted=0):
                raise exception.ObjectActionError(action="destroy", reason="host changed")
            raise exception.InstanceNotFound(instance_id=self.uuid)
        self.deleted = self.id or 0
        self.obj_reset_changes()

    @remotable
    async def note_cleaning(self, attempts: int, cleaned: bool) -> None:
        """Of a deleted server: how often it was tried to remove its files, and whether they are gone."""
        self.system_metadata = {**self.system_metadata, "clean_attempts": str(attempts)}

        def work(tx: Any) -> None:
            self._write_metadata(tx, "system_metadata")
            if cleaned:
                tx.update("instances", {"uuid": self.uuid}, {"cleaned": 1})

        await self.ctxt.cell_db.transact(work)
        self.obj_reset_changes()

    @remotable
    async def refresh(self) -> None:
        """Read the row again; raises InstanceNotFound."""
        found = await Instance.get_by_uuid(self.ctxt, self.uuid)
        for name, value in found.values().items():
            setattr(self, name, value)
        self.obj_reset_changes()

    @classmethod
    @remotable_class
    async def get_by_uuid(
        cls, context: RequestContext, uuid: str, read_deleted: bool = False
    ) -> Instance:
        """The server of that UUID in the cell of the context, a deleted one if asked for; raises InstanceNotFound."""
        found = await _load(context, {"uuid": uuid} | ({} if read_deleted else {"deleted": 0}))
        if not found:
            raise exception.InstanceNotFound(instance_id=uuid)
        return found[0]

    @classmethod
    @remotable_class
    async def get_by_host(cls, context: RequestContext, host: str) -> list[Instance]:
        """The servers on that host."""
        return await _load(context, {"host": host, "deleted": 0})

    @classmethod
    async def get_uuids_by_hosts(
        cls, context: RequestContext, hosts: list[str]
    ) -> dict[str, list[str]]:
        """The UUIDs of the servers on each of those hosts (`InstanceList.get_uuids_by_host`, for many at once)."""
        found: dict[str, list[str]] = {host: [] for host in hosts}
        for row in await context.cell_db.select(
            "instances", {"host": hosts, "deleted": 0}, order_by="id"
        ):
            found[row["host"]].append(row["uuid"])
        return found

    @classmethod
    async def get_places(
        cls, context: RequestContext, ids: list[int] | None
    ) -> list[tuple[int, str, str]]:
        """Id, UUID and host of the servers that are on a host: of all, or of those of some ids."""
        if ids == []:
            return []
        where = {"deleted": 0} | ({} if ids is None else {"id": ids})
        rows = await context.cell_db.select("instances", where, order_by="id")
        return [(row["id"], row["uuid"], row["host"]) for row in rows if row["host"]]

    @classmethod
    async def get_counts(
        cls, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, int]:
        """How many servers a project, or a user of it, has in the cell, with their cores and RAM in MB.

        Those that wait to be reclaimed do not count (`InstanceList.get_counts`).
        """
        where = {"deleted": 0, "project_id": project_id} | ({"user_id": user_id} if user_id else {})
        counts = [0, 0, 0]
        for sign, more in ((1, {}), (-1, {"vm_state": VmState.SOFT_DELETED})):
            (found,) = await context.cell_db.totals(
                "instances", ["vcpus", "memory_mb"], where | more
            )
            given = [found[name] or 0 for name in ("count", "vcpus", "memory_mb")]
            counts = [count + sign * int(one) for count, one in zip(counts, given, strict=True)]
        return dict(zip(("instances", "cores", "ram"), counts, strict=True))

    @classmethod
    @remotable_class
    async def get_all(
        cls, context: RequestContext, deleted: bool | None = False, /, **filters: Any
    ) -> list[Instance]:
        """The servers of the cell that have these column values, in the order in which they were made.

        With `deleted` only those that are, with None these and the others.
        """
        if deleted is False:
            return await _load(context, {"deleted": 0, **filters})
        found = await _load(context, filters)
        return [one for one in found if one.deleted or not deleted]


_SERVERS = CELL.tables["instances"]
_STATE = sa.select(_SERVERS.c.vm_state.label("vm"), _SERVERS.c.task_state.label("task")).where(
    _SERVERS.c.uuid == sa.bindparam("uuid"), _SERVERS.c.deleted == sa.literal_column("0")
)


def _either(states: list[str | None]) -> Any:
    return states if len(states) > 1 else states[0]


def _expected(states: Iterable[str | None] | str | None) -> list[str | None] | None:
    if states is None or isinstance(states, str):
        return [states]
    return None if tuple(states) == _ANY else list(states)


async def _load(context: RequestContext, where: dict[str, Any]) -> list[Instance]:
    def work(tx: Any) -> list[Instance]:
        rows = tx.select("instances", where, order_by="id")
        uuids = [row["uuid"] for row in rows]
        if not uuids:
            return []
        parts = {
            table: tx.select(table, {"instance_uuid": uuids})
            for table in (
                "instance_extra",
                "instance_info_caches",
                "instance_metadata",
                "instance_system_metadata",
            )
        }
        faults = tx.select("instance_faults", {"instance_uuid": uuids}, order_by="id")
        return [_build(context, row, parts, faults) for row in rows]

    return await context.cell_db.transact(work)


def _build(
    context: RequestContext,
    row: dict[str, Any],
    parts: dict[str, list[dict[str, Any]]],
    faults: list[dict[str, Any]],
) -> Instance:
    def mine(table: str) -> list[dict[str, Any]]:
        return [part for part in parts[table] if part["instance_uuid"] == row["uuid"]]

    values = {name: row[name] for name in Instance.field_names() if name not in _ELSEWHERE}
    (extra,), (cache,) = mine("instance_extra"), mine("instance_info_caches")
    fault = [f for f in faults if f["instance_uuid"] == row["uuid"]]
    kept = json.loads(extra["flavor"])
    instance = Instance(
        **values,
        **{name: from_primitive(kept[key], context) for key, name in _FLAVORS.items()},
        network_info=json.loads(cache["network_info"]),
        metadata={part["key"]: part["value"] for part in mine("instance_metadata")},
        system_metadata={part["key"]: part["value"] for part in mine("instance_system_metadata")},
        fault=fault[-1] if fault else None,
        context=context,
    )
    return instance.obj_reset_changes()


def _soft_delete(uuid: str, where: dict[str, Any], values: dict[str, Any], tx: Transaction) -> int:
    """Of all that is a server's, its migrations are what somebody looks for later (`instance_destroy`)."""
    found = tx.update("instances", where, values)
    for row in tx.select("migrations", {"instance_uuid": uuid, "deleted": 0}) if found else ():
        gone = {"deleted": row["id"], "deleted_at": values["deleted_at"]}
        tx.update("migrations", {"id": row["id"]}, gone)
    return found

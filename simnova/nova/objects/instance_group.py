"""Server groups: servers that belong together or apart (`nova/objects/instance_group.py`)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable_class
from simnova.nova.objects.instance import Instance
from simnova.nova.scatter_gather import scatter_gather_skip_cell0

__door__ = True


@dataclass
class InstanceGroup(NovaObject):
    """A group with its policy, the UUIDs of its servers and, while one is scheduled, their hosts.

    The rule `max_server_per_host` loosens the policy anti-affinity.
    """

    VERSION: ClassVar[str] = "1.11"

    uuid: str = ""
    name: str = ""
    user_id: str | None = None
    project_id: str | None = None
    policy: str = ""
    rules: dict[str, Any] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    id: int | None = None

    @property
    def policies(self) -> list[str]:
        """The policy as the list that it once was."""
        return [self.policy]

    # --- reading ----------------------------------------------------------------------------------------------

    @classmethod
    @remotable_class
    async def get_by_uuid(cls, context: RequestContext, uuid: str) -> InstanceGroup:
        """The group of that UUID, if it is the project's or an administrator asks; raises InstanceGroupNotFound."""
        found = await _load(context, {"uuid": uuid})
        if not found:
            raise exception.InstanceGroupNotFound(group_uuid=uuid)
        return found[0]

    @classmethod
    @remotable_class
    async def get_by_hint(cls, context: RequestContext, hint: str) -> InstanceGroup:
        """The group of that UUID or name; raises InstanceGroupNotFound."""
        found = await _load(context, {"uuid" if _is_uuid(hint) else "name": hint})
        if not found:
            raise exception.InstanceGroupNotFound(group_uuid=hint)
        return found[0]

    @classmethod
    @remotable_class
    async def get_by_instance_uuid(
        cls, context: RequestContext, instance_uuid: str
    ) -> InstanceGroup:
        """The group that a server is in; raises InstanceGroupNotFound."""
        rows = await context.api_db.select(
            "instance_group_member", {"instance_uuid": instance_uuid}
        )
        found = await _load(context, {"id": rows[0]["group_id"]}) if rows else []
        if not found:
            raise exception.InstanceGroupNotFound(group_uuid="")
        return found[0]

    @classmethod
    async def get_all(
        cls, context: RequestContext, project_id: str | None = None
    ) -> list[InstanceGroup]:
        """The groups of a project, or of all, in the order in which they were made."""
        return await _load(context, {"project_id": project_id} if project_id else {})

    @classmethod
    async def get_counts(
        cls, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, dict[str, int]]:
        """How many groups a project has, and one user of it where asked (`InstanceGroupList.get_counts`)."""
        where = {"project_id": project_id}
        scopes = {"project": where} | ({"user": where | {"user_id": user_id}} if user_id else {})
        counts = {}
        for scope, of in scopes.items():
            (found,) = await context.api_db.totals("instance_groups", [], of)
            counts[scope] = {"server_groups": int(found["count"])}
        return counts

    @classmethod
    @remotable_class
    async def get_hosts(
        cls, context: RequestContext, members: list[str], exclude: Collection[str] = ()
    ) -> list[str]:
        """The hosts of these servers: in the context's cell, or in every cell where it is targeted at none."""
        wanted = [uuid for uuid in members if uuid not in exclude]
        if not wanted:
            return []
        if context.db_connection is not None or context.here.api_database is None:
            found = await Instance.get_all(context, uuid=wanted)
        else:
            answers = await scatter_gather_skip_cell0(context, Instance.get_all, uuid=wanted)
            found = [
                one for answer in answers.values() if isinstance(answer, list) for one in answer
            ]
        return sorted({one.host for one in found if one.host})

    # --- writing ----------------------------------------------------------------------------------------------

    async def create(self) -> None:
        """Write it with its policy and rules."""
        self.uuid = self.uuid or self.ctxt.here.clock.uuid("instance_group")
        names = ("uuid", "name", "user_id", "project_id")
        values = {name: getattr(self, name) for name in names}

        def work(tx: Any) -> int:
            row = tx.insert("instance_groups", **values, created_at=self.ctxt.now())
            rules = json.dumps(self.rules)
            tx.insert("instance_group_policy", group_id=row["id"], policy=self.policy, rules=rules)
            return int(row["id"])

        self.id = await self.ctxt.api_db.transact(work)

    async def destroy(self) -> None:
        """Delete it; its servers stay. Raises InstanceGroupNotFound."""

        def work(tx: Any) -> None:
            tx.delete("instance_group_policy", {"group_id": self.id})
            tx.delete("instance_group_member", {"group_id": self.id})
            if not tx.delete("instance_groups", {"id": self.id}):
                raise exception.InstanceGroupNotFound(group_uuid=self.uuid)

        await self.ctxt.api_db.transact(work)

    def insert_members(self, tx: Any, instance_uuids: list[str]) -> None:
        """Put servers in, inside a transaction on the API's database."""
        for instance_uuid in instance_uuids:
            tx.insert("instance_group_member", group_id=self.id, instance_uuid=instance_uuid)
        self.members += instance_uuids


def _is_uuid(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


async def _load(context: RequestContext, where: dict[str, Any]) -> list[InstanceGroup]:
    """The groups that fit, with policy and members; only those of the project for who is no administrator."""
    if not context.is_admin:
        where = {**where, "project_id": context.project_id}

    def work(tx: Any) -> list[InstanceGroup]:
        rows = tx.select("instance_groups", where, order_by="id")
        return [_from_row(tx, context, row) for row in rows]

    return await context.api_db.transact(work)


def _from_row(tx: Any, context: RequestContext, row: dict[str, Any]) -> InstanceGroup:
    of = {"group_id": row["id"]}
    (policy,) = tx.select("instance_group_policy", of)
    members = tx.select("instance_group_member", of, order_by="id")
    names = ("id", "uuid", "name", "user_id", "project_id")
    return InstanceGroup(
        **{name: row[name] for name in names},
        policy=policy["policy"],
        rules=_typed(json.loads(policy["rules"] or "{}")),
        members=[member["instance_uuid"] for member in members],
        context=context,
    ).obj_reset_changes()


def _typed(rules: dict[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in rules.items()}

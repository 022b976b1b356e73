"""Limits as they were set for classes, projects and users (`nova/objects/quotas.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.context import RequestContext

__door__ = True

Limits = dict[str, int]
"""A limit for each resource; -1 is none."""

DEFAULT_CLASS = "default"
"""The quota class whose limits stand before those of nova.conf."""


class Quotas:
    """Rows of `quotas`, `project_user_quotas` and `quota_classes`."""

    @staticmethod
    async def get_all_by_project(context: RequestContext, project_id: str) -> Limits:
        """What was set for a project."""
        return _limits(await context.api_db.select("quotas", {"project_id": project_id}))

    @staticmethod
    async def get_all_by_project_and_user(
        context: RequestContext, project_id: str, user_id: str
    ) -> Limits:
        """What was set for a user within a project."""
        where = {"project_id": project_id, "user_id": user_id}
        return _limits(await context.api_db.select("project_user_quotas", where))

    @staticmethod
    async def get_shared_out(context: RequestContext, project_id: str) -> Limits:
        """The sums of what was set for the users of a project (`Quotas.get_all`, added up)."""
        where = {"project_id": project_id}
        rows = await context.api_db.totals(
            "project_user_quotas", ["hard_limit"], where, by=["resource"]
        )
        return _limits(rows)

    @staticmethod
    async def get_all_class_by_name(context: RequestContext, name: str) -> Limits:
        """What was set for a quota class."""
        return _limits(await context.api_db.select("quota_classes", {"class_name": name}))

    @staticmethod
    async def set_limit(
        context: RequestContext,
        project_id: str,
        resource: str,
        limit: int,
        user_id: str | None = None,
    ) -> None:
        """Set a project's limit, or that of a user within it."""
        where = {"project_id": project_id, "resource": resource}
        if user_id:
            await _put(context, "project_user_quotas", {**where, "user_id": user_id}, limit)
        else:
            await _put(context, "quotas", where, limit)

    @staticmethod
    async def update_class(
        context: RequestContext, class_name: str, resource: str, limit: int
    ) -> None:
        """Set a limit of a class."""
        where = {"class_name": class_name, "resource": resource}
        await _put(context, "quota_classes", where, limit)

    @staticmethod
    async def destroy_all(
        context: RequestContext, project_id: str, user_id: str | None = None
    ) -> None:
        """Forget what was set for a project and its users, or for one of the users."""
        where = {"project_id": project_id}

        def work(tx: Any) -> None:
            if user_id:
                tx.delete("project_user_quotas", {**where, "user_id": user_id})
                return
            tx.delete("quotas", where)
            tx.delete("project_user_quotas", where)

        await context.api_db.transact(work)


def _limits(rows: list[dict[str, Any]]) -> Limits:
    return {row["resource"]: row["hard_limit"] for row in rows}


async def _put(context: RequestContext, table: str, where: dict[str, Any], limit: int) -> None:
    def work(tx: Any) -> None:
        if not tx.update(table, where, {"hard_limit": limit}):
            tx.insert(table, **where, hard_limit=limit)

    await context.api_db.transact(work)

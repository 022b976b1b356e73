"""What was done to a server, and how its steps ended (`nova/objects/instance_action.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable, remotable_class

__door__ = True


@dataclass
class InstanceAction(NovaObject):
    """An action a user asked for; its events say what each service did."""

    VERSION: ClassVar[str] = "1.2"

    id: int | None = None
    instance_uuid: str = ""
    action: str = ""
    request_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    start_time: str | None = None
    finish_time: str | None = None
    message: str | None = None

    @classmethod
    @remotable_class
    async def action_start(cls, context: RequestContext, uuid: str, action: str) -> InstanceAction:
        """Note that an action begins."""
        values: dict[str, Any] = {
            "instance_uuid": uuid,
            "action": action,
            "request_id": context.request_id,
            "user_id": context.user_id,
            "project_id": context.project_id,
            "start_time": context.now(),
        }
        row = await context.cell_db.insert("instance_actions", **values, created_at=context.now())
        return cls(id=row["id"], **values, context=context)

    async def finish(self) -> None:
        """Note that it has ended, where no event does."""
        self.finish_time = self.ctxt.now()
        values = {"finish_time": self.finish_time}
        await self.ctxt.cell_db.update("instance_actions", {"id": self.id}, values)


@dataclass
class InstanceActionEvent(NovaObject):
    """One service's part of an action: `async with InstanceActionEvent.around(context, uuid, "compute_…"):`."""

    VERSION: ClassVar[str] = "1.4"

    instance_uuid: str = ""
    event: str = ""
    host: str | None = None

    @remotable
    async def event_start(self) -> None:
        """The service begins."""

        def work(tx: Any) -> None:
            action = _latest(tx, self.instance_uuid, self.ctxt.request_id)
            if action is not None:
                now = self.ctxt.now()
                values = {"action_id": action["id"], "event": self.event, "host": self.host}
                tx.insert("instance_actions_events", **values, start_time=now, created_at=now)

        await self.ctxt.cell_db.transact(work)

    @remotable
    async def event_finish(self, error: str | None = None) -> None:
        """The service has ended, well or with an error; an error marks the action too."""

        def work(tx: Any) -> None:
            action = _latest(tx, self.instance_uuid, self.ctxt.request_id)
            if action is None:
                return
            where = {"action_id": action["id"], "event": self.event, "finish_time": None}
            now = self.ctxt.now()
            result = "Error" if error else "Success"
            tx.update(
                "instance_actions_events",
                where,
                {"finish_time": now, "result": result, "traceback": error, "details": error},
            )
            if error:
                tx.update("instance_actions", {"id": action["id"]}, {"message": "Error"})

        await self.ctxt.cell_db.transact(work)

    @classmethod
    @remotable_class
    async def get_by_instance(cls, context: RequestContext, uuid: str) -> list[dict[str, Any]]:
        """The actions of a server with their events, oldest first."""

        def work(tx: Any) -> list[dict[str, Any]]:
            actions = tx.select("instance_actions", {"instance_uuid": uuid}, order_by="id")
            for action in actions:
                where = {"action_id": action["id"]}
                action["events"] = tx.select("instance_actions_events", where, order_by="id")
            return list(actions)

        return await context.cell_db.transact(work)


def _latest(tx: Any, uuid: str, request_id: str | None) -> dict[str, Any] | None:
    """The action of this request, else the server's last one."""
    table, last = "instance_actions", {"order_by": "-id", "limit": 1}
    mine = tx.select(table, {"instance_uuid": uuid, "request_id": request_id}, **last)
    found = mine or tx.select(table, {"instance_uuid": uuid}, **last)
    return found[0] if found else None


class EventReporter:
    """Reports a service's part of an action around a block (`nova/compute/utils.py`)."""

    def __init__(self, context: RequestContext, event: str, host: str | None, uuid: str) -> None:
        self.event = InstanceActionEvent(
            instance_uuid=uuid, event=event, host=host, context=context
        )

    async def __aenter__(self) -> Self:
        await self.event.event_start()
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, Exception):
            await self.event.event_finish(str(error) if error else None)

"""Who asks, and where: the context that accompanies every request (`nova/context.py`).

What identifies the request crosses every message. What binds it to a place does not: the databases, the message bus
and the cell are those of the service that holds the context, and nova-compute's holds no database at all.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from simnova.db.exception import CantStartEngineError, DBNotAllowed
from simnova.kernel.clock import Clock

if TYPE_CHECKING:
    from simnova.db.database import Database
    from simnova.messaging.rpc import Transport
    from simnova.nova.objects.cell_mapping import CellMapping


class Indirection(Protocol):
    """Who saves and loads objects for a service without a database: the conductor (`nova/conductor/rpcapi.py`)."""

    async def object_action(
        self,
        context: RequestContext,
        objinst: Any,
        objmethod: str,
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> tuple[dict[str, Any], Any]:
        """Have a method of an object run there; returns what it changed and what it answered."""
        ...

    async def object_class_action_versions(
        self,
        context: RequestContext,
        objname: str,
        objmethod: str,
        object_versions: dict[str, str],
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> Any:
        """Have a class method of an object run there."""
        ...


def _nowhere(url: str) -> Transport | None:
    return None


@dataclass
class Place:
    """Where a service stands: its clock, its own bus and databases, and those of the cells by their addresses.

    `connect` opens the bus of an address; None is that there is no such bus, as for cell0.

    nova-compute has no database; it has an `indirection`. `cell_database` is the one that a service of a cell is
    configured with; API-level services reach the cells' through the cell mappings.
    """

    clock: Clock
    transport: Transport | None = None
    api_database: Database | None = None
    cell_database: Database | None = None
    databases: dict[str, Database] = field(default_factory=dict)
    connect: Callable[[str], Transport | None] = field(default=_nowhere, repr=False)
    indirection: Indirection | None = None

    def bus(self, url: str | None) -> Transport | None:
        """The service's way to the bus of that address, opened when it is first needed; by default its own bus."""
        return (self.connect(url) if url else None) or self.transport


@dataclass
class RequestContext:
    """One request, as it travels (`nova.context.RequestContext`), and the place where it is now."""

    user_id: str | None = None
    project_id: str | None = None
    is_admin: bool = False
    roles: list[str] = field(default_factory=list)
    request_id: str | None = None
    user_name: str | None = None
    project_name: str | None = None
    auth_token: str | None = None
    place: Place | None = field(default=None, repr=False, compare=False)
    db_connection: Database | None = field(default=None, repr=False, compare=False)
    mq_connection: str | None = field(default=None, repr=False, compare=False)
    cell_uuid: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """What crosses a message."""
        return {name: getattr(self, name) for name in _TRAVELS}

    @classmethod
    def from_dict(cls, values: dict[str, Any], place: Place | None = None) -> RequestContext:
        """The context that arrived, bound to the place where it arrived."""
        return cls(**{name: values[name] for name in _TRAVELS if name in values}, place=place)

    def __copy__(self) -> RequestContext:
        """The same request, to be given another place."""
        made = RequestContext.__new__(RequestContext)
        vars(made).update(vars(self))
        return made

    def elevated(self) -> RequestContext:
        """The same request with an administrator's rights."""
        return replace(self, is_admin=True, roles=sorted({*self.roles, "admin"}))

    @property
    def here(self) -> Place:
        """The place; raises where a context was used outside a service."""
        if self.place is None:
            raise RuntimeError("this context belongs to no service")
        return self.place

    @property
    def indirection_api(self) -> Indirection | None:
        """The conductor, where this place has no database of its own."""
        return self.place.indirection if self.place else None

    @property
    def api_db(self) -> Database:
        """The database of the API level, nova_api; raises CantStartEngineError in a cell's conductor that has none."""
        if self.here.api_database is None and self.here.cell_database is not None:
            raise CantStartEngineError()
        return _required(self.here.api_database)

    @property
    def cell_db(self) -> Database:
        """The database of the cell at which this context is targeted; the service's own where it is at none."""
        return _required(self.db_connection or self.here.cell_database)

    def now(self) -> str:
        """The cloud's time as Nova's objects carry it, `2026-01-01T00:00:00Z`."""
        return self.here.clock.utcnow()


def _required(database: Database | None) -> Database:
    if database is None:
        raise DBNotAllowed(binary="nova-compute")
    return database


_TRAVELS = [
    f.name
    for f in fields(RequestContext)
    if f.name not in ("place", "db_connection", "mq_connection", "cell_uuid")
]


def target_cell(context: RequestContext, cell: CellMapping) -> RequestContext:
    """A copy of the context whose database and message bus are those of the cell (`nova.context.target_cell`)."""
    place = context.here
    there = copy(context)
    there.db_connection = place.databases.get(cell.database_connection)
    there.mq_connection = cell.transport_url
    there.cell_uuid = cell.uuid
    return there


def get_admin_context(place: Place, request_id: str | None = None) -> RequestContext:
    """The context of a service's own work: start-up, periodic tasks (`nova.context.get_admin_context`)."""
    return RequestContext(is_admin=True, roles=["admin"], place=place, request_id=request_id)


__all__ = ["Indirection", "Place", "RequestContext", "get_admin_context", "target_cell"]

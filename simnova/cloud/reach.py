"""What a captured compute host could reach: found out by trying, in a fork, as its nova-compute.

Whoever owns the host has what the process has: its place, that is a bus and, as before Grizzly, perhaps a database; and
its code, which no longer checks anything. What he sends is what any nova-compute may send.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simnova.cloud.running import Running
from simnova.db.database import Database
from simnova.db.transaction import Transaction
from simnova.exceptions import NovaError, UsageError, one_of
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.context import Place, get_admin_context
from simnova.nova.objects.base import REGISTRY
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState
from simnova.observe.markup import element
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly
    from simnova.cloud.cloud import Cloud

__door__ = True

NAME = "captured"
"""What the intruder calls a server of someone else's."""


@dataclass
class Reach:
    """What came of it. `cloud` is the fork in which it was tried; the cloud that was asked knows nothing of it."""

    host: str
    cloud: Cloud
    began: int
    opened: list[tuple[str, int, int | None, str]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def sql(self) -> Table:
        """With SQL: each table that could be read, and each database that could not."""
        rows: list[tuple[Any, ...]] = list(self.opened)
        rows += [(f"{name}, any table", None, None, why) for name, why in self.refused.items()]
        columns = ("table", "rows", "other hosts'", "to write")
        return Table(columns, rows, f"{self.host}, with SQL")

    def messages(self) -> Table:
        """With the methods of Nova's objects and with RPC: what was asked of whom, and what came back."""
        return Table(("of", "asked", "answer"), self.asked, f"{self.host}, with Nova's own methods")

    def seen(self) -> Table:
        """What others can know of it: the events in which another process took part, by process and kind.

        A statement that reads leaves none: who came with SQL and only looked was not seen by anybody.
        """
        own = f"nova-compute@{self.host}"
        found = Counter(
            (one.actor, one.kind)
            for one in self.cloud.journal.events[self.began :]
            if one.kind.startswith(("rpc.", "db.")) and one.actor != own and not one.background
        )
        rows = [(*key, count) for key, count in sorted(found.items())]
        return Table(("process", "event", "times"), rows, "seen by others")

    def __repr__(self) -> str:
        return "\n\n".join(str(table) for table in (self.sql(), self.messages()))

    def _repr_html_(self) -> str:
        return element("div", self.sql()._repr_html_() + self.messages()._repr_html_())


class Captures(Running):
    """Lets a learner find out what a compute host reaches."""

    def fork(self, at: int | None = None) -> Cloud:
        """See `Cloud.fork`."""
        raise NotImplementedError

    def reach(self, host: str) -> Reach:
        """What someone who has taken a compute host over can read and change: found out in a fork of this cloud.

        Raises `UsageError` for a host that there is not, or whose nova-compute does not run.
        """
        self._check_open()
        one_of("host", host, self.assembly.hosts)
        if not self._runs(f"nova-compute@{host}"):
            raise UsageError(f"nova-compute@{host} is not running: who has {host} has no more")
        twin = self.fork()
        reach: Reach = twin._input("capture", host=host)
        twin.run()
        return reach

    def _runs(self, name: str) -> bool:
        life = self.assembly.running.get(name)
        return life is not None and life.alive

    def _do_capture(self, host: str) -> Reach:
        name, began = f"nova-compute@{host}", len(self.journal)
        cloud: Any = self
        reach = Reach(host, cloud, began)
        request_id = f"req-{self.clock.uuid('request')}"
        intruder = _Intruder(self.assembly.daemons[name].place, reach, request_id)
        self.clock.spawn(
            intruder.look_around(_novas(self.assembly)),
            service=self.assembly.running[name],
            cause=began - 1,
            request_id=request_id,
        )
        return reach


def _novas(assembly: Assembly) -> list[Database]:
    """Nova's databases; of the neighbours' a compute host has never known."""
    names = ("nova_api", "nova_cell0", *(cell.database for cell in assembly.layout.cells))
    return [assembly.databases[name] for name in names]


class _Undone(Exception):
    """Takes a trial back: he wants to know, not to be noticed."""


class _Intruder:
    """He acts as nova-compute, in its place."""

    def __init__(self, place: Place, reach: Reach, request_id: str) -> None:
        self.place = place
        self.reach = reach
        self.context = get_admin_context(place, request_id)

    async def look_around(self, databases: list[Database]) -> None:
        """Try every table with SQL, then what Nova's own methods give to whoever calls them."""
        for database in databases:
            await self._sql(database)
        cells = self._method("CellMapping", "get_all")
        await self._ask("the addresses of the databases", cells, _addresses)
        services = self._method("Service", "get_all")
        found = await self._ask("the services of the cell", services, _count)
        hosts = sorted({one.host for one in found or () if one.binary == "nova-compute"})
        for host in hosts:
            if host != self.reach.host and await self._victim(host):
                break

    # --- SQL --------------------------------------------------------------------------------------------------

    async def _sql(self, database: Database) -> None:
        try:
            for table in database.metadata.tables.values():
                rows = await database.select(table.name)
                own = self.reach.host
                others = sum(row.get("host") not in (None, own) for row in rows)
                of_others = others if any("host" in row for row in rows) else None
                written = await self._write(database, table.name, *table.columns.keys()[:1])
                name = f"{database.name}.{table.name}"
                self.reach.opened.append((name, len(rows), of_others, written))
        except NovaError as error:
            self.reach.refused[database.name] = str(error)

    async def _write(self, database: Database, table: str, column: str) -> str:
        """Write the first row as it is, and take it back."""

        def touch(tx: Transaction) -> None:
            for row in tx.select(table, limit=1) or [{column: None}]:
                tx.update(table, {column: row[column]}, {column: row[column]})
            raise _Undone

        try:
            await database.transact(touch)
        except _Undone:
            return "yes"
        except NovaError as error:
            return str(error)
        return "no"

    # --- Nova's own methods -----------------------------------------------------------------------------------

    @property
    def _of(self) -> str:
        return "the database" if self.place.indirection is None else "nova-conductor"

    async def _method(self, kind: str, method: str) -> Any:
        """Any method of any object: here, or at the conductor, which runs what it is told to."""
        if self.place.indirection is None:
            return await getattr(REGISTRY[kind], method)(self.context)
        return await self.place.indirection.object_class_action_versions(
            self.context, kind, method, {kind: REGISTRY[kind].VERSION}, [], {}
        )

    async def _ask(self, what: str, asked: Awaitable[Any], told: Callable[[Any], str]) -> Any:
        try:
            answer = await asked
        except NovaError as error:
            self.reach.asked.append((self._of, what, f"refused: {error}"))
            return None
        self.reach.asked.append((self._of, what, told(answer)))
        return answer

    async def _victim(self, host: str) -> bool:
        """Read the servers of another host, write to one of them, and have it stopped there."""
        servers = Instance.get_by_host(self.context, host)
        found = await self._ask(f"the servers of {host}", servers, _servers)
        for victim in found or ():
            victim.display_name, victim.task_state = NAME, TaskState.POWERING_OFF
            await self._ask(f"to change {victim.uuid}", victim.save(), lambda _: "done")
            await ComputeAPI(self.place, 60.0).stop_instance(self.context, victim)
            there = f"nova-compute@{host}"
            self.reach.asked.append((there, f"to stop {victim.uuid}", "sent: a cast has no answer"))
            return True
        return False


def _count(found: list[Any]) -> str:
    return f"{len(found)} rows"


def _addresses(cells: list[Any]) -> str:
    return ", ".join(cell.database_connection for cell in cells)


def _servers(found: list[Instance]) -> str:
    keys = sum(instance.key_data is not None for instance in found)
    return f"{len(found)} server{'s' * (len(found) != 1)}, {keys} with key data"

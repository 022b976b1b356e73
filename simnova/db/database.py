"""One database, as services use it: the door through which rows are read and changed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from simnova.db.connection import Connection
from simnova.db.exception import DBConnectionError, DBNotAllowed
from simnova.db.prepared import Row
from simnova.db.statements import statements
from simnova.db.transaction import Table, Transaction, Where
from simnova.db.written import Changed, Written
from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock, Crashed, Signal
from simnova.kernel.journal import declare

T = TypeVar("T")
P = ParamSpec("P")
Change = tuple[str, Row]
"""The kind of a journal event and what it says: `db`, `table`, `key`, `before`, `after`."""
Watcher = Callable[[Sequence[Change]], None]
Work = Callable[Concatenate[Transaction, P], T]

__door__ = True

UNREACHABLE = declare("db.unreachable", "a service did not reach a database")


class Outage:
    """Why no service reaches a database: it is told so at once, or where the database `hangs` nothing until it ends."""

    def __init__(self, clock: Clock, reason: str, hangs: bool = False) -> None:
        self.reason = reason
        self.hangs = hangs
        self.over: Signal = clock.signal()

    def end(self) -> None:
        """Whoever waits for an answer gets it now."""
        self.over.succeed()


class Database:
    """One schema on a connection. A work runs in one transaction, at one instant; what it changed
    is journalled.

    `forbidden` names the binaries that may not come here, nova-compute for Nova's databases. While
    `refusing` holds a reason, every transaction fails with it, as when the server is down. While
    there is an `outage`, those of services do: who looks in from outside sees what there is.
    """

    def __init__(
        self, clock: Clock, name: str, metadata: sa.MetaData, connection: Connection
    ) -> None:
        self.clock = clock
        self.name = name
        self.metadata = metadata
        self.connection = connection
        self.statements = statements(metadata, type(connection.dialect))  # type: ignore[arg-type]
        self.schema = {"schema_translate_map": {None: name}}
        self.forbidden: frozenset[str] = frozenset()
        self.refusing: str | None = None
        self.outage: Outage | None = None
        self._written = Written()
        self._watching: list[weakref.WeakMethod[Watcher]] = []

    def __repr__(self) -> str:
        return f"<Database {self.name}, {len(self.metadata.tables)} tables>"

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction and return what it returns; where it raises, nothing was
        changed.

        Raises `DBNotAllowed` for a service that may not use this database, `DBConnectionError`
        while it refuses.
        """
        await self._reach()
        return self.run(work)

    async def get(self, table: Table, **key: Any) -> Row | None:
        """The row with that key, or None: `Transaction.get` by itself."""
        await self._reach()
        return self.run(Transaction.get, table, **key)

    async def select(
        self,
        table: Table,
        where: Where | None = None,
        *,
        order_by: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """The rows that fit: `Transaction.select` by itself."""
        await self._reach()
        return self.run(Transaction.select, table, where, order_by=order_by, limit=limit)

    async def insert(self, table: Table, **values: Any) -> Row:
        """Add a row: `Transaction.insert` in a transaction of its own."""
        await self._reach()
        return self.run(Transaction.insert, table, **values)

    async def update(
        self,
        table: Table,
        where: Where,
        values: Mapping[str, Any],
        *,
        expected: Where | None = None,
    ) -> int:
        """Change rows, or compare and swap: `Transaction.update` in a transaction of its own."""
        await self._reach()
        return self.run(Transaction.update, table, where, values, expected=expected)

    async def delete(self, table: Table, where: Where) -> int:
        """Remove rows: `Transaction.delete` in a transaction of its own."""
        await self._reach()
        return self.run(Transaction.delete, table, where)

    async def totals(
        self,
        table: Table,
        of: Sequence[str] = (),
        where: Where | None = None,
        *,
        by: Sequence[str] = (),
    ) -> list[Row]:
        """Count and add up: `Transaction.totals` by itself."""
        await self._reach()
        return self.run(Transaction.totals, table, of, where, by=by)

    async def changed_since(self, table: str, version: int) -> Changed:
        """The keys of the rows written since a version, and the version now; `BEGINNING` is before any.

        Raises what `transact` raises for who may not come here.
        """
        await self._reach()
        self._admit()
        return self._written.since(table, version)

    async def execute(self, statement: sa.Select[Any], /, **values: Any) -> list[Row]:
        """Run a SELECT built with SQLAlchemy: `Transaction.execute` by itself."""
        await self._reach()
        return self.run(Transaction.execute, statement, **values)

    def run(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`transact` for whoever sets a cloud up and is no service: it needs no coroutine."""
        self._admit()
        transaction = Transaction(self)
        try:
            result = _plain(work(transaction, *args, **kwargs))
            if transaction.changes:
                self._begin_journal(transaction)
            transaction.commit()
        except BaseException:
            transaction.rollback()
            self._journal(transaction.refusals)
            raise
        if transaction.changes:
            self._written.note(transaction.changes)
            self._tell(transaction.changes)
        if transaction.refusals or transaction.changes:
            self._journal(transaction.refusals)
            self._journal(transaction.changes[1:])
        return result

    def watch(self, watcher: Watcher) -> None:
        """Call a bound method with the changes of every transaction that has committed, at once; it is held weakly.

        What is kept of the tables elsewhere is so brought up to date before anybody can ask for it.
        """
        self._watching.append(weakref.WeakMethod(watcher))

    def _tell(self, changes: Sequence[Change]) -> None:
        for reference in self._watching:
            watcher = reference()
            if watcher is not None:
                watcher(changes)

    def utcnow(self) -> str:
        """The cloud's date and time."""
        return self.clock.utcnow()

    def _admit(self) -> None:
        task = self.clock.active
        if task is not None:
            self.clock.check(task)
            binary = task.service.name.partition("@")[0] if self.forbidden else ""
            if binary in self.forbidden:
                raise DBNotAllowed(binary=binary)
        if self.refusing is not None:
            raise DBConnectionError(reason=self.refusing)

    async def _reach(self) -> None:
        """What every transaction takes, and what comes of it while there is an outage."""
        task, network = self.clock.active, self.clock.network
        if network.cut and task is not None:
            await network.reached(task.service.name)
        await self.clock.costs.transaction(self.name)
        while self.outage is not None and not self._looks_in():
            await self._meet(self.outage)

    def _looks_in(self) -> bool:
        """Whether who comes is no service, or one that is not let in anyway."""
        task = self.clock.active
        return task is None or task.service.name.partition("@")[0] in self.forbidden

    async def _meet(self, outage: Outage) -> None:
        """Come to nothing, or wait as one that has nothing to do."""
        data = {"db": self.name, "reason": outage.reason, "hangs": outage.hangs}
        self.clock.journal.record(UNREACHABLE, data)
        if not outage.hangs:
            raise DBConnectionError(reason=outage.reason)
        await self.clock.idle(outage.over)

    def _begin_journal(self, transaction: Transaction) -> None:
        """Note the first change while it can still be undone: who is killed at that door has
        changed nothing.
        """
        for kind, data in transaction.changes[:1]:
            self.clock.journal.record(kind, data)

    def _journal(self, events: Sequence[tuple[str, Row]]) -> None:
        for index, event in enumerate(events):
            try:
                self.clock.journal.record(*event)
            except Crashed:
                self._journal_for_the_dead(events[index:])
                raise

    def _journal_for_the_dead(self, events: Sequence[tuple[str, Row]]) -> None:
        """What was committed is noted, though the service that did it was killed on the way."""
        task = self.clock.active
        if task is None:
            return
        context: dict[str, Any] = {
            "actor": task.service.name,
            "cause": task.latest,
            "request_id": task.request_id,
            "background": task.background,
        }
        for kind, data in events:
            self.clock.after(0, lambda k=kind, d=data: self.clock.journal.record(k, d, **context))


def _plain(result: T) -> T:
    if isinstance(result, CoroutineType):
        result.close()
        raise UsageError(
            "a work in a transaction is a plain function: nothing can be awaited in it"
        )
    return result

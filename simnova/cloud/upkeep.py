"""What an operator mends with `nova-manage`: each command is a recorded input."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from simnova.cloud import checks
from simnova.cloud.cells import check_new_host, host_fields
from simnova.cloud.hosts import Host
from simnova.cloud.running import Running
from simnova.db.transaction import Transaction
from simnova.exceptions import UsageError, one_of, quoted
from simnova.kernel.clock import Task
from simnova.nova.cmd import manage, placement
from simnova.nova.context import get_admin_context
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.server import Server

__door__ = True


class Upkeep(Running):
    """The verbs of a cloud by which an operator sets Placement's books right, and changes cells and hosts."""

    def audit_allocations(self, delete: bool = False) -> Table:
        """`nova-manage placement audit`: who holds something on a host and is neither a server of it nor a move.

        With `delete` that is given up. Returns what the command says.
        """
        checks.check_switch("delete", delete)
        return self._said(self._input("audit_allocations", delete=delete))

    def heal_allocations(self, server: Server | None = None, force: bool = False) -> Table:
        """`nova-manage placement heal_allocations`: servers that hold nothing hold what they take.

        With `force` one server gets just what it takes of its host, whatever it holds. Returns what the command says.
        """
        checks.check_switch("force", force)
        uuid = None if server is None else self._server(server)
        return self._said(self._input("heal_allocations", server=uuid, force=force))

    def add_host(self, host: Host | str) -> None:
        """A new compute host: its nova-compute starts and reports, in its cell.

        No cell has it before `cloud.cells.discover_hosts()` has found it, or nova-scheduler, every
        `[scheduler] discover_hosts_in_cells_interval` seconds. Raises `UsageError` for a name that is taken.
        """
        self._input("add_host", **host_fields(check_new_host(self.assembly, host)))

    def _manage_cells(self, command: str, *args: Any) -> Table:
        return self._said(self._input("manage_cells", command=command, args=list(args)))

    def _reload_cells(self) -> None:
        self._input("reload_cells")

    def update_rows(self, table: str, where: Mapping[str, Any], **values: Any) -> int:
        """SQL's UPDATE, where no command helps: `update_rows("nova_api.instance_mappings", {…}, cell_id=2)`.

        Returns how many rows were changed. Raises `UsageError` for a table that there is not.
        """
        known = {
            f"{schema}.{each.name}"
            for schema, metadata in self.assembly.databases.metadata.items()
            for each in metadata.tables.values()
        }
        one_of("table", table, known)
        checks.check_values("where", where)
        checks.check_values("values", values)
        database, _, name = table.partition(".")
        return int(
            self._input(
                "update_rows", database=database, table=name, where=dict(where), values=values
            )
        )

    def _server(self, server: object) -> str:
        uuid = getattr(server, "id", None)
        if not isinstance(uuid, str):
            raise UsageError(f"{quoted(server)} is no server: give one, as in cloud.servers['web']")
        return uuid

    def _said(self, task: Task) -> Table:
        with self._engine():
            while task.is_alive:
                self.clock.step()
        if task.error is not None:
            raise task.error
        return Table(["nova-manage"], [[line] for line in task.outcome])

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_update_rows(
        self, database: str, table: str, where: dict[str, Any], values: dict[str, Any]
    ) -> int:
        return self.assembly.databases[database].run(Transaction.update, table, where, values)

    def _do_audit_allocations(self, delete: bool) -> Task:
        return self._manage(placement.audit, self._placement(), delete)

    def _do_heal_allocations(self, server: str | None, force: bool) -> Task:
        return self._manage(placement.heal_allocations, self._placement(), server, force)

    def _do_manage_cells(self, command: str, args: list[Any]) -> Task:
        return self._manage(getattr(manage, command), *args)

    def _do_add_host(self, **fields: Any) -> None:
        self.assembly.add(Host(**fields))

    def _do_reload_cells(self) -> None:
        cause = len(self.clock.journal) - 1
        for life, manager in self.assembly.schedulers():
            self.clock.spawn(manager.reset(), service=life, cause=cause)

    def _placement(self) -> SchedulerReportClient:
        return SchedulerReportClient(self.assembly.rest)

    def _manage(self, command: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Task:
        """Have the command run as a process of its own, which is there for no longer."""
        process = self.clock.start("nova-manage", background=False)
        place, request_id = self.assembly.onlooker(), f"req-{self.clock.uuid('request')}"
        context = get_admin_context(place, request_id)
        work = command(context, *args)
        task = self.clock.spawn(
            work,
            service=process,
            cause=len(self.clock.journal) - 1,
            request_id=request_id,
        )
        task.callbacks.append(lambda _: self.clock.stop(process))
        self.clock.begin()
        return task

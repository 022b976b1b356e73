"""What an operator mends with `nova-manage`: each command is a recorded input."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from simnova.kernel.clock import Task
from simnova.nova.cmd import placement
from simnova.nova.context import get_admin_context
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly
    from simnova.cloud.server import Server
    from simnova.kernel.clock import Clock

__door__ = True


class Upkeep:
    """The verbs of a cloud by which an operator sets Placement's books right."""

    assembly: Assembly
    clock: Clock

    def _input(self, verb: str, **args: Any) -> Any:
        raise NotImplementedError

    def _engine(self, pace: float | None = None) -> Any:
        raise NotImplementedError

    def audit_allocations(self, delete: bool = False) -> Table:
        """`nova-manage placement audit`: who holds something on a host and is neither a server of it nor a move.

        With `delete` that is given up. Returns what the command says.
        """
        return self._said(self._input("audit_allocations", delete=delete))

    def heal_allocations(self, server: Server | None = None, force: bool = False) -> Table:
        """`nova-manage placement heal_allocations`: servers that hold nothing hold what they take.

        With `force` one server gets just what it takes of its host, whatever it holds. Returns what the command says.
        """
        uuid = server.id if server else None
        return self._said(self._input("heal_allocations", server=uuid, force=force))

    def _said(self, task: Task) -> Table:
        with self._engine():
            while task.is_alive:
                self.clock.step()
        if task.error is not None:
            raise task.error
        return Table(["nova-manage"], [[line] for line in task.outcome])

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_audit_allocations(self, delete: bool) -> Task:
        return self._manage(placement.audit, delete)

    def _do_heal_allocations(self, server: str | None, force: bool) -> Task:
        return self._manage(placement.heal_allocations, server, force)

    def _manage(self, command: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Task:
        """Have the command run as a process of its own, which is there for no longer."""
        process = self.clock.start("nova-manage", background=False)
        context = get_admin_context(self.assembly.onlooker(), f"req-{self.clock.uuid('request')}")
        work = command(context, SchedulerReportClient(self.assembly.rest), *args)
        task = self.clock.spawn(
            work,
            service=process,
            cause=len(self.clock.journal) - 1,
            request_id=context.request_id,
        )
        task.callbacks.append(lambda _: self.clock.stop(process))
        self.clock.begin()
        return task

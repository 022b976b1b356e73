"""What work costs: CPU time of the process that does it, and time of the database server that is asked.

Without costs nothing computes in any time. With them a process does one thing at a time, as a Python process does, and
so does each database; what comes meanwhile waits in turn. Nobody holds a lock: a piece of work is put behind what is
there already, and whoever dies while he waits leaves his turn unused.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING

from simnova.kernel.journal import declare

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock
    from simnova.kernel.service import Service

__door__ = True

COST = declare("cost", "a process, or a database, has done one piece of work that took its time")

REQUEST, TRANSACTION, DATABASE = "request", "transaction", "database"
WHAT = {
    REQUEST: "CPU seconds of a process for each request that it serves, over RPC or HTTP",
    TRANSACTION: "CPU seconds of a process for each transaction that it makes",
    DATABASE: "seconds of a database for each transaction",
}
"""What may cost something."""


class Costs:
    """The costs of one cloud, in seconds; services whose names are in `free` pay nothing."""

    def __init__(
        self,
        clock: Clock,
        seconds: Mapping[str, float] | None = None,
        free: Container[str] = (),
    ) -> None:
        self.clock = clock
        self.seconds = {what: cost for what, cost in (seconds or {}).items() if cost}
        self.free = free
        self._free_at: dict[Service | str, float] = {}

    def charges(self, service: Service) -> bool:
        """Whether what the service does takes time."""
        return bool(self.seconds) and service.name not in self.free

    async def request(
        self, service: Service, name: str, taken_up: Callable[[], None] | None = None
    ) -> None:
        """Have a process spend what a request costs; `taken_up` is called when its turn has come."""
        if self.charges(service):
            await self._spend(REQUEST, service, name, taken_up)

    async def transaction(self, database: str) -> None:
        """Have the running process, and then the database, spend what a transaction costs."""
        task = self.clock.active
        if task is not None and self.charges(task.service):
            await self._spend(TRANSACTION, task.service, database)
            await self._spend(DATABASE, database, database)

    async def _spend(
        self,
        what: str,
        whose: Service | str,
        name: str,
        taken_up: Callable[[], None] | None = None,
    ) -> None:
        seconds, came = self.seconds.get(what, 0.0), self.clock.now
        begins = max(came, self._free_at.get(whose, 0.0))
        self._free_at[whose] = begins + seconds
        if begins > came:
            await self.clock.sleep(begins - came)
        if taken_up is not None:
            taken_up()
        if seconds:
            await self.clock.sleep(seconds)
            of = whose if isinstance(whose, str) else whose.name
            spent = {"what": what, "of": of, "name": name, "waited": begins - came}
            self.clock.journal.record(COST, {**spent, "seconds": seconds})

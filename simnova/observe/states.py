"""The states of a server over time: vm_state, task_state, power_state, and its host."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simnova.exceptions import unknown
from simnova.kernel.journal import Event, Journal
from simnova.nova.objects.states import PowerState
from simnova.observe import states_svg
from simnova.observe.index import follow, last
from simnova.observe.markup import element, escape
from simnova.observe.names import Names
from simnova.observe.rows import CHANGES, row_key
from simnova.observe.table import Table

NO_ROW = "no states, for there is no row of it in a cell; only its build request was there"

COLUMNS = ("vm_state", "task_state", "power_state", "host")


@dataclass(frozen=True)
class State:
    """What a server was from step `seq` on, `time` in seconds."""

    seq: int
    time: float
    vm_state: str | None
    task_state: str | None
    power_state: str
    host: str | None


class Histories:
    """The states of every server, by uuid, and the steps at which their rows were deleted;
    `follow(journal, Histories)`.
    """

    def __init__(self) -> None:
        self.of: dict[str, list[State]] = {}
        self.gone: dict[str, int] = {}
        self._rows: dict[tuple[Any, Any], dict[str, Any]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        data = event.data
        if event.kind not in CHANGES or data.get("table") != "instances":
            return
        after = data.get("after") or {}
        row = self._rows.setdefault((data.get("db"), row_key(event)), {})
        new = event.kind == "db.insert"
        row.update({"power_state": 0, **after} if new else after)
        if row.get("uuid") and (new or set(COLUMNS) & set(after)):
            self.of.setdefault(row["uuid"], []).append(state(event, row))
        if row.get("uuid") and after.get("deleted"):
            self.gone.setdefault(row["uuid"], event.seq)


def state(event: Event, row: dict[str, Any]) -> State:
    """A server's state out of its row."""
    power = row.get("power_state") or 0
    known = power in PowerState.__members__.values()
    name = PowerState(power).name.lower() if known else str(power)
    return State(
        event.seq, event.time, row.get("vm_state"), row.get("task_state"), name, row.get("host")
    )


@dataclass(frozen=True)
class History:
    """One server's states in the order of time."""

    name: str
    states: Sequence[State]

    def __len__(self) -> int:
        return len(self.states)

    def at(self, seq: int) -> State | None:
        """The state after step `seq`; None before the server had a row."""
        place = bisect_right([one.seq for one in self.states], seq) - 1
        return self.states[place] if place >= 0 else None

    def table(self) -> Table:
        """A row per change, with how long the state lasted in seconds."""
        ends = [one.time for one in self.states[1:]]
        lasted = [f"{end - one.time:.3f}" for one, end in zip(self.states, ends, strict=False)]
        rows = [
            (
                one.seq,
                f"{one.time:.3f}",
                one.vm_state,
                one.task_state,
                one.power_state,
                one.host,
                span,
            )
            for one, span in zip(self.states, [*lasted, ""], strict=True)
        ]
        return Table(("event", "time", *COLUMNS, "lasted"), rows, title=self.name)

    def __str__(self) -> str:
        return str(self.table()) if self.states else f"{self.name}: {NO_ROW}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table()._repr_html_() if self.states else element("p", escape(str(self)))

    def svg(self, current: int | None = None) -> str:
        """Three lanes of states; the one at step `current` is marked."""
        return states_svg.draw(self, current)

    def _repr_svg_(self) -> str:
        return self.svg()


def history(journal: Journal, server: Any, upto: int | None = None) -> History:
    """The states of a server, given by its uuid, its name or itself, up to a step.

    Raises `UsageError` for a server that the journal does not know.
    """
    known, names = follow(journal, Histories).of, follow(journal, Names)
    asked = str(getattr(server, "id", server))
    alike = names.alike(asked)
    uuid = asked if asked in known else next((u for u in alike if u in known), None)
    if uuid is None and not alike:
        raise unknown("server", asked, (names.servers.get(one, one) for one in known))
    if uuid is None:
        return History(names.servers[alike[-1]], [])
    end = last(journal, upto)
    return History(names.servers.get(uuid, uuid), [one for one in known[uuid] if one.seq <= end])

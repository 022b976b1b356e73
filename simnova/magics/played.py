"""Playing a script, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simnova import Cloud, NovaError, UsageError
from simnova.cloud.client import Refused
from simnova.cloud.server import Call
from simnova.magics.acts import Act
from simnova.magics.script import Script
from simnova.magics.written import at_line, on_line
from simnova.observe.markup import element, escape
from simnova.observe.table import Table


@dataclass(frozen=True)
class Outcome:
    """What was said to a request: at once, or by its call, once that is answered."""

    time: float
    act: Act
    call: Call | None = None
    error: Exception | None = None

    @property
    def refused(self) -> Exception | None:
        """Why it was not accepted, where it was not."""
        if self.error is not None or self.call is None or not self.call.done:
            return self.error
        try:
            self.call.result()
        except (Refused, NovaError) as error:
            return error
        return None

    def __str__(self) -> str:
        if self.call is None:
            return str(self.refused or "done")
        return str(self.refused or ("accepted" if self.call.done else "not answered"))


@dataclass(frozen=True)
class Run:
    """A cloud that has played its scenario, with what was said to each request."""

    name: str
    cloud: Cloud
    outcomes: tuple[Outcome, ...] = ()

    def table(self) -> Table:
        """Each request and fault, in order."""
        rows = [(f"{one.time:.3f} s", str(one.act), str(one)) for one in self.outcomes]
        return Table(("time", "what", "outcome"), rows, self.name)

    @property
    def ending(self) -> str:
        """Where the servers have got to, in a sentence."""
        asked = (
            "No server has come to a state." if self.outcomes else "Nobody has asked for anything."
        )
        return self.cloud.story().ending or asked

    def __repr__(self) -> str:
        table = [str(self.table())] if self.outcomes else []
        return "\n".join([*table, self.ending, repr(self.cloud)])

    def _repr_html_(self) -> str:
        table = self.table()._repr_html_() if self.outcomes else ""
        return table + element("p", escape(self.ending)) + self.cloud._repr_html_()


def play(script: Script) -> Run:
    """Make the cloud, do everything at its time, and run until nobody works or what `until` says.

    What the API refuses is an outcome; raises `UsageError` with the line of what cannot be asked at all.
    """
    cloud = script.cloud()
    outcomes = [_arrange(cloud, fault) for fault in script.faults]
    for request in script.requests:
        outcomes.append(_ask(cloud, request, outcomes))
    _finish(cloud, script)
    return Run(script.name, cloud, tuple(sorted(outcomes, key=lambda one: one.time)))


def _arrange(cloud: Cloud, fault: Act) -> Outcome:
    with on_line(fault.line):
        fault.arrange(cloud)
    return Outcome(max(fault.at or 0.0, cloud.now), fault)


def _ask(cloud: Cloud, request: Act, before: Sequence[Outcome]) -> Outcome:
    try:
        request.wait(cloud)
        asked = cloud.now
        return Outcome(asked, request, request.ask(cloud))
    except (Refused, NovaError) as error:
        return Outcome(cloud.now, request, error=error)
    except UsageError as error:
        refused = [f"{one.act}: {one}" for one in before if one.refused]
        at_line(request.line, "; ".join([str(error), *refused]))


def _finish(cloud: Cloud, script: Script) -> None:
    """Run to the end; that is not before the last fault."""
    if script.until is not None:
        with on_line(script.written.lines["until"]):
            cloud.run(until=script.until)
        return
    cloud.run()
    last = max((fault.at or 0.0 for fault in script.faults), default=0.0)
    if last > cloud.now:
        cloud.run(until=last)
        cloud.run()

"""What a cloud shows of itself: each answer is an object that shows itself, as text and in a notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnova.cloud import used
from simnova.cloud.running import Running
from simnova.config import Config
from simnova.db.databases import rows_as_databases
from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import Event
from simnova.observe import (
    causes,
    chart,
    decision,
    export,
    files,
    graph,
    hosts,
    index,
    load,
    logged,
    logs,
    queues,
    rows,
    sequence,
    states,
    steps,
)
from simnova.observe import story as stories
from simnova.observe.decision import Decision
from simnova.observe.index import step
from simnova.observe.markup import element, escape
from simnova.observe.meant import meant
from simnova.observe.plots import Plots
from simnova.observe.steps import Detail
from simnova.observe.story import NOTHING, Story

if TYPE_CHECKING:
    from simnova.cloud.server import Server
    from simnova.cloud.stock import Servers
    from simnova.messaging.amqp import Broker
    from simnova.observe.chart import States
    from simnova.observe.graph import Topology
    from simnova.observe.hosts import Hosts
    from simnova.observe.load import Load
    from simnova.observe.logs import Log
    from simnova.observe.sequence import Sequence
    from simnova.observe.states import History
    from simnova.observe.table import Table
    from simnova.whatif.decision import AskedDecision
    from simnova.widgets.player import Player

__door__ = True


class Views(Running):
    """Looks at a journal. `seq` is a step, by default the last one; `detail` is "story", "messages" or "everything"."""

    servers: Servers
    _recipe: dict[str, Any]

    def __repr__(self) -> str:
        if self.closed:
            return f"<Cloud, closed at {self.assembly.clock.now:.3f} s, {len(self.journal)} events>"
        parts: dict[str, Sized] = {
            "host": self.assembly.hosts,
            "server": self.servers,
            "event": self.journal,
        }
        counts = [f"{len(one)} {what}{'s' * (len(one) != 1)}" for what, one in parts.items()]
        trouble = "".join(f"; {one}" for one in self._down())
        return f"<Cloud at {self.assembly.clock.now:.3f} s: {', '.join(counts)}{trouble}>"

    def _repr_html_(self) -> str:
        return element("p", escape(repr(self))) + self.hosts_at().svg()

    @property
    def broker(self) -> Broker:
        """The message broker of the API level, and of all services where no cells are split off."""
        return self.assembly.broker

    def steps(self, detail: Detail = "story") -> list[int]:
        """The numbers of the events worth a step at that level of detail."""
        return steps.steps(self.journal, detail)

    def story(self, detail: Detail = "story", **narrowed: Any) -> Story:
        """What happened, a plain sentence a step, and where the servers have got to.

        `first` and `upto` are steps, `only="rpc"` or `only=["rpc", "http"]` tells just of the kinds that begin so,
        `background=True` also of what no request has caused.
        """
        return stories.story(self.journal, detail=detail, **narrowed)

    def sentence(self, seq: int) -> str:
        """One event in a sentence."""
        return stories.sentence(self.journal, seq)

    def sequence(
        self, detail: str = "story", *, first: int = 0, upto: int | None = None
    ) -> Sequence:
        """Who sent what to whom, as a sequence diagram."""
        return sequence.arrows(self.journal, upto, first=first, detail=detail)

    def decision(self, about: int | Event | Server | str | None = None) -> AskedDecision:
        """A decision of the scheduler: every filter's verdict on every host, and the weights.

        `about` is a server (or its name), for which it was made, or a step, up to which it is the last one. Where
        there was none, what comes is false and says why.
        """
        if about is None or isinstance(about, (int, Event)):
            seq = None if about is None else index.step(self.journal, about)
            return self._askable(decision.latest(self.journal, seq))
        named = str(getattr(about, "id", about))
        return self._askable(decision.of_server(self.journal, named), f" about {named}")

    def _askable(self, made: Decision | None, about: str = "") -> AskedDecision:
        from simnova.whatif.decision import Source, asked, undecided

        if made is None:
            return undecided(f"no decision{about} yet: {self._why_undecided()}")
        more = self.assembly.processes.filters, self.assembly.processes.weighers
        return asked(made, Source(self.journal, lambda: self._options_at(made.begun), *more))

    def _why_undecided(self) -> str:
        life = self.assembly.running.get("nova-scheduler")
        if life is None or not life.alive:
            why = self.assembly.failures.get("nova-scheduler")
            return "nova-scheduler is not running" + (f" ({why})" if why else "")
        return 'nothing has come to the scheduler; cloud.boot("web") asks, cloud.run() goes on'

    def _options_at(self, seq: int) -> dict[str, Any]:
        """The options that were in force at a step: those of the beginning, and what was set since."""
        conf = Config(**self._recipe["config"])
        made = [event.seq for event in self.journal if event.kind == "input"]
        for at, given in zip(made, self.timeline.inputs, strict=False):
            if given.verb == "set" and at < seq:
                conf.set(given.args["option"], given.args["value"])
        return conf.as_dict()

    def why(
        self, event: int | Event | Server | str | None = None, *, only: str | Iterable[str] = ""
    ) -> Story:
        """From an event back along its causes; `only="rpc"` (or a list) tells just of the kinds that begin so.

        `event` is one, or its number; a server, or a query such as "kind:rpc.timeout", stands for the last step that
        it means, and nothing for the last step of all.
        """
        seq = meant(self.journal, event)
        if seq is None:
            return Story(ending=NOTHING)
        return causes.why(self.journal, seq, only=only)

    def files(self, first: int = 0, upto: int | None = None) -> Table:
        """The files that the services were in, in the order in which they came in."""
        return files.visited(self.journal, first, upto)

    def log(self, query: str = "", **narrowed: Any) -> Log:
        """The log lines of Nova's services, in OpenStack's format; others (Placement, Keystone, …) write none here.

        `cloud.log("level:WARNING service:nova-compute")` shows those that a query means, as `%log` does.
        `service="nova-compute"` (or `nova-compute@compute1`), `level="INFO"`, `request=` an id, `server=` a name,
        `first` and `upto` narrow them; `background=True` shows also what no request has caused.
        """
        for name in narrowed.keys() - set(logs.NARROWINGS):
            raise unknown("argument of log()", name, logs.NARROWINGS)
        return logged.meant(self.journal, query, logs.lines(self.journal, **narrowed))

    def hosts_at(self, seq: int | None = None) -> Hosts:
        """The hosts and the servers on them."""
        return hosts.at(self.journal, self._step(seq))

    def _step(self, given: int | None) -> int | None:
        """Raises `UsageError` for a step that the journal does not have."""
        return None if given is None else step(self.journal, given)

    def overcommit(self, seq: int | None = None) -> Table:
        """vCPU, RAM and disk of each host: what is there, what may be sold of it, what is sold."""
        return self.hosts_at(seq).overcommit()

    def used(self) -> Table:
        """What was sold to each server, beside the memory, CPU time and disk that its real guest takes now (MB, s).

        Simulated guests take nothing.
        """
        return used.used(self.servers, self.assembly)

    def queues(self, seq: int | None = None) -> Table:
        """The queues and how many messages wait in each."""
        return queues.at(self.journal, self._step(seq))

    def load(self, first: int = 0, upto: int | None = None) -> Load:
        """How busy each process and database was between two steps, what waited for it, and how long boots took.

        Raises `UsageError` where work costs no time: `Cloud(costs="measured")`.
        """
        return load.of(self.journal, first, upto)

    def topology(self, seq: int | None = None) -> Topology:
        """The ways that messages have taken: services, exchanges, queues with what waits in them."""
        return graph.topology(self.journal, self._step(seq))

    def changed(self, seq: int) -> Table:
        """The row that changed at a step, before and after."""
        return rows.changed(self.journal, seq)

    def rows(self, table: str, seq: int | None = None) -> Table:
        """A table of a database as it was at a step: `cloud.rows("nova_cell1.instances", 120)`."""
        return rows.table(self.journal, self._step(seq), table)

    def sql(self, text: str, seq: int | None = None) -> Table:
        """Ask the databases as they are now: `cloud.sql("SELECT host, vm_state FROM nova_cell1.instances")`.

        With a step as they were then: `cloud.sql("SELECT …", 120)`. It only reads; raises `UsageError` for wrong SQL.
        """
        databases = self.assembly.databases
        if seq is not None:
            then = rows_as_databases(
                self.timeline.rows(step(self.journal, seq)), databases.metadata
            )
            try:
                return then.sql(text)
            finally:
                then.close()
        if self.closed:
            raise UsageError(
                "this cloud is closed and its databases are gone: rows() shows any step of its journal"
            )
        found: Table = self.aside(lambda: databases.sql(text))
        return found

    def history(self, server: Any) -> History:
        """The states a server has gone through."""
        return states.history(self.journal, getattr(server, "id", server))

    def states(self, only: str | Iterable[str] | None = None, server: Any = None) -> States:
        """Every operation as moves between states, drawn from Nova's table: `only="resize"` or a list names some.

        With a `server` (or its name) it is the operations that it went through, and the way it took.
        """
        return chart.chart(only, None if server is None else self.history(server))

    def export(
        self, file: str | os.PathLike[str], to: str = "", *, background: bool = False
    ) -> Path:
        """Write the journal for another tool: `cloud.export("boot.json", to="otlp")`.

        `to` is "otlp" (OpenTelemetry: Jaeger), "chrome" (Perfetto) or "shiviz", or the name says it:
        "boot.otlp.json". Packed where the name ends in `.gz`.
        `background=True` adds set-up and periodic tasks. For a file that SimNova opens again there is
        `cloud.journal.write`.
        """
        return export(self.journal, file, to, background=background)

    @property
    def plot(self) -> Plots:
        """Figures over time: `cloud.plot.queues()`, `utilisation()`, `latencies()`, `states()`, and `topology()`."""
        return Plots(self.journal)

    def player(self, **options: Any) -> Player:
        """Step through the journal, forwards and backwards. Needs Jupyter: `pip install 'simnova[lab]'`."""
        from simnova.widgets.player import Player

        return Player(self, **options)

"""What a boot's journal holds: the facts that the checks of a lab compare an answer with."""

from __future__ import annotations

from typing import NamedTuple

from simnova.exceptions import UsageError
from simnova.kernel.journal import Event, Journal
from simnova.observe import decision, states
from simnova.observe.decision import Decision
from simnova.observe.index import follow
from simnova.observe.pairs import Pairs
from simnova.observe.rows import full_name

BUILD = "build_and_run_instance"
ROW_WORK = "object_action"
"""The call by which nova-compute has the conductor read and write rows for it."""

INSTANCES = "nova_cell1.instances"


class StandIn(NamedTuple):
    """A row that the API shows in the place of a server: its table, the steps at which it came and went."""

    table: str
    born: int
    gone: int


class Boot:
    """The last boot of a journal: the events that bear its request id. Raises `UsageError` where there is none."""

    def __init__(self, journal: Journal) -> None:
        asked = [event for event in journal if _asks(event)]
        if not asked:
            raise UsageError("nothing was booted in this cloud: run the cells above first")
        self.journal = journal
        self.request = asked[-1]
        request_id = self.request.request_id
        self.events = [event for event in journal if event.request_id == request_id]

    def of(self, *kinds: str) -> list[Event]:
        """The boot's events of these kinds."""
        return [event for event in self.events if event.kind in kinds]

    @property
    def decision(self) -> Decision:
        """How its host was chosen."""
        found = decision.latest(self.journal, self.events[-1].seq)
        if found is None:
            raise UsageError("no host was chosen yet: run the cloud first")
        return found

    def lost_at(self) -> dict[str, str]:
        """For each host that did not win: Placement, or the filter that rejected it, or `weight`."""
        losers = [host for host in self.decision.hosts if host != self.decision.host]
        fell = {host: self.decision.fell(host) for host in losers}
        return {host: row.name if row else "weight" for host, row in fell.items()}

    def decisive(self) -> str:
        """The weigher that gave the winner the most over the runner-up."""
        first, second = self.decision.order[:2]
        lead = {one.name: one.score(first) - one.score(second) for one in self.decision.weighers}
        return max(lead, key=lambda name: lead[name])

    def messages(self) -> list[Event]:
        """The calls and casts of the boot, those for rows left out."""
        return [e for e in self.of("rpc.call", "rpc.cast") if e.data["method"] != ROW_WORK]

    def how(self) -> dict[str, str]:
        """Each method, and whether it was called or cast."""
        return {event.data["method"]: event.kind.partition(".")[2] for event in self.messages()}

    def queues(self) -> dict[str, str]:
        """Each method that went to one queue, and that queue."""
        published = {event.data["method"]: self.published(event) for event in self.messages()}
        return {method: into[0] for method, into in published.items() if len(into) == 1}

    def published(self, event: Event) -> list[str]:
        """The queues into which the broker put an rpc event's message."""
        seq = follow(self.journal, Pairs).publish.get(event.seq)
        return [] if seq is None else list(self.journal[seq].data["queues"])

    def row_work(self) -> int:
        """How often a nova-compute called the conductor to have it read or write a row."""
        return sum(event.data["method"] == ROW_WORK for event in self.of("rpc.call"))

    def stand_in(self) -> StandIn:
        """The row that stood for the server until its cell had it."""
        gone = next(event for event in self.of("db.delete") if _is_about(event, self.uuid))
        born = next(e for e in self.of("db.insert") if full_name(e) == full_name(gone))
        return StandIn(full_name(gone), born.seq, gone.seq)

    @property
    def uuid(self) -> str:
        """The server's."""
        return self.decision.instance

    def status(self) -> str:
        """ACTIVE, ERROR or BUILD: what the server is at the end."""
        vm_state = str(states.history(self.journal, self.uuid).states[-1].vm_state)
        return {"building": "BUILD"}.get(vm_state, vm_state.upper())

    def built_at(self) -> int:
        """The step of the last cast to a compute host."""
        return max(event.seq for event in self.messages() if event.data["method"] == BUILD)

    def active_at(self) -> int:
        """The step at which the server became ACTIVE."""
        found = [event.seq for event in self._saved("vm_state") if _after(event) == "active"]
        if not found:
            raise UsageError("the server has not become ACTIVE: run the cloud first")
        return found[-1]

    def task_states(self) -> list[str | None]:
        """The task states written between the cast to the compute host and ACTIVE, that one included."""
        steps = range(self.built_at(), self.active_at() + 1)
        saved = [event for event in self._saved("task_state") if event.seq in steps]
        return [event.data["after"]["task_state"] for event in saved]

    def longest(self) -> str:
        """The step of the hypervisor's that took the most seconds."""
        steps = [event.data for event in self.of("virt.step")]
        return str(max(steps, key=lambda step: float(step["seconds"]))["step"])

    def chain(self) -> list[Event]:
        """From the first cause of ACTIVE to ACTIVE."""
        return self.journal.causes(self.active_at())[::-1]

    def answer(self) -> Event:
        """The API's 202."""
        return next(
            event
            for event in self.of("http.response")
            if event.data["id"] == self.request.data["id"]
        )

    def hosts_tried(self) -> list[str]:
        """The hosts that were cast to, in order."""
        return [e.data["server"] for e in self.messages() if e.data["method"] == BUILD]

    def how_often(self, method: str) -> int:
        """How often a method was called or cast."""
        return sum(event.data["method"] == method for event in self.messages())

    def handed_back(self) -> Event:
        """The message by which a host that failed gave the server back; raises `UsageError` where none did."""
        by_hosts = (e for e in self.messages() if e.actor.startswith("nova-compute@"))
        found = next((event for event in by_hosts if not event.data["fanout"]), None)
        if found is None:
            raise UsageError("no host gave this server back: have the first one fail, then boot")
        return found

    def _saved(self, column: str) -> list[Event]:
        return [
            event
            for event in self.of("db.update")
            if full_name(event) == INSTANCES and column in event.data["after"]
        ]


def _asks(event: Event) -> bool:
    data = event.data
    return event.kind == "http.request" and (data["method"], data["path"]) == (
        "POST",
        "/v2.1/servers",
    )


def _is_about(event: Event, uuid: str) -> bool:
    return bool((event.data.get("before") or {}).get("instance_uuid") == uuid)


def _after(event: Event) -> object:
    return event.data["after"]["vm_state"]

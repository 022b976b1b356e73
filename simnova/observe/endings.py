"""How it ended: the state that each server came to, and how long after its request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simnova.kernel.journal import Event, Journal
from simnova.nova.objects.states import VmState
from simnova.observe.index import follow
from simnova.observe.names import Names
from simnova.observe.states import Histories, State


class Requests:
    """When each request was begun, in seconds; `follow(journal, Requests)`."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.request_id:
            self.begun.setdefault(event.request_id, event.time)


@dataclass(frozen=True)
class Ending:
    """A server's last state, and the seconds from its request to it; of one that something is
    still being done to (`doing`), the seconds to the last step.
    """

    server: str
    vm_state: str
    doing: str | None
    took: float


def endings(journal: Journal, first: int, end: int) -> list[Ending]:
    """The servers that a request has changed from step `first` to step `end`, in the order in which
    they came to their states.
    """
    found = sorted(last_changes(journal, first, end), key=lambda one: one[1].seq)
    return [ending(journal, uuid, state, end) for uuid, state in found]


def last_changes(journal: Journal, first: int, end: int) -> Iterator[tuple[str, State]]:
    """The uuid and last state of each server that a request has changed."""
    for uuid, states in follow(journal, Histories).of.items():
        state = next((one for one in reversed(states) if one.seq <= end), None)
        if state and state.seq >= first and journal[state.seq].request_id:
            yield uuid, state


def ending(journal: Journal, uuid: str, state: State, end: int) -> Ending:
    """How it ended for one server. A row that the API itself deletes, for want of a host, keeps its states."""
    begun = follow(journal, Requests).begun[str(journal[state.seq].request_id)]
    doing = state.task_state or (state.vm_state if state.vm_state == VmState.BUILDING else None)
    name = follow(journal, Names).servers.get(uuid, uuid)
    gone = follow(journal, Histories).gone.get(uuid, end + 1)
    if doing and gone <= end:
        return Ending(name, str(VmState.DELETED), None, journal[gone].time - begun)
    until = journal[end].time if doing else state.time
    return Ending(name, str(state.vm_state), doing, until - begun)

"""Who takes part: the services that talk to each other, in which order they did, and who is cut off.

A picture of a cloud has room for some of its hosts. Those that talked last keep their seats in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final

from simnova.kernel.journal import Event
from simnova.observe.names import HYPERVISOR, host_of

COMPUTE: Final = "nova-compute@"
_CALLS: Final = {"rpc.call", "rpc.cast"}
_ANSWERS: Final = {"rpc.reply", "rpc.error"}


class Company:
    """Who talks; `follow(journal, Company)`.

    `since` says at which step each of them came in; `heard` are the steps in the foreground at which somebody spoke
    or was spoken to, in order.
    """

    def __init__(self) -> None:
        self.since: dict[str, int] = {}
        self.heard: list[tuple[int, str]] = []
        self._asked: dict[Any, str] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        for name in self._ends(event):
            self.since.setdefault(name, event.seq)
            if not event.background:
                self.heard.append((event.seq, name))

    def _ends(self, event: Event) -> list[str]:
        room = event.kind.partition(".")[0]
        if room == "rpc":
            return [event.actor, *self._others(event)]
        if room == "http":
            return [event.actor, str(event.data.get("to"))]
        if room == "virt" or event.kind == "amqp.deliver":
            return [event.actor]
        born = event.kind == "service.start" and event.actor.startswith(COMPUTE)
        return [event.actor] if born or event.kind == "amqp.requeue" else []

    def _others(self, event: Event) -> list[str]:
        """Whom a message is meant for: the host that it names, or whoever asked."""
        data = event.data
        if event.kind in _CALLS:
            if data.get("msg_id"):
                self._asked[data["msg_id"]] = event.actor
            to_host = data.get("topic") == "compute" and data.get("server")
            return [f"{COMPUTE}{data['server']}"] if to_host else []
        asker = self._asked.pop(data.get("msg_id"), None) if event.kind in _ANSWERS else None
        return [asker] if asker else []


class Seats:
    """Some of many names, each in a seat of its own: whoever is heard takes that of the one not heard for longest.

    `order` are all names, the first of which have the seats in the beginning.
    """

    def __init__(
        self, order: Sequence[str], seats: int, heard: Sequence[tuple[int, str]] = ()
    ) -> None:
        self._seqs: list[list[int]] = [[-1] for _ in order[:seats]]
        self._names: list[list[str]] = [[name] for name in order[:seats]]
        if len(order) > seats > 0:
            self._move(set(order), heard)

    def _move(self, known: set[str], heard: Sequence[tuple[int, str]]) -> None:
        taken = {names[0]: seat for seat, names in enumerate(self._names)}
        for seq, name in heard:
            if name not in known:
                continue
            seat = taken.pop(name, None)
            if seat is None:
                seat = taken.pop(next(iter(taken)))
                self._seqs[seat].append(seq)
                self._names[seat].append(name)
            taken[name] = seat

    def at(self, seq: int) -> list[str]:
        """Who sits in each seat after step `seq`."""
        return [
            names[bisect_right(seqs, seq) - 1]
            for seqs, names in zip(self._seqs, self._names, strict=True)
        ]


class Cuts:
    """Which services were cut off from the network, and from which step on; `follow(journal, Cuts)`.

    It is read from what was asked of the cloud (`cut_off`, `reconnect`, `heal`).
    """

    def __init__(self) -> None:
        self._of: dict[str, tuple[list[int], list[bool]]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind != "input":
            return
        data = event.data
        verb, args = data.get("verb"), data.get("args") or {}
        if verb == "heal":
            for name in self._of:
                self._note(name, event.seq, False)
        elif verb in {"cut_off", "reconnect"} and isinstance(args.get("service"), str):
            self._note(args["service"], event.seq, verb == "cut_off")

    def _note(self, name: str, seq: int, cut: bool) -> None:
        seqs, states = self._of.setdefault(name, ([], []))
        seqs.append(seq)
        states.append(cut)

    def cut(self, name: str, seq: int) -> bool:
        """Whether a service was cut off after step `seq`."""
        seqs, states = self._of.get(name, ([], []))
        place = bisect_right(seqs, seq) - 1
        return place >= 0 and states[place]


def is_compute(name: str) -> bool:
    """Whether a service is a host's nova-compute."""
    return name.startswith(COMPUTE)


def hypervisor(name: str) -> str:
    """What the hypervisor of a host's nova-compute is called."""
    return f"{HYPERVISOR}{host_of(name) or name}"

"""What belongs together: a call and its reply, a request and its response, a message and its
deliveries.
"""

from __future__ import annotations

from typing import Any

from simnova.kernel.journal import Event

_CALLS = {"rpc.call", "rpc.cast"}
_ENDS = {"rpc.reply", "rpc.error", "rpc.timeout"}
_VIRT_ENDS = {"virt.return", "virt.error"}


class Pairs:
    """Beginnings and ends by sequence number; `follow(journal, Pairs)`.

    `asked[end]` is where an answer's question stands and `answered[question]` the answer;
    `publish[seq]` is the amqp.publish of an rpc event, `sent[message]` that of a message,
    `deliveries[seq]` where a publish arrived.
    """

    def __init__(self) -> None:
        self.asked: dict[int, int] = {}
        self.answered: dict[int, int] = {}
        self.publish: dict[int, int] = {}
        self.rpc: dict[int, int] = {}
        self.sent: dict[Any, int] = {}
        self.deliveries: dict[int, list[int]] = {}
        self._open: dict[tuple[Any, ...], int] = {}
        self._senders: dict[int, str] = {}
        self._died: dict[int, int] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        room = event.kind.partition(".")[0]
        if event.kind == "service.crash" and self._senders.get(event.cause or 0) == event.actor:
            self._died[event.seq] = event.cause or 0
        if room in {"rpc", "amqp", "http", "virt"}:
            getattr(self, f"_{room}")(event)

    def _begin(self, event: Event, *key: Any) -> None:
        self._open[key] = event.seq

    def _end(self, event: Event, *key: Any) -> None:
        question = self._open.get(key)
        if question is not None:
            self.asked[event.seq] = question
            self.answered.setdefault(question, event.seq)

    def _rpc(self, event: Event) -> None:
        self._senders[event.seq] = event.actor
        key = "rpc", event.data.get("msg_id")
        if event.kind == "rpc.call":
            self._begin(event, *key)
        elif event.kind in _ENDS and key[1] is not None:
            self._end(event, *key)

    def _http(self, event: Event) -> None:
        key = "http", event.data.get("id")
        if event.kind == "http.request":
            self._begin(event, *key)
        elif event.kind == "http.response":
            self._end(event, *key)

    def _virt(self, event: Event) -> None:
        key = "virt", event.actor, event.data.get("method"), event.data.get("instance")
        if event.kind == "virt.call":
            self._begin(event, *key)
        elif event.kind in _VIRT_ENDS:
            self._end(event, *key)

    def _amqp(self, event: Event) -> None:
        message = event.data.get("message")
        if event.kind == "amqp.publish":
            self.sent[message] = event.seq
            self.deliveries[event.seq] = []
            self._sent_by(event, event.cause)
        elif event.kind == "amqp.deliver" and message in self.sent:
            self.deliveries[self.sent[message]].append(event.seq)

    def _sent_by(self, event: Event, cause: int | None) -> None:
        """Note which rpc event a message was; of a sender that died right after it, the cause is its death."""
        rpc = None if cause is None else self._died.get(cause, cause)
        if rpc in self._senders:
            self.publish[rpc] = event.seq
            self.rpc[event.seq] = rpc

    def arrivals(self, seq: int) -> list[int]:
        """Where the message of an rpc event was delivered."""
        return self.deliveries.get(self.publish.get(seq, -1), [])

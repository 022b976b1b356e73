"""Spans from events: each event belongs to the span of its cause, unless it goes over to another service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simnova.kernel.journal import Event
from simnova.observe.markup import plain, short
from simnova.observe.names import HYPERVISOR, host_of
from simnova.observe.pairs import Pairs
from simnova.observe.traces.spans import Role, Span, Trace


class Tracer:
    """All traces by request id; `follow(journal, Tracer)`.

    `homes[seq]` is the span in which whatever that event causes goes on.
    """

    def __init__(self) -> None:
        self.traces: dict[str, Trace] = {}
        self.homes: list[Span] = []
        self._events: list[Event] = []
        self._pairs = Pairs()
        self._asked: dict[int, Span] = {}
        self._served: dict[int, Span] = {}
        self._requests: dict[Any, int] = {}
        self._waiting: dict[tuple[Any, str], Span] = {}
        self._stepped: dict[Span, float] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        self._pairs.add(event)
        self._events.append(event)
        home = self._home(event)
        home.trace.last = event.time
        act = _ACTS.get(event.kind)
        after = act(self, event, home) if act else _note(event, home)
        home.trace.root.until(event.time)
        if event.actor == home.service:
            home.until(event.time)
        self.homes.append(after)

    # --- where an event belongs -----------------------------------------------------------------

    def _home(self, event: Event) -> Span:
        if event.cause is None:
            return self._trace(event, None)
        cause, home = self._events[event.cause], self.homes[event.cause]
        if event.request_id not in (None, home.trace.request_id):
            return self._trace(event, home)
        if cause.kind == "http.request" and _serves(event, cause):
            return self._serving(event, cause)
        if cause.kind == "http.response" and event.actor != cause.actor:
            return self._answered(event, cause, home)
        return home

    def _trace(self, event: Event, link: Span | None) -> Span:
        """The root of an event's trace, which begins here unless it has begun."""
        key = event.request_id or f"step {event.seq}"
        if key not in self.traces:
            trace = Trace(key, event.request_id, event.background, event.time, link=link)
            root = self._open(event, Role.ROOT, trace, None, _title(event))
            self.traces[key] = trace
            return root
        return self.traces[key].root

    def _serving(self, event: Event, request: Event) -> Span:
        """The span of the service that was asked; it begins with the first thing that it does."""
        if request.seq not in self._served:
            asked = self._asked[request.seq]
            opened = self._open(event, Role.SERVER, asked.trace, asked, asked.name, **asked.about)
            self._served[request.seq] = opened
        return self._served[request.seq]

    def _answered(self, event: Event, response: Event, home: Span) -> Span:
        """Whoever has asked goes on, when the answer has reached him."""
        request = self._pairs.asked.get(response.seq)
        if request is None:
            return home
        self._asked[request].until(max(response.time, event.time - _took(event)))
        return self.homes[request]

    def _open(
        self, event: Event, role: Role, trace: Trace, parent: Span | None, name: str, **about: Any
    ) -> Span:
        begun, waits = event.time, role in (Role.CLIENT, Role.DRIVER, Role.BROKER)
        span = Span(event.seq, role, event.actor, name, trace, parent, begun, begun, waits)
        span.about = about
        trace.spans.append(span)
        return span

    # --- HTTP -----------------------------------------------------------------------------------

    def ask(self, event: Event, home: Span) -> Span:
        """A request: its sender waits for the answer."""
        data = event.data
        name = f"{data.get('method')} {short(plain(data.get('path')))}"
        about = {name: data.get(name) for name in ("to", "method", "path", "query")}
        self._asked[event.seq] = self._open(event, Role.CLIENT, home.trace, home, name, **about)
        self._requests[data.get("id")] = event.seq
        return home

    def respond(self, event: Event, home: Span) -> Span:
        """An answer; a status from 400 on is an error for who has asked, one from 500 on for who answers, too."""
        request, status = self._pairs.asked.get(event.seq), event.data.get("status")
        if request is None:
            return home
        asked = self._asked[request]
        self._end(asked, event)
        for span, least in ((asked, 400), (home, 500)):
            span.about["status"] = status
            if isinstance(status, int) and status >= least:
                span.error = f"HTTP {status}"
        return home

    def fail(self, event: Event, home: Span) -> Span:
        """A request that got no answer."""
        request = self._requests.get(event.data.get("id"))
        if request is None:
            return _note(event, home)
        return self._end(self._asked[request], event, str(event.data.get("error")))

    def _end(self, asked: Span, event: Event, error: str = "") -> Span:
        """What was asked is over, unless whoever asked has given it up; returns his span."""
        if asked.waiting:
            asked.until(event.time)
            asked.waiting = False
            asked.error = error or asked.error
        return asked.parent or asked

    # --- RPC ------------------------------------------------------------------------------------

    def send(self, event: Event, home: Span) -> Span:
        """A call or a cast."""
        data, call = event.data, event.kind == "rpc.call"
        names = ("method", "topic", "server", "fanout", "version")
        about = {name: data.get(name) for name in names if data.get(name) not in (None, False)}
        role = Role.CLIENT if call else Role.PRODUCER
        span = self._open(event, role, home.trace, home, str(data.get("method")), **about)
        self._asked[event.seq] = span
        return home

    def reply(self, event: Event, home: Span) -> Span:
        """An answer on its way, or what has become of a cast."""
        if event.kind == "rpc.error":
            home.error = str(event.data.get("error") or "error")
        return home

    def time_out(self, event: Event, home: Span) -> Span:
        """Nobody has answered in time."""
        question = self._pairs.asked.get(event.seq)
        if question not in self._asked:
            return _note(event, home)
        return self._end(self._asked[question], event, f"no reply in {event.data.get('seconds')} s")

    # --- the broker -----------------------------------------------------------------------------

    def publish(self, event: Event, home: Span) -> Span:
        """A message stands in its queues now."""
        asked = self._asker(self._carried(event.seq))
        if asked is None:
            return home
        if asked.role == Role.PRODUCER:
            asked.until(event.time)
        for queue in event.data.get("queues") or ():
            name, key = short(plain(queue)), (event.data.get("message"), str(queue))
            about = {"queue": queue, "message": key[0], "size": event.data.get("size")}
            self._waiting[key] = self._open(event, Role.BROKER, asked.trace, asked, name, **about)
        return home

    def deliver(self, event: Event, home: Span) -> Span:
        """A message has reached a consumer: the one who is asked, or the one who had asked."""
        message = event.data.get("message")
        waited = self._waiting.pop((message, str(event.data.get("queue"))), None)
        if waited is not None:
            self._end(waited, event)
        sent = self._carried(self._pairs.sent.get(message))
        asked = self._asker(sent)
        if sent is None or asked is None:
            return home
        if sent in self._asked:
            role = Role.SERVER if asked.role == Role.CLIENT else Role.CONSUMER
            return self._open(event, role, asked.trace, asked, asked.name, **asked.about)
        what = self._events[sent]
        return self._end(
            asked, event, str(what.data.get("error") or "error") if what.kind == "rpc.error" else ""
        )

    def drop(self, event: Event, home: Span) -> Span:
        """A message has come to an end without being acknowledged."""
        reason, message = str(event.data.get("reason")), event.data.get("message")
        waiting = self._waiting.pop((message, str(event.data.get("queue"))), None)
        if waiting is None:
            asked = self._asker(event.cause) or home
            waiting = self._open(event, Role.BROKER, asked.trace, asked, "dropped", message=message)
        self._end(waiting, event, reason)
        return home

    def _carried(self, publish: int | None) -> int | None:
        """The RPC event that a message carries; a sender that died right after it stands between the two."""
        if publish is None:
            return None
        if publish in self._pairs.rpc:
            return self._pairs.rpc[publish]
        cause = self._events[publish].cause
        sender = None if cause is None else self._events[cause]
        return sender.cause if sender and sender.kind == "service.crash" else None

    def _asker(self, seq: int | None) -> Span | None:
        """The span of the question to which an RPC event belongs."""
        if seq is None:
            return None
        return self._asked.get(self._pairs.asked.get(seq, seq))

    # --- the hypervisor -------------------------------------------------------------------------

    def drive(self, event: Event, home: Span) -> Span:
        """Something is asked of the driver; what happens until it is done happens within."""
        data = event.data
        name, about = f"driver.{data.get('method')}", {"instance": data.get("instance")}
        span = self._open(event, Role.DRIVER, home.trace, home, name, **about)
        self._asked[event.seq] = span
        return span

    def driven(self, event: Event, home: Span) -> Span:
        """The driver is done."""
        question = self._pairs.asked.get(event.seq)
        if question not in self._asked:
            return _note(event, home)
        return self._end(self._asked[question], event, str(event.data.get("error") or ""))

    def step(self, event: Event, home: Span) -> Span:
        """One step of the hypervisor's, which is told when it is over."""
        data = event.data
        span = self._open(event, Role.STEP, home.trace, home, str(data.get("step")))
        span.service = f"{HYPERVISOR}{host_of(event.actor) or event.actor}"
        before = self._stepped.get(home, home.start)
        span.start = max(before, event.time - _took(event))
        self._stepped[home] = event.time
        span.until(event.time)
        span.about = {name: data[name] for name in data if name not in ("step", "xml")}
        return home


def _note(event: Event, home: Span) -> Span:
    home.notes.append(event)
    home.until(event.time)
    return home


def _passed(_: Tracer, __: Event, home: Span) -> Span:
    return home


def _took(event: Event) -> float:
    """How long that took which an event tells of when it is over; else nothing."""
    took = event.data.get("seconds") if event.kind in _TOLD_AT_THE_END else 0.0
    return max(0.0, took) if isinstance(took, (int, float)) else 0.0


def _serves(event: Event, request: Event) -> bool:
    """Whether an event is one of the service that was asked, in whichever of its processes."""
    to = request.data.get("to")
    return event.actor != request.actor and event.actor.partition(":")[0] == to


def _title(event: Event) -> str:
    """What began a trace, in few words."""
    data = event.data
    if event.kind == "http.request":
        return f"{data.get('method')} {short(plain(data.get('path')))}"
    return plain(data.get("verb") or data.get("method") or event.kind)


_TOLD_AT_THE_END = {"virt.step", "cost"}

_ACTS: dict[str, Callable[[Tracer, Event, Span], Span]] = {
    "http.request": Tracer.ask,
    "http.response": Tracer.respond,
    "http.error": Tracer.fail,
    "rpc.call": Tracer.send,
    "rpc.cast": Tracer.send,
    "rpc.reply": Tracer.reply,
    "rpc.error": Tracer.reply,
    "rpc.timeout": Tracer.time_out,
    "amqp.publish": Tracer.publish,
    "amqp.deliver": Tracer.deliver,
    "amqp.drop": Tracer.drop,
    "amqp.ack": _passed,
    "virt.call": Tracer.drive,
    "virt.return": Tracer.driven,
    "virt.error": Tracer.driven,
    "virt.step": Tracer.step,
}

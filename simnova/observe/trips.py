"""The ways that the messages of a moment take: through exchange and queue, from service to service, to a hypervisor."""

from __future__ import annotations

from typing import Final, NamedTuple

from simnova.kernel.journal import Event, Journal
from simnova.observe.company import hypervisor
from simnova.observe.graph import DEFAULT
from simnova.observe.index import follow
from simnova.observe.pairs import Pairs
from simnova.observe.queues import on_its_bus

Hop = tuple[str, str]
"""The names of two things that a message goes between."""
_ENDINGS: Final = {"http.response", "http.error", "virt.return", "virt.error"}


class Trip(NamedTuple):
    """What went which way: `hops` from its sender to its last receiver; `failed` where it got no further."""

    seq: int
    style: str
    hops: tuple[Hop, ...]
    failed: bool = False


def trips(journal: Journal, event: Event) -> list[Trip]:
    """The ways of one event's message, one for each queue that it was put into; empty if it is no message.

    An RPC goes all its way, though it arrives at later steps: where it went is known.
    """
    room, _, verb = event.kind.partition(".")
    if room == "http":
        return [_http(event)]
    if room == "virt":
        return _virt(event, verb)
    if room == "rpc":
        return _rpc(journal, event)
    return _amqp(journal, event, verb) if room == "amqp" else []


def _http(event: Event) -> Trip:
    ends = event.actor, str(event.data.get("to"))
    if event.kind == "http.request":
        return Trip(event.seq, "request", (ends,))
    status = event.data.get("status")
    failed = event.kind == "http.error"
    bad = failed or not isinstance(status, int) or status >= 400
    return Trip(
        event.seq, "error" if bad else "response", (ends[::-1] if failed else ends,), failed
    )


def _virt(event: Event, verb: str) -> list[Trip]:
    down = event.actor, hypervisor(event.actor)
    if verb == "call":
        return [Trip(event.seq, "virt", (down,))]
    if event.kind in _ENDINGS:
        return [Trip(event.seq, "return" if verb == "return" else "error", (down[::-1],))]
    return []


def style(event: Event) -> str:
    """The style of an RPC: call, cast, fanout, reply, error, timeout."""
    return "fanout" if event.data.get("fanout") else event.kind.partition(".")[2]


def _rpc(journal: Journal, event: Event) -> list[Trip]:
    pairs = follow(journal, Pairs)
    sent = pairs.publish.get(event.seq)
    if sent is None:
        return []
    return _through(journal, event.seq, style(event), event.actor, journal[sent])


def _amqp(journal: Journal, event: Event, verb: str) -> list[Trip]:
    """What the broker does with a message, in the style of the RPC that it carries."""
    pairs = follow(journal, Pairs)
    sent = pairs.sent.get(event.data.get("message"), -1)
    asked = pairs.rpc.get(sent)
    looks = "cast" if asked is None else style(journal[asked])
    sender = None if asked is None else journal[asked].actor
    if verb == "publish":
        whole = _through(journal, event.seq, looks, sender, event)
        return [trip._replace(hops=trip.hops[: 2 if sender else 1]) for trip in whole]
    if verb == "deliver":
        queue = on_its_bus(str(event.data.get("queue")), event)
        return [Trip(event.seq, looks, ((queue, event.actor),))]
    return []


def _through(
    journal: Journal, seq: int, looks: str, sender: str | None, publish: Event
) -> list[Trip]:
    """From a sender to an exchange, into each queue, and to whoever took it from there."""
    exchange = on_its_bus(publish.data.get("exchange") or DEFAULT, publish)
    first = ((sender, exchange),) if sender else ()
    queues = [on_its_bus(queue, publish) for queue in publish.data.get("queues") or ()]
    taken: dict[str, str] = {}
    for one in follow(journal, Pairs).deliveries.get(publish.seq, ()):
        taken.setdefault(
            on_its_bus(str(journal[one].data.get("queue")), publish), journal[one].actor
        )
    if not queues:
        return [Trip(seq, looks, first, True)]
    ends = {queue: ((queue, taken[queue]),) if queue in taken else () for queue in queues}
    return [Trip(seq, looks, (*first, (exchange, queue), *ends[queue])) for queue in queues]

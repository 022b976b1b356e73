"""A telling: one event, and what a sentence may want to know around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from simnova.kernel.journal import Event, Journal
from simnova.observe import rows
from simnova.observe.index import follow
from simnova.observe.names import Names
from simnova.observe.pairs import Pairs

_ABOUT = (
    "instance",
    "instances",
    "build_requests",
    "request_spec",
    "request_specs",
    "spec_obj",
    "instance_uuids",
)


class Telling:
    """One event, and what there is to know around it."""

    def __init__(self, journal: Journal, event: Event) -> None:
        self.journal = journal
        self.event = event
        self.data = event.data
        self.actor = event.actor

    @cached_property
    def names(self) -> Names:
        """Who is called what."""
        return follow(self.journal, Names)

    @cached_property
    def pairs(self) -> Pairs:
        """What belongs together."""
        return follow(self.journal, Pairs)

    @cached_property
    def question(self) -> Event | None:
        """The call or request that this event answers."""
        asked = self.pairs.asked.get(self.event.seq)
        return None if asked is None else self.journal[asked]

    @property
    def took(self) -> float | None:
        """Seconds since the question that this event answers."""
        return None if self.question is None else self.event.time - self.question.time

    @cached_property
    def body(self) -> Any:
        """The body of a message or request, out of its JSON; None where the journal does not keep
        it.
        """
        return opened(self.data.get("body"))

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """The arguments inside a message; none where the journal does not keep bodies."""
        found = self.body.get("args") if isinstance(self.body, dict) else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def instance(self) -> str | None:
        """The uuid of the server that a message is about, where it tells."""
        for name in _ABOUT:
            thing = self.arguments.get(name)
            inner = fields(thing[0] if isinstance(thing, list) and thing else thing)
            uuid = inner.get("uuid") or inner.get("instance_uuid")
            if uuid:
                return str(uuid)
        return None

    @cached_property
    def message(self) -> Event | None:
        """The RPC event whose message a broker's event is about."""
        sent = self.pairs.sent.get(self.data.get("message"))
        rpc = self.pairs.rpc.get(-1 if sent is None else sent)
        return None if rpc is None else self.journal[rpc]

    @cached_property
    def row(self) -> dict[str, Any]:
        """The row that a row change is about, as it was right after it; empty where it is gone."""
        return rows.one(self.journal, self.event)

    def behind(self, kind: str, within: int = 12) -> Event | None:
        """The nearest cause of that kind, where there is one close by."""
        event: Event | None = self.event
        for _ in range(within):
            event = None if event is None or event.cause is None else self.journal[event.cause]
            if event is not None and event.kind == kind:
                return event
        return None

    def about(self, event: Event) -> Telling:
        """The telling of another event."""
        return Telling(self.journal, event)


def fields(thing: Any) -> dict[str, Any]:
    """The fields of a serialised object, as Nova puts it into messages."""
    inner = thing.get("nova_object.data", thing) if isinstance(thing, dict) else None
    return inner if isinstance(inner, dict) else {}


def opened(body: Any) -> Any:
    """A body out of its JSON text, and out of the envelope that oslo.messaging puts around a
    message.
    """
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return body
    if isinstance(body, dict) and "oslo.message" in body:
        return opened(body["oslo.message"])
    return body


def query(data: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a request, each once, whether kept as text or as a dict."""
    given = data.get("query") or {}
    if isinstance(given, str):
        given = parse_qs(given)
    return {
        name: ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in given.items()
    }

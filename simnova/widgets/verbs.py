"""What a browser may ask a player for: each verb with the fields it takes and the method that does it.

A page sends `{do: "seek", seq: 12}`. Whatever does not fit its line here is left alone, so that no page, and no
notebook from elsewhere, can call anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Verb(NamedTuple):
    """A method of the player, and the fields of a message that become its arguments of the same names."""

    method: str
    fields: Mapping[str, type] = {}

    def arguments(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """The arguments in a message; None where one is missing or of another type."""
        given = {name: message.get(name) for name in self.fields}
        fits = all(type(given[name]) is kind for name, kind in self.fields.items())
        return given if fits else None


VERBS: Final[dict[str, Verb]] = {
    "forward": Verb("forward"),
    "back": Verb("back"),
    "first": Verb("first"),
    "last": Verb("last"),
    "seek": Verb("seek", {"seq": int}),
    "position": Verb("numbered", {"position": int}),
    "detail": Verb("show", {"detail": str}),
    "watch": Verb("watch", {"server": str}),
    "source": Verb("source", {"where": str}),
    "open": Verb("open_message", {"seq": int}),
    "open_queue": Verb("open_queue", {"queues": list}),
    "open_service": Verb("open_service", {"service": str}),
    "shut": Verb("shut"),
    "what_if": Verb("what_if", {"host": str}),
    "fork": Verb("fork_with", {"code": str, "later": bool}),
    "swap": Verb("swap"),
    "join": Verb("join"),
    "parting": Verb("to_the_parting"),
    "filter": Verb("sift", {"query": str}),
    "choices": Verb("offer"),
    "find": Verb("find", {"text": str}),
    "find_next": Verb("find_next"),
    "find_back": Verb("find_back"),
    "stop_at": Verb("stop_at", {"query": str}),
    "stop_like": Verb("stop_like", {"seq": int}),
    "unstop": Verb("unstop", {"query": str}),
    "go_on": Verb("go_on"),
    "mark": Verb("mark", {"name": str}),
    "jump": Verb("jump", {"name": str}),
    "rename": Verb("rename", {"name": str, "to": str}),
    "unmark": Verb("unmark", {"name": str}),
    "follow": Verb("follow", {"on": bool}),
    "hello": Verb("refresh"),
    "save": Verb("save", {"form": str, "to": str}),
}
"""All of them; another thing to press is another line."""


def understood(message: Any) -> tuple[str, dict[str, Any]] | None:
    """The method that a message asks for, with its arguments; None where it is not understood."""
    name = message.get("do") if isinstance(message, dict) else None
    verb = VERBS.get(name) if isinstance(name, str) else None
    arguments = None if verb is None else verb.arguments(message)
    return None if verb is None or arguments is None else (verb.method, arguments)

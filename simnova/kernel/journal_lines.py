"""One line of a journal's file: an event as JSON, and whether what is read can be one."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from types import NoneType
from typing import Any, Final

from simnova.exceptions import quoted
from simnova.kernel.journal import Event
from simnova.kernel.late import Late

FIELDS: Final[dict[str, tuple[type, ...]]] = {
    "seq": (int,),
    "time": (float, int),
    "kind": (str,),
    "actor": (str,),
    "cause": (int, NoneType),
    "request_id": (str, NoneType),
    "where": (str, NoneType),
    "background": (bool,),
    "data": (dict,),
}
"""What an event is made of, in the order of `Event`."""

_NAME = (str, int, NoneType)
_WORD = (str, NoneType)
DATA: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("after", "before"), (dict, NoneType)),
    **dict.fromkeys(("args", "verdicts", "weights"), (dict,)),
    **dict.fromkeys(("alternates", "order", "queues", "weighers"), (list,)),
    **dict.fromkeys(("host", "id", "instance", "message", "msg_id", "status", "step"), _NAME),
    **dict.fromkeys(("level", "logger", "verb"), _WORD),
    **dict.fromkeys(("db", "exchange", "method", "queue", "routing_key", "table", "to"), _WORD),
}
"""What whoever looks at a journal takes for granted: rows are objects, and names are names."""
LISTED: Final = ("alternates", "order", "queues")
"""The lists of names."""
KEYS: Final = {"id", "uuid", "host", "name"}
"""The columns that rows are known by, beside those that end in `_id` or `_uuid`."""
AMOUNTS: Final = {
    *("used", "total", "reserved", "max_unit", "min_unit", "step_size", "root_gb", "ephemeral_gb")
} | {f"{name}{end}" for name in ("vcpus", "memory_mb", "local_gb") for end in ("", "_used")}
"""The columns that are reckoned with, beside those that end in `_ratio`."""
STATES: Final = {"vm_state", "task_state"}
"""The columns whose values are words."""

_WORDS: Final = {str: "a text", int: "a whole number", float: "a number", NoneType: "null"} | {
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


class NoEvent(ValueError):
    """Why a line cannot be the next event."""


def line(event: Event) -> bytes:
    """An event as a line of JSON; what JSON does not know is written as its text."""
    data = event.data.plain() if isinstance(event.data, Late) else event.data
    told = json.dumps({**event._asdict(), "data": data}, default=str, separators=(",", ":"))
    return f"{told}\n".encode()


def event(text: bytes, before: Event | None, kinds: Collection[str]) -> Event:
    """The event after `before` that a line tells of. Raises `NoEvent` for a line that cannot be it."""
    given = parsed(text)
    if given.keys() != FIELDS.keys():
        odd = sorted(given.keys() ^ FIELDS.keys())
        raise NoEvent(f"an event has the fields {', '.join(FIELDS)}; it differs in {odd[0]!r:.40}")
    for name, allowed in FIELDS.items():
        check_type(name, given[name], allowed)
    made = Event(**given)
    _check_place(made, before)
    if made.kind not in kinds:
        raise NoEvent(f"unknown kind of event {quoted(made.kind)}: its header does not list it")
    _check_data(made.data)
    return made


def parsed(text: bytes) -> dict[str, Any]:
    """The object that a line holds. Raises `NoEvent` for what is no JSON or no object."""
    try:
        given = json.loads(text)
    except RecursionError:
        raise NoEvent("it is nested too deeply") from None
    except ValueError as error:
        raise NoEvent(f"it is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise NoEvent("it is no JSON object, {…}")
    return given


def check_type(name: str, value: Any, allowed: tuple[type, ...]) -> None:
    """Raise `NoEvent` where a field holds something else than it may."""
    if type(value) not in allowed:
        words = " or ".join(_WORDS[one] for one in allowed)
        raise NoEvent(f"{name} is {words}, not {quoted(value)}")


def _check_data(data: dict[str, Any]) -> None:
    for name, value in data.items():
        if name in DATA:
            check_type(f"data.{name}", value, DATA[name])
    for name in LISTED:
        for one in data.get(name) or ():
            check_type(f"each of data.{name}", one, (str,))
    for side in ("after", "before"):
        for column, value in (data.get(side) or {}).items():
            _check_column(f"data.{side}.{column}", column, value)


def _check_column(name: str, column: str, value: Any) -> None:
    if column in KEYS or column.endswith(("_id", "_uuid")):
        check_type(name, value, _NAME)
    elif column in STATES:
        check_type(name, value, _WORD)
    elif column in AMOUNTS or column.endswith("_ratio"):
        check_type(name, value, (int, float, NoneType))
        if isinstance(value, float) and not math.isfinite(value):
            raise NoEvent(f"{name} is a number, not {value}")


def _check_place(event: Event, before: Event | None) -> None:
    """Events are counted from 0, time never goes back, and a cause was there before what it caused."""
    seq, since = (before.seq + 1, before.time) if before else (0, -math.inf)
    if event.seq != seq:
        raise NoEvent(f"it is event {event.seq}, and event {seq} comes here")
    if not -math.inf < event.time < math.inf:
        raise NoEvent(f"time is a number of seconds, not {event.time}")
    if event.time < since:
        raise NoEvent(f"time goes back, from {since} to {event.time} s")
    if event.cause is not None and not 0 <= event.cause < seq:
        raise NoEvent(f"cause is {event.cause}, and only what came before can be one")

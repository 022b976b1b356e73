"""The order of a run, so that two runs of the same order are known for the same.

What each service has done, in its order, and what was written to each table, in its order: two runs that differ in
nothing of this differ only in when, not in what, and the second one need not be searched further.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable

from simnova.kernel.journal import Event

_PASSING = re.compile(
    r'"\w+_at": (?:"[^"]*"|null)|[, ]'
    r"|(?:req-)?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|\d+\.\d+|\d{4}-\d\d-\d\dT[\d:]+Z"
)
"""When things were done, ids of things, amounts of time, and times."""

_NUMBERS = ("message", "id", "msg_id", "unique_id", "size")
"""Fields that count across all services."""


def order(events: Iterable[Event]) -> str:
    """A digest of the order of these events; background ones and log lines do not count."""
    lanes: dict[str, list[str]] = defaultdict(list)
    requests: dict[str | None, int] = {}
    for event in events:
        if event.background or event.kind == "log":
            continue
        whose = requests.setdefault(event.request_id, len(requests))
        told = f"{event.kind} {whose} {event.actor} {_said(event)}"
        lanes[event.actor].append(told)
        if "table" in event.data:
            lanes[f"{event.data.get('db')}.{event.data['table']}"].append(told)
    text = "\n".join(line for lane in sorted(lanes) for line in (lane, *lanes[lane]))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _said(event: Event) -> str:
    data = {name: value for name, value in event.data.items() if name not in _NUMBERS}
    return _PASSING.sub("", json.dumps(data, sort_keys=True, default=str))

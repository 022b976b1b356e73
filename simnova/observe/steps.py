"""The steps that a learner walks: what matters, the messages as well, or everything."""

from __future__ import annotations

from typing import Final, Literal, get_args

from simnova.exceptions import unknown
from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow

Detail = Literal["story", "messages", "everything"]
"""story: requests, RPC, decisions, state changes, hypervisor calls, faults. messages: the broker's
work as well, and the RPC by which nova-compute reads and writes rows. everything: all rows and log
lines too.
"""

DETAILS: Final = get_args(Detail)
_STORY = frozenset({"http", "rpc", "scheduler", "virt", "input", "fault", "service", "state"})
_ROWS = {
    "instances": {"vm_state", "task_state", "power_state", "host"},
    "instance_mappings": {"cell_id", "cell_mapping_id"},
    "build_requests": {"instance_uuid"},
    "instance_faults": {"message"},
    "migrations": {"status"},
}
"""The rows that a story tells of, and the columns whose change makes it worth telling."""


def level(event: Event) -> int:
    """From which detail on an event is a step: 0 story, 1 messages, 2 everything."""
    room = event.kind.partition(".")[0]
    if room == "rpc" and str(event.data.get("method", "")).startswith("object_"):
        return 1
    if room == "virt" and event.data.get("method") in {"get_inventory", "get_traits"}:
        return 1
    if room in _STORY or tells(event):
        return 0
    return 1 if room == "amqp" else 2


def tells(event: Event) -> bool:
    """Whether this is a row change that belongs to the story: a server's states, host, cell,
    fault or move.
    """
    columns = _ROWS.get(event.data.get("table", ""))
    if columns is None or event.kind not in {"db.insert", "db.update", "db.delete"}:
        return False
    changed = event.data.get("after") or event.data.get("before")
    return bool(columns & set(changed)) if changed else event.kind != "db.update"


class Steps:
    """The sequence numbers of each detail, with and without background; `follow(journal,
    Steps)`.
    """

    def __init__(self) -> None:
        self.of: dict[tuple[str, bool], list[int]] = {
            (detail, background): [] for detail in DETAILS for background in (False, True)
        }

    def add(self, event: Event) -> None:
        """Take in the next event."""
        for detail in DETAILS[level(event) :]:
            self.of[detail, True].append(event.seq)
            if not event.background:
                self.of[detail, False].append(event.seq)


def steps(journal: Journal, detail: Detail = "story", *, background: bool = False) -> list[int]:
    """The sequence numbers of the steps; heartbeats and periodic tasks only where `background` is
    true.

    Raises `UsageError` for a detail that is none of story, messages, everything.
    """
    if detail not in DETAILS:
        raise unknown("detail", detail, DETAILS)
    return list(follow(journal, Steps).of[detail, background])

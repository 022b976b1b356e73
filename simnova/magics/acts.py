"""What happens in a script: requests of learners and faults, each with its time and the line on which it stands."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simnova import Cloud
from simnova.cloud.accidents.verbs import VERBS as FAULTS
from simnova.cloud.server import Call
from simnova.exceptions import UsageError, quoted, unknown
from simnova.magics.written import Block, at_line, block, on_line
from simnova.observe.query import Query

BOOT: Final = "boot"
REQUESTS: Final = (
    BOOT,
    "stop",
    "start",
    "reboot",
    "pause",
    "unpause",
    "suspend",
    "resume",
    "rescue",
    "unrescue",
    "rebuild",
    "resize",
    "confirm_resize",
    "revert_resize",
    "migrate",
    "live_migrate",
    "evacuate",
    "shelve",
    "shelve_offload",
    "unshelve",
    "lock",
    "unlock",
    "rename",
    "set_metadata",
    "create_image",
    "create_backup",
    "attach_interface",
    "reset_state",
    "delete",
    "force_delete",
    "restore",
)
"""What can be asked: `boot`, and the methods of a server."""
_WHEN: Final = ("at", "when")


@dataclass(frozen=True)
class Act:
    """One thing that is done: at a second of the cloud, or when an event comes that a query means, or at rest."""

    line: int
    verb: str
    about: Any
    more: Mapping[str, Any]
    at: float | None = None
    when: Query | None = None

    def __str__(self) -> str:
        named = {**self.about, **self.more} if isinstance(self.about, Block) else self.more
        alone = [] if self.about is None or isinstance(self.about, Block) else [str(self.about)]
        return " ".join([self.verb, *alone, *(f"{name}={held}" for name, held in named.items())])

    def wait(self, cloud: Cloud) -> None:
        """Run the cloud until it is time."""
        if self.when is not None:
            cloud.run(until=self.when)
        elif self.at is None:
            cloud.run()
        elif self.at > cloud.now:
            cloud.run(until=self.at)

    def ask(self, cloud: Cloud) -> Call | None:
        """Send the request; a boot is answered later. Raises what the API says to others, `UsageError`."""
        if self.verb == BOOT:
            return cloud.submit(str(self.about), **self.more)
        self._call(getattr(cloud.servers[str(self.about)], self.verb))
        return None

    def arrange(self, cloud: Cloud) -> None:
        """Have the fault strike at its time, or now where it has none."""
        later = self.at is not None and self.at > cloud.now
        verb = getattr(cloud.at(self.at or 0) if later else cloud, self.verb)
        if isinstance(self.about, Block):
            self._call(verb, **self.about)
        else:
            self._call(verb, *([] if self.about is None else [self.about]))

    def _call(self, verb: Callable[..., object], *args: Any, **given: Any) -> None:
        """Raises `UsageError` for arguments that it does not take."""
        takes = inspect.signature(verb)
        try:
            takes.bind(*args, **given, **self.more)
        except TypeError as error:
            names = ", ".join(takes.parameters) or "nothing"
            raise UsageError(f"{self.verb}: {error}; it takes {names}") from None
        verb(*args, **given, **self.more)


def acts(items: Any, line: int, what: str, verbs: Collection[str]) -> list[Act]:
    """The acts of a list; raises `UsageError` with the line of what cannot be read."""
    if not isinstance(items, list):
        at_line(line, f"{what}s is a list: each item begins with '- '")
    return [_act(block(item, line, f"a {what}"), what, verbs) for item in items]


def _act(item: Block, what: str, verbs: Collection[str]) -> Act:
    named = [key for key in item if key in verbs]
    if not named:
        wrong = next((key for key in item if key not in _WHEN), "nothing")
        at_line(item.line, unknown(what, wrong, verbs))
    verb = named[0]
    more = {key: held for key, held in item.items() if key != verb and key not in _WHEN}
    at, when = item.get("at"), item.get("when")
    if at is not None and not _is_time(at):
        at_line(item.lines["at"], f"at: {quoted(at)} is no time: give seconds, 0 or more")
    if when is None:
        return Act(item.line, verb, item[verb], more, at)
    with on_line(item.lines["when"]):
        return Act(item.line, verb, item[verb], more, at, Query.parse(when))


def _is_time(said: Any) -> bool:
    number = isinstance(said, int | float) and not isinstance(said, bool)
    return number and 0 <= said < math.inf


def requests(items: Any, line: int) -> list[Act]:
    """What learners ask for."""
    return acts(items, line, "request", REQUESTS)


def faults(items: Any, line: int) -> list[Act]:
    """What breaks."""
    found = acts(items, line, "fault", FAULTS)
    for one in found:
        if one.when is not None:
            at_line(one.line, "a fault has a time, at: 30; crash_at dies at an event")
    return found

"""Meddling with messages on purpose, on their way to the broker (`Broker.interceptors`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from simnova.kernel.faults import Faults
from simnova.messaging.envelope import unseal
from simnova.messaging.message import PASS, Passage, Verdict

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock
    from simnova.messaging.rest import Call

__door__ = True


class MessageFault:
    """Meddles with the next `times` messages that carry an RPC method, or with the replies to it."""

    verb: ClassVar[str]
    what: ClassVar[str]
    """What happens to one message, and to several, in words."""

    def __init__(self, faults: Faults, method: str, times: int = 1, reply: bool = False) -> None:
        self.faults = faults
        self.method = method
        self.times = times
        self.reply = reply
        self._asked: set[str] = set()
        faults.armed.append(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        if self.times == 1:
            what = "reply to" if self.reply else "message of"
            return f"the next {what} {self.method} is {self.what}"
        many = f"the next {self.times}" if self.times else "no more"
        return (
            f"{many} {'replies to' if self.reply else 'messages of'} {self.method} are {self.what}"
        )

    @property
    def waits(self) -> bool:
        """Whether it meddles with another message."""
        return self.times > 0

    def disarm(self) -> None:
        """Leave all further messages alone."""
        self.times = 0

    def __call__(self, passage: Passage) -> Verdict:
        """Let a message pass, or meddle with it."""
        if passage.stage != "publish" or self.times < 1 or not self._is_meant(passage):
            return PASS
        self.times -= 1
        more = self.said()
        self.faults.note(
            self.verb, method=self.method, reply=self.reply, message=passage.message.id, **more
        )
        return self.verdict(passage)

    def said(self) -> dict[str, Any]:
        """What the journal says beside which message it was."""
        return {}

    def verdict(self, passage: Passage) -> Verdict:
        """What becomes of it."""
        raise NotImplementedError

    def _is_meant(self, passage: Passage) -> bool:
        message = _inside(passage.message.body)
        if message.get("method") == self.method:
            self._asked.add(str(message.get("_msg_id")))
            return not self.reply
        return self.reply and str(message.get("_msg_id")) in self._asked


class Loss(MessageFault):
    """It never arrives, and its sender does not know."""

    verb, what = "lose", "lost"

    def verdict(self, passage: Passage) -> Verdict:
        """Lose it."""
        return Verdict(lose=True)


class Duplicate(MessageFault):
    """It arrives twice, as when a publisher whose confirmation was lost sends again."""

    verb, what = "duplicate", "sent twice"

    def verdict(self, passage: Passage) -> Verdict:
        """Let it pass twice."""
        return Verdict(copies=2)


class Delay(MessageFault):
    """It is under way for so many seconds more; what its sender sends after it passes it."""

    verb = "delay"

    def __init__(
        self, faults: Faults, method: str, seconds: float, times: int = 1, reply: bool = False
    ) -> None:
        self.seconds = seconds
        super().__init__(faults, method, times, reply)

    @property
    def what(self) -> str:  # type: ignore[override]
        """What happens to a message, in words."""
        return f"{self.seconds:g} s late"

    def said(self) -> dict[str, Any]:
        """How late it is."""
        return {"seconds": self.seconds}

    def verdict(self, passage: Passage) -> Verdict:
        """Take it aside for that long."""
        background = passage.message.origin.background

        def wait(go_on: Callable[[], None]) -> None:
            self.faults.clock.after(self.seconds, go_on, background=background)

        return Verdict(aside=wait)


class Reorder(MessageFault):
    """It is overtaken by the next message that goes to the same queue; after `within` seconds it waits no longer."""

    verb, what = "reorder", "overtaken by the one behind it"

    def __init__(self, faults: Faults, method: str, times: int = 1, within: float = 10.0) -> None:
        self.within = within
        self._waiting: list[_Overtaken] = []
        super().__init__(faults, method, times)

    def __call__(self, passage: Passage) -> Verdict:
        """Whatever comes lets go on who waits for it, and may itself have to wait for the next."""
        if passage.stage == "publish":
            for one in [one for one in self._waiting if one.is_passed_by(passage)]:
                self._waiting.remove(one)
                one.go_after(passage)
                return PASS
        return super().__call__(passage)

    def verdict(self, passage: Passage) -> Verdict:
        """Take it aside until another one has passed."""
        one = _Overtaken(self.faults.clock, passage)

        def wait(go_on: Callable[[], None]) -> None:
            one.go_on = go_on
            self._waiting.append(one)
            self.faults.clock.after(
                self.within, self._give_up, one, background=passage.message.origin.background
            )

        return Verdict(aside=wait)

    def _give_up(self, one: _Overtaken) -> None:
        if one in self._waiting:
            self._waiting.remove(one)
            one.go()


class _Overtaken:
    """A message that has been taken aside, and how it goes on."""

    LONGER = 0.002
    """Seconds by which it comes later than the one that passes it: more than any way to the broker takes."""

    def __init__(self, clock: Clock, passage: Passage) -> None:
        self.clock = clock
        self.message = passage.message
        self.way = _way(passage)
        self.go_on: Callable[[], None] = lambda: None

    def is_passed_by(self, passage: Passage) -> bool:
        """Whether that one goes to the same queue."""
        return _way(passage) == self.way and passage.message is not self.message

    def go_after(self, passage: Passage) -> None:
        """Go on right behind it."""
        self.clock.after(self.LONGER, self.go, background=self.message.origin.background)

    def go(self) -> None:
        """Go on."""
        self.go_on()


class RequestFault:
    """Loses, or holds up by `seconds`, the next requests of an HTTP method to a path, or the answers to them.

    `asked` is `"POST /v2.0/ports"`; a `*` in the path stands for anything. What is lost is what takes for ever.
    """

    def __init__(
        self, faults: Faults, asked: str, seconds: float, times: int = 1, reply: bool = False
    ) -> None:
        self.faults = faults
        self.asked = asked
        self.method, _, self.path = asked.partition(" ")
        self.seconds = seconds
        self.times = times
        self.reply = reply
        faults.armed.append(self)

    def __str__(self) -> str:
        becomes = "lost" if self.seconds == math.inf else f"{self.seconds:g} s late"
        if self.times == 1:
            return f"the next {'answer to' if self.reply else 'request'} {self.asked} is {becomes}"
        what = "answers to" if self.reply else "requests"
        return f"the next {self.times} {what} {self.asked} are {becomes}"

    @property
    def waits(self) -> bool:
        """Whether it meddles with another request."""
        return self.times > 0

    def disarm(self) -> None:
        """Leave all further requests alone."""
        self.times = 0

    def __call__(self, call: Call, reply: bool) -> float:
        """Seconds by which a request, or the answer to it, is late."""
        about = call.about
        meant = about["method"] == self.method and fnmatchcase(about["path"], self.path)
        if self.times < 1 or reply != self.reply or not meant:
            return 0.0
        self.times -= 1
        lost = self.seconds == math.inf
        more: dict[str, Any] = {} if lost else {"seconds": self.seconds}
        verb = "lose" if lost else "delay"
        self.faults.note(verb, method=self.asked, reply=reply, request=about["id"], **more)
        return self.seconds


def _way(passage: Passage) -> tuple[str, str, str]:
    return passage.broker, passage.message.exchange, passage.message.routing_key


def _inside(body: str | bytes) -> dict[str, object]:
    """The RPC message in an envelope; empty where it is none."""
    try:
        return unseal(body)
    except (ValueError, KeyError, TypeError):
        return {}

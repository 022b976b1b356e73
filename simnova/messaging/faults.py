"""Losing messages on purpose (`Broker.interceptors`)."""

from __future__ import annotations

from simnova.kernel.faults import Faults
from simnova.messaging.envelope import unseal
from simnova.messaging.message import PASS, Passage, Verdict

__door__ = True


class Loss:
    """Loses the next `times` messages that carry an RPC method, or the replies to it, on their way to the broker."""

    def __init__(self, faults: Faults, method: str, times: int = 1, reply: bool = False) -> None:
        self.faults = faults
        self.method = method
        self.times = times
        self.reply = reply
        self._asked: set[str] = set()
        faults.armed.append(self)

    def __repr__(self) -> str:
        return f"<Loss: {self}>"

    def __str__(self) -> str:
        if self.times == 1:
            what = "reply to" if self.reply else "message of"
            return f"the next {what} {self.method} is lost"
        many = f"the next {self.times}" if self.times else "no more"
        return f"{many} {'replies to' if self.reply else 'messages of'} {self.method} are lost"

    @property
    def waits(self) -> bool:
        """Whether it loses another message."""
        return self.times > 0

    def __call__(self, passage: Passage) -> Verdict:
        """Let a message pass, or lose it."""
        if passage.stage != "publish" or self.times < 1 or not self._is_meant(passage):
            return PASS
        self.times -= 1
        self.faults.note("lose", method=self.method, reply=self.reply, message=passage.message.id)
        return Verdict(lose=True)

    def _is_meant(self, passage: Passage) -> bool:
        message = _inside(passage.message.body)
        if message.get("method") == self.method:
            self._asked.add(str(message.get("_msg_id")))
            return not self.reply
        return self.reply and str(message.get("_msg_id")) in self._asked


def _inside(body: str | bytes) -> dict[str, object]:
    """The RPC message in an envelope; empty where it is none."""
    try:
        return unseal(body)
    except (ValueError, KeyError, TypeError):
        return {}

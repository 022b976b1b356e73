"""Any message is lost where a search decides so: `lose/build_instances#1`, `lose/reply to select_destinations#2`."""

from __future__ import annotations

from simnova.kernel.choices import LOSE
from simnova.kernel.faults import Faults
from simnova.messaging.envelope import unseal
from simnova.messaging.message import PASS, Passage, Verdict

__door__ = True


class Losses:
    """Asks of every message of a request, on its way to the broker, whether it is lost (`Broker.interceptors`)."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._asked: dict[str, str] = {}

    def __call__(self, passage: Passage) -> Verdict:
        """Let a message pass, or lose it."""
        message = passage.message
        if passage.stage != "publish" or message.origin.background:
            return PASS
        method, reply = self._what(message.body)
        named = f"reply to {method}" if reply else method
        if not self.faults.clock.decide(LOSE, named, among=(False, True)):
            return PASS
        self.faults.note("lose", method=method, reply=reply, message=message.id)
        return Verdict(lose=True)

    def _what(self, body: str | bytes) -> tuple[str, bool]:
        """The RPC method that a message carries, or whose reply it is."""
        try:
            message = unseal(body)
        except (ValueError, KeyError, TypeError):
            return "a message", False
        method, msg_id = message.get("method"), str(message.get("_msg_id"))
        if method is None:
            return self._asked.get(msg_id, "a call"), True
        self._asked[msg_id] = str(method)
        return str(method), False

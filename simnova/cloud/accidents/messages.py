"""Accidents on messages: lost, late, sent twice, overtaken."""

from __future__ import annotations

import math

from simnova.cloud import checks
from simnova.cloud.accidents.base import Base
from simnova.kernel.faults import Faults
from simnova.messaging.faults import Delay, Duplicate, Loss, MessageFault, Reorder, RequestFault

__door__ = True


class Messages(Base):
    """What can happen to the messages of a method on their way to the broker."""

    def lose(self, method: str, times: int = 1, *, reply: bool = False) -> Faults:
        """Lose the next messages that carry this RPC method, or the replies to it.

        Nobody tells the sender. Whoever waits for a reply gives up after `rpc_response_timeout`; after a cast nobody
        waits, and nothing more happens: the server stays as it is.

        `"POST /v2.0/ports"` (a `*` in the path stands for anything) loses an HTTP request in the same way: its sender
        gives up when TCP does, after 127 s.
        """
        checks.check_message_or_request(method, times)
        checks.check_switch("reply", reply)
        self._input("lose", method=method, times=times, reply=reply)
        return self.faults

    def delay(self, method: str, seconds: float, times: int = 1, *, reply: bool = False) -> Faults:
        """Have the next messages of this RPC method, or the replies to it, arrive so many seconds later.

        A request that comes after its caller has given up is dropped by the broker, for it lives no longer than its
        caller waits; a late reply finds nobody, although the work was done. HTTP requests can be late as well.
        """
        checks.check_message_or_request(method, times)
        checks.check_duration("seconds", seconds)
        checks.check_switch("reply", reply)
        self._input("delay", method=method, seconds=seconds, times=times, reply=reply)
        return self.faults

    def duplicate(self, method: str, times: int = 1, *, reply: bool = False) -> Faults:
        """Have the next messages of this RPC method, or the replies to it, arrive twice.

        A server remembers the last 16 unique ids that it has seen and drops the second one (`rpc.duplicate`). It knows
        nothing of what another worker on the same queue has seen: with two conductors the work can be done twice.
        """
        checks.check_message(method, times)
        checks.check_switch("reply", reply)
        self._input("duplicate", method=method, times=times, reply=reply)
        return self.faults

    def reorder(self, method: str, times: int = 1, *, within: float = 10.0) -> Faults:
        """Have the next messages of this RPC method be overtaken by the one that comes behind it in the same queue.

        If none comes within so many seconds, it goes on alone.
        """
        checks.check_message(method, times)
        checks.check_duration("within", within)
        self._input("reorder", method=method, times=times, within=within)
        return self.faults

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_lose(self, method: str, times: int, reply: bool) -> None:
        if " " in method:
            self._meddle_with_requests(method, math.inf, times, reply)
        else:
            self._meddle(Loss(self.faults, method, times, reply))

    def _do_delay(self, method: str, seconds: float, times: int, reply: bool) -> None:
        if " " in method:
            self._meddle_with_requests(method, seconds, times, reply)
        else:
            self._meddle(Delay(self.faults, method, seconds, times, reply))

    def _do_duplicate(self, method: str, times: int, reply: bool) -> None:
        self._meddle(Duplicate(self.faults, method, times, reply))

    def _do_reorder(self, method: str, times: int, within: float) -> None:
        self._meddle(Reorder(self.faults, method, times, within))

    def _meddle_with_requests(self, asked: str, seconds: float, times: int, reply: bool) -> None:
        fault = RequestFault(self.faults, asked, seconds, times, reply)
        self.assembly.rest.interceptors.append(fault)

    def _meddle(self, fault: MessageFault) -> None:
        """The same fault looks at every bus: whichever the message takes."""
        for broker in self.assembly.brokers.values():
            broker.interceptors.append(fault)

"""What real hypervisors tell unasked, on threads of their own: a recorded input, so that a fork hears it again."""

from __future__ import annotations

from simnova.cloud.metadata import GuestRequests
from simnova.nova.objects.states import PowerState

__door__ = True


class Hearing(GuestRequests):
    """Hands the news of guests to their driver, between two events of the engine."""

    def listen(self) -> None:
        """Hear what real hypervisors have told since the cloud last ran, as `run` and `step` do at their beginning."""
        if self._owner is None:
            with self._engine():
                pass

    def _heard(self, host: str, server: str, state: PowerState, number: int | None) -> None:
        """A guest has changed beside Nova."""
        self._input("heard", host=host, server=server, state=state.name.lower(), number=number)

    def _do_heard(self, host: str, server: str, state: str, number: int | None) -> None:
        driver = self.assembly.drivers[host].driver
        driver.heard(server, PowerState[state.upper()], number, cause=len(self.journal) - 1)

"""What the managers of all services have in common (`nova/manager.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from simnova.nova.objects.service import Service


class Periodic(NamedTuple):
    """A periodic task: what is done, and every how many seconds; the first time after so many, or at once."""

    work: Callable[[], Awaitable[None]]
    spacing: float
    run_immediately: bool = False


class Manager:
    """A service's manager: its methods are the RPC methods, and the service calls these around them."""

    service_ref: Service | None = None
    """The service's own row, as it was when the service came up."""

    async def init_host(self) -> None:
        """Get ready before the first message is served."""

    async def reset(self) -> None:
        """SIGHUP: read again what is read when the service starts."""

    def periodic_tasks(self) -> Sequence[Periodic]:
        """What is to be done again and again."""
        return ()

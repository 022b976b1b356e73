"""What the managers of all services have in common (`nova/manager.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from simnova.nova.periodic_task import Periodic, declared_by

if TYPE_CHECKING:
    from simnova.nova.objects.service import Service

__all__ = ["Manager", "Periodic"]


class Manager:
    """A service's manager: its methods are the RPC methods, and the service calls these around them."""

    conf: Any = None
    service_ref: Service | None = None
    """The service's own row, as it was when the service came up."""

    first_start: bool = False
    """Whether that row has only just been made."""

    async def init_host(self) -> None:
        """Get ready, before anything else."""

    async def pre_start_hook(self) -> None:
        """The last that is done before the first message is served."""

    async def graceful_shutdown(
        self, timeout: float, wait: Callable[[float], Awaitable[bool]]
    ) -> None:
        """The service is to end within `timeout` seconds; `wait` tells whether what is in progress ended in time."""

    async def reset(self) -> None:
        """SIGHUP: read again what is read when the service starts."""

    @property
    def mends_at_once(self) -> bool:
        """Whether the tasks that run immediately have their first round as soon as the service is up."""
        return True

    def periodic_tasks(self) -> Sequence[Periodic]:
        """What is to be done again and again: the methods marked with `periodic_task`, at their options' spacing."""
        return declared_by(self, self.conf)

"""What nova-compute does when it is told to end (`graceful_shutdown`): operations under way get their time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from simnova.nova.log import getLogger
from simnova.nova.manager import Manager

LOG = getLogger("nova.compute.manager")

RESERVED = 20.0
"""Seconds of the manager's time that are kept for cleaning up afterwards, at most."""


class Shutdown(Manager):
    """The end in good order."""

    async def graceful_shutdown(
        self, timeout: float, wait: Callable[[float], Awaitable[bool]]
    ) -> None:
        """Wait for what is in progress; what is not done then goes on until the service is ended."""
        reserved = min(RESERVED, timeout)
        LOG.info(
            "Compute manager waiting up to %s seconds for in-progress tasks to complete (%s seconds reserved for "
            "cleanup_host).",
            *(timeout - reserved, reserved),
        )
        if not await wait(timeout - reserved):
            LOG.warning("Graceful shutdown timed out with tasks still in progress")

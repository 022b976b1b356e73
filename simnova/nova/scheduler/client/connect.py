"""What the report client does when Placement does not answer, or answers that somebody was faster.

These are the two decorators of `nova/scheduler/client/report.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from simnova.kernel.clock import Between, Clock
from simnova.messaging.rest import ConnectFailure, Response
from simnova.nova.log import getLogger

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="HasClock")
Method = Callable[Concatenate[S, P], Awaitable[T]]

LOG = getLogger("nova.scheduler.client.report")

__door__ = True


class HasClock(Protocol):
    """A client that can wait."""

    clock: Clock


class Retry(Exception):
    """Somebody else changed what an operation was about; it may be tried again."""

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(reason)
        self.operation, self.reason = operation, reason


def safe_connect(method: Method[S, P, T]) -> Callable[Concatenate[S, P], Awaitable[T | None]]:
    """Where Placement does not answer, log it and return None: the caller goes on without."""

    @functools.wraps(method)
    async def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await method(self, *args, **kwargs)
        except ConnectFailure:
            LOG.warning("Placement API service is not responding.")
            return None

    return wrapper


def retries(method: Method[S, P, bool]) -> Callable[Concatenate[S, P], Awaitable[bool]]:
    """Try up to four times, each time after a longer wait, while `Retry` is raised; False when it was in vain."""

    @functools.wraps(method)
    async def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        operation = method.__name__
        for attempt in range(4):
            if attempt:
                await self.clock.sleep(_pause(self.clock, attempt))
            try:
                return await method(self, *args, **kwargs)
            except Retry as retry:
                operation = retry.operation
                LOG.debug(
                    "Unable to %(op)s because %(reason)s; retrying...",
                    {"op": retry.operation, "reason": retry.reason},
                )
        LOG.error("Failed scheduler client operation %s: out of retries", operation)
        return False

    return wrapper


def _pause(clock: Clock, attempt: int) -> float:
    who = clock.active.service.name if clock.active else ""
    return float(clock.choose("placement retry", who, among=Between(0, 2 * attempt)))


def error_of(response: Response) -> dict[str, Any]:
    """The first error of an answer of Placement's: code, detail, title."""
    errors: list[dict[str, Any]] = (response.body or {}).get("errors") or [{}]
    return errors[0]


def text(response: Response) -> str:
    """The answer's body as text, for logs and error messages."""
    return response.text if isinstance(response.text, str) else ""


def is_concurrent_update(response: Response) -> bool:
    """Whether somebody else was faster."""
    return error_of(response).get("code") == "placement.concurrent_update"


def is_consumer_conflict(response: Response) -> bool:
    """Whether it was the consumer that somebody else changed, and not a provider."""
    return "consumer generation conflict" in error_of(response).get("detail", "")

"""A service, as the clock knows it: a name, what it has in hand, and whether it lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simnova.kernel.journal import declare

if TYPE_CHECKING:
    from simnova.kernel.clock import Task

__door__ = True

SERVICE_START = declare("service.start", "a service came up")
SERVICE_STOP = declare("service.stop", "a service was stopped in good order")
SERVICE_CRASH = declare(
    "service.crash", "a service died where it stood; nothing of its own code ran after this"
)


class Crashed(BaseException):
    """Raised at the door of a service that is dead. Not an `Exception`: no service can survive it by catching."""


class Service:
    """One life of a service: its name in the journal, its running tasks, and whether its doors are open.

    `at_end` holds what happens around it when it ends, in good order or not (its connections break, say), because of
    the event `ended`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.ended: int | None = None
        self.tasks: dict[Task, None] = {}
        self.at_end: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<Service {self.name} {'up' if self.alive else 'down'}, {len(self.tasks)} tasks>"

"""Managers of a learner's own in the place of Nova's: a service that does one thing otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from simnova.exceptions import UsageError, unknown
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.conductor.compute_task import ComputeTaskManager
from simnova.nova.conductor.manager import ConductorManager
from simnova.nova.scheduler.manager import SchedulerManager

__door__ = True

T = TypeVar("T")

STOCK: dict[str, tuple[type, ...]] = {
    "nova-compute": (ComputeManager,),
    "nova-conductor": (ComputeTaskManager, ConductorManager),
    "nova-scheduler": (SchedulerManager,),
}
"""What each service is made of; nova-conductor has two."""


class Managers:
    """The classes of the managers of one cloud: Nova's, or what was given in their place.

    `given` is `{"nova-compute": MyComputeManager}`, of nova-conductor one class or both in a list. Raises `UsageError`
    for a service without a manager, and for a class that is not derived from the one whose place it takes.
    """

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        if given is not None and not isinstance(given, Mapping):
            raise UsageError(
                f"managers={given!r}: give a dict, as in managers={{'nova-compute': MyManager}}"
            )
        self._classes: dict[type, type] = {}
        for service, classes in (given or {}).items():
            if service not in STOCK:
                raise unknown("service with a manager", service, STOCK)
            for one in classes if isinstance(classes, Sequence) else [classes]:
                self._classes[_stock(service, one)] = one

    def of(self, stock: type[T]) -> type[T]:
        """The class that takes the place of one of Nova's, or that itself."""
        return self._classes.get(stock, stock)


def _stock(service: str, given: Any) -> type:
    """The class that another one is derived from."""
    for stock in STOCK[service]:
        if isinstance(given, type) and issubclass(given, stock):
            return stock
    names = " or ".join(stock.__name__ for stock in STOCK[service])
    named = given.__name__ if isinstance(given, type) else repr(given)
    raise UsageError(
        f"managers: {named} is no manager of {service}: derive a class from {names}, and give the class itself"
    )

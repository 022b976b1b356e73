"""The door around a driver: here the journal notes what nova-compute asks of its hypervisor."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, cast

from simnova.kernel.clock import Clock
from simnova.kernel.journal import declare
from simnova.nova.virt.driver import ComputeDriver

__door__ = True

VIRT_CALL = declare(
    "virt.call", "nova-compute asked its hypervisor driver for something", ("args",)
)
VIRT_RETURN = declare("virt.return", "the driver has done what it was asked for", ("result",))
VIRT_ERROR = declare("virt.error", "the driver failed")
VIRT_STEP = declare("virt.step", "the driver finished one step of an operation", ("xml",))

_SECRET = frozenset({"admin_password", "new_pass", "rescue_password"})
_UNSAID = _SECRET | {"self", "context", "instance", "injected_files", "update_task_state"}
_UNSAID |= {"post_method", "recover_method"}


def watch(clock: Clock, driver: ComputeDriver) -> ComputeDriver:
    """The driver with the journal at its door; `.driver`, what is behind it, can be exchanged."""
    return cast(ComputeDriver, WatchedDriver(clock, driver))


def step(clock: Clock, name: str, instance: str | None, seconds: float, **data: Any) -> None:
    """Note that a driver has finished a step; `instance` is a UUID."""
    clock.journal.record(
        VIRT_STEP, {"step": name, "instance": instance, "seconds": round(seconds, 6), **data}
    )


class WatchedDriver:
    """Any driver, its calls journalled as `virt.call` and then `virt.return` or `virt.error`."""

    def __init__(self, clock: Clock, driver: ComputeDriver) -> None:
        self.clock = clock
        self.driver = driver

    def __repr__(self) -> str:
        return f"<watched {self.driver!r}>"

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.driver, name)
        seam = inspect.iscoroutinefunction(attribute) and hasattr(ComputeDriver, name)
        return functools.partial(self._ask, name, attribute) if seam else attribute

    async def _ask(self, method: str, ask: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        asked, started = _asked(ask, args, kwargs), self.clock.now
        subject = {"method": method, "instance": asked.pop("instance", None)}
        self.clock.journal.record(VIRT_CALL, {**subject, "args": asked})
        try:
            result = await ask(*args, **kwargs)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            self.clock.journal.record(VIRT_ERROR, {**subject, "error": said})
            raise
        took = round(self.clock.now - started, 6)
        self.clock.journal.record(
            VIRT_RETURN, {**subject, "seconds": took, "result": _plain(result)}
        )
        return result


def _asked(
    ask: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name as JSON; no secrets, and nothing that was not given."""
    names = _parameters(getattr(ask, "__func__", ask))
    given = {**dict(zip(names[1:], args, strict=False)), **kwargs}
    said = {n: _plain(given[n]) for n in names if n in given and n not in _UNSAID}
    if "instance" in given:
        said["instance"] = given["instance"].uuid
    return {name: value for name, value in said.items() if value is not None}


@functools.cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


_SIMPLE = frozenset({str, int, float, bool, type(None)})


def _plain(value: Any) -> Any:
    """A value as JSON; an object as its id."""
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, int, float)):
        return value
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return getattr(value, "uuid", None) or getattr(value, "id", None) or type(value).__name__

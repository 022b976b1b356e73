"""A choice that was decided otherwise, in a sentence."""

from __future__ import annotations

from collections.abc import Callable

from simnova.kernel.choices import CRASH, LOSE, TIE, WORKER, Point


def told(point: Point) -> str:
    """What went otherwise than usual at a choice."""
    kind, *names = point.stream
    return _TOLD.get(kind, _other)(point, names)


def _latency(point: Point, names: list[str]) -> str:
    ends = [*names, "RabbitMQ"] if len(names) == 1 else names
    return f"what is on its way between {' and '.join(ends)} takes {_seconds(point)}"


def _step(point: Point, names: list[str]) -> str:
    if names[1:] == ["failure"]:
        return f"the hypervisor of {names[0]} fails to start a guest"
    return f"a step of the hypervisor of {names[0]} takes {point.value:.3g}, not {point.usual:.3g}"


def _worker(point: Point, names: list[str]) -> str:
    return (
        f"consumer {point.value + 1} in turn gets the message of queue '{names[0]}', not the first"
    )


def _tie(point: Point, names: list[str]) -> str:
    return f"of {len(_sequence(point))} things due at the same time number {point.value + 1} is the first"


def _drawn(point: Point, names: list[str]) -> str:
    return f"the scheduler draws number {point.value + 1} of {len(_sequence(point))}, not {point.usual + 1}"


def _other(point: Point, names: list[str]) -> str:
    return f"{point.name} is {point.value:g}, not {point.usual:g}"


def _sequence(point: Point) -> tuple[object, ...]:
    return tuple(point.among)  # type: ignore[arg-type]


def _seconds(point: Point) -> str:
    return f"{point.value:.3g} s, not {point.usual:.3g} s"


_TOLD: dict[str, Callable[[Point, list[str]], str]] = {
    "amqp": _latency,
    "http": _latency,
    "virt": _step,
    "scheduler": _drawn,
    CRASH: lambda point, names: f"{names[0]} dies",
    LOSE: lambda point, names: (
        f"the {'' if names[0].startswith('reply') else 'message '}{names[0]} is lost"
    ),
    TIE: _tie,
    WORKER: _worker,
}

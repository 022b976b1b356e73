"""Scenarios as a stream: one a line, and for each line an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from simnova.exceptions import UsageError
from simnova.scenario.reading import from_json


class Line(NamedTuple):
    """The answer to one line, whether that line was broken, and what of it was ignored."""

    number: int
    """Which line it was, from 1."""
    answer: dict[str, Any]
    broken: bool = False
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return json.dumps(self.answer)


def answers(lines: Iterable[str | bytes]) -> Iterator[Line]:
    """An answer for each line, as soon as it is there; empty lines are passed over.

    A line that is no scenario is answered by `{"error": …}`, and the next one is read. Raises `UsageError` where the
    first line only opens an object: then one scenario stands on many lines.
    """
    first = True
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if first and text in _OPENING:
            raise UsageError(
                "--jsonl wants one scenario a line, and here one stands on many: leave --jsonl out"
            )
        if text:
            first = False
            yield _answer(number, line)


_OPENING = ("{", "[", b"{", b"[")


def _answer(number: int, line: str | bytes) -> Line:
    try:
        scenario = from_json(line)
        return Line(number, scenario.answer(), warnings=scenario.warnings)
    except UsageError as error:
        return _broken(number, str(error))
    except Exception as error:
        return _broken(number, f"{type(error).__name__}: {error}")


def _broken(number: int, said: str) -> Line:
    return Line(number, {"error": f"line {number}: {said}"}, broken=True)

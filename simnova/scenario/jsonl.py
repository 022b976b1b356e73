"""Scenarios as a stream: one a line, and for each line an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from simnova.exceptions import UsageError
from simnova.scenario.reading import from_json


class Line(NamedTuple):
    """The answer to one line, whether that line was broken, and what of it was ignored."""

    answer: dict[str, Any]
    broken: bool = False
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return json.dumps(self.answer)


def answers(lines: Iterable[str | bytes]) -> Iterator[Line]:
    """An answer for each line, as soon as it is there; empty lines are passed over.

    A line that is no scenario is answered by `{"error": …}`, and the next one is read.
    """
    return (_answer(line) for line in lines if line.strip())


def _answer(line: str | bytes) -> Line:
    try:
        scenario = from_json(line)
        return Line(scenario.answer(), warnings=scenario.warnings)
    except UsageError as error:
        return Line({"error": str(error)}, broken=True)
    except Exception as error:
        return Line({"error": f"{type(error).__name__}: {error}"}, broken=True)

"""Hosts for which a condition in JSON holds (`nova/scheduler/filters/json_filter.py`)."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


def _first_against_rest(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any]], bool]:
    """Whether the first holds against each of the others; with nothing to compare it does not."""
    return lambda args: len(args) > 1 and all(compare(args[0], arg) for arg in args[1:])


OPERATORS: dict[str, Callable[[list[Any]], Any]] = {
    "=": _first_against_rest(operator.eq),
    "<": _first_against_rest(operator.lt),
    ">": _first_against_rest(operator.gt),
    "<=": _first_against_rest(operator.le),
    ">=": _first_against_rest(operator.ge),
    "in": lambda args: len(args) > 1 and args[0] in args[1:],
    "not": lambda args: [not arg for arg in args],
    "or": any,
    "and": all,
}
"""What may stand first in a query. `not` answers for each of its arguments; one that is true is enough."""


class JsonFilter(filters.BaseHostFilter):
    """Asks the query in the hint `query`, such as `[">=", "$free_ram_mb", 4096]`, of each host.

    `$name` is an attribute of the host state, `$name.key` what it has under that key; an argument that there is not
    is left out. Raises KeyError for an unknown operator, TypeError for what cannot be compared, ValueError for what
    is no JSON, as Nova does, and InvalidInput for what Python cannot read for its depth.
    """

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where there is no query; else each host is asked."""
        return hosts.all_or_each(not spec_obj.get_scheduler_hint("query"))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the query is true of the host; where its outcome is a list, whether anything in it is."""
        text = spec_obj.get_scheduler_hint("query")
        if not text:
            return True
        query = _read(text)
        answer = _ask(query, host_state)
        if any(answer) if isinstance(answer, list) else answer:
            return True
        values = {name: _look_up(name, host_state) for name in _variables(query)}
        said = ", ".join(f"{name} is {value}" for name, value in values.items())
        return filters.Rejected(f"{text} is false{said and f': {said}'}")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise exception.InvalidInput(reason="the query is nested too deeply") from None


class _Question:
    """A query or a part of it: its operator, the arguments that are still to be read, and those that are."""

    def __init__(self, query: list[Any]) -> None:
        self.answer = OPERATORS[query[0]] if query else lambda _: True
        self.left = list(reversed(query[1:])) if query else []
        self.args: list[Any] = []

    def take(self, value: Any) -> None:
        if value is not None:
            self.args.append(value)


def _ask(query: list[Any], host_state: HostState) -> Any:
    """The answer for a host; what stands inside is answered first, however deep it lies."""
    under_way = [_Question(query)]
    while True:
        asked = under_way[-1]
        if not asked.left:
            answer = under_way.pop().answer(asked.args)
            if not under_way:
                return answer
            under_way[-1].take(answer)
            continue
        arg = asked.left.pop()
        if isinstance(arg, list):
            under_way.append(_Question(arg))
        else:
            asked.take(_look_up(arg, host_state) if isinstance(arg, str) else arg)


def _look_up(text: str, host_state: HostState) -> Any:
    """What a text stands for: the text itself, or, of `$name.key`, what the host has there; None where nothing is."""
    if not text.startswith("$"):
        return text or None
    name, *keys = text[1:].split(".")
    found = getattr(host_state, name, None)
    for key in keys:
        found = None if found is None else found.get(key)
    return found


def _variables(query: list[Any]) -> Iterator[str]:
    left = list(reversed(query[1:]))
    while left:
        arg = left.pop()
        if isinstance(arg, list):
            left += reversed(arg[1:])
        elif isinstance(arg, str) and arg.startswith("$"):
            yield arg

"""Hosts for which a condition in JSON holds (`nova/scheduler/filters/json_filter.py`)."""

from __future__ import annotations

import difflib
import json
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


def _first_against_rest(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any]], bool]:
    """Whether the first holds against each of the others, which are all asked; with nothing to compare it does not."""
    return lambda args: len(args) > 1 and False not in [compare(args[0], arg) for arg in args[1:]]


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

_SHOWN = 200
"""Characters of a query that a message shows."""


@dataclass(frozen=True, order=True)
class IPAddress:
    """A host's address, which in Nova is an object that equals no text (of the library netaddr)."""

    text: str

    def __str__(self) -> str:
        return self.text


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
        try:
            query = _read(text)
            answer = _ask(query, host_state)
        except Exception as error:
            error.add_note(_wrong(text, error))
            raise
        if any(answer) if isinstance(answer, list) else answer:
            return True
        said = ", ".join(_told(name, host_state) for name in dict.fromkeys(_variables(query)))
        return filters.Rejected(f"{text} is false{said and f': {said}'}")


def _wrong(text: str, error: Exception) -> str:
    """What the hint was, and what it may be, for who reads the log: the error itself stays Nova's."""
    hint = f"the hint query is {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
    if isinstance(error, ValueError):
        return f'{hint}, which is no JSON: write it as [">=", "$free_ram_mb", 4096]'
    if isinstance(error, KeyError):
        return f"{hint}; its operators are {' '.join(OPERATORS)}"
    return f"{hint}: this cannot be asked of a host"


def _told(variable: str, host_state: HostState) -> str:
    """What a variable is on the host; of one that there is not, which may be meant."""
    value = _look_up(variable, host_state)
    name = variable[1:].partition(".")[0]
    if value is not None or hasattr(host_state, name):
        return f"{variable} is {value}"
    near = difflib.get_close_matches(name, _attributes(host_state), n=1)
    return f"{variable} is None" + (f" (did you mean ${near[0]}?)" if near else "")


def _attributes(host_state: HostState) -> list[str]:
    names = (name for name in dir(host_state) if not name.startswith("_"))
    return [name for name in names if not callable(getattr(host_state, name, None))]


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
    if name == "host_ip" and found is not None:
        found = IPAddress(found)
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

"""Mistakes in a filter or weigher from a cell that show before it is asked: each is refused with its line and a remedy.

Nova itself would find most of them at the first request, and pass every host for an `async def host_passes`, since a
coroutine is true.
"""

from __future__ import annotations

import difflib
import inspect
from typing import Any

from simnova.exceptions import UsageError
from simnova.nova.scheduler.lines import is_own, line_of

METHODS = {
    "host_passes": ("host_state", "spec_obj"),
    "_filter_one": ("obj", "spec_obj"),
    "filter_all": ("filter_obj_list", "spec_obj"),
    "run_filter_for_index": ("index",),
    "_weigh_object": ("host_state", "weight_properties"),
    "weigh_objects": ("weighed_obj_list", "weight_properties"),
    "weight_multiplier": ("host_state",),
}
"""What Nova calls, and with what."""

ONE_OF = {
    "filter": ("host_passes", "filter_all", "_filter_one"),
    "weigher": ("_weigh_object", "weigh_objects"),
}
"""What a filter or weigher has at least one of."""

MANY = {"filter_all", "weigh_objects"}
"""What may yield one answer after the other."""


def check(plug_in: Any, what: str) -> None:
    """Raise `UsageError` for a class of your own (or an object of one) that Nova could not use."""
    kind = plug_in if isinstance(plug_in, type) else type(plug_in)
    own = [name for one in kind.__mro__ if is_own(one) for name in vars(one)]
    if not is_own(kind):
        if kind.__name__.startswith("Base"):
            raise UsageError(f"{kind.__name__} is no {what} yet: derive a class from it")
        return
    _check_whole(kind, what, own)
    for name in METHODS:
        if name in own:
            _check_method(kind, name)


def _check_whole(kind: type, what: str, own: list[str]) -> None:
    if inspect.isabstract(kind):
        missing = ", ".join(sorted(vars(kind)["__abstractmethods__"]))
        raise UsageError(f"{what} {kind.__name__} is abstract: write its {missing}")
    inherited = [
        name
        for one in kind.__mro__[1:]
        for name in vars(one)
        if not one.__name__.startswith("Base")
    ]
    wanted = ONE_OF[what]
    if not {*wanted} & {*own, *inherited}:
        near = difflib.get_close_matches(wanted[0], own, n=1)
        hint = f"; {near[0]} is called by nobody" if near else ""
        takes = ", ".join(("self", *METHODS[wanted[0]]))
        raise UsageError(
            f"{what} {kind.__name__} does not say what it does: write {wanted[0]}({takes}){hint}"
        )


def _check_method(kind: type, name: str) -> None:
    raw = inspect.getattr_static(kind, name)
    if not callable(getattr(kind, name)):
        raise UsageError(f"{kind.__name__}.{name} is {raw!r}, not a method: {_wanted(name)}")
    function = inspect.unwrap(getattr(raw, "__func__", raw))
    line = line_of(kind, name)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(
            f"{kind.__name__}.{name} is async{line}. Nova does not await it, and a coroutine counts as True: write def"
        )
    if inspect.isgeneratorfunction(function) and name not in MANY:
        raise UsageError(
            f"{kind.__name__}.{name} yields{line}. A generator counts as True, whatever it yields: write return"
        )
    if not _takes(kind, raw, len(METHODS[name])):
        raise UsageError(f"{kind.__name__}.{name} takes something else{line}. {_wanted(name)}")


def _wanted(name: str) -> str:
    return f"Nova calls {name}({', '.join(('self', *METHODS[name]))})"


def _takes(kind: type, raw: Any, count: int) -> bool:
    """Whether the method of an object of this class can be called with so many arguments."""
    bound = raw.__get__(object(), kind) if hasattr(raw, "__get__") else raw
    try:
        inspect.signature(bound).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True  # it does not tell
    return True


def named_once(chosen: list[Any]) -> list[Any]:
    """Filters by their names: one of your own stands for Nova's of that name, as the last one loaded does there.

    Raises `UsageError` where two of your own have one name.
    """
    found: dict[str, Any] = {}
    for one in chosen:
        name = (one if isinstance(one, type) else type(one)).__name__
        if name in found and is_own(_kind(found[name])) and is_own(_kind(one)):
            raise UsageError(
                f"two filters are called {name}: Nova would know only the last, rename one"
            )
        if name not in found or is_own(_kind(one)):
            found[name] = one
    return list(found.values())


def _kind(plug_in: Any) -> type:
    return plug_in if isinstance(plug_in, type) else type(plug_in)

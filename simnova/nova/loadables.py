"""Plug-ins: found in a package, chosen by name or given as classes, made for each cloud (`nova/loadables.py`)."""

from __future__ import annotations

import copy
import functools
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from simnova.exceptions import UsageError, unknown
from simnova.kernel.clock import Clock
from simnova.nova.scheduler import checks, own
from simnova.nova.scheduler.lines import is_own

if TYPE_CHECKING:
    from simnova.config import Config

T = TypeVar("T", bound="PlugIn")


class PlugIn:
    """A filter or weigher. It knows the options and the clock of its cloud before its own `__init__` runs."""

    conf: Config
    clock: Clock
    reads_instances = False
    """Whether it looks at more of the servers on a host than which they are."""


@functools.cache
def get_all_classes(package: ModuleType, base: type[T]) -> Mapping[str, type[T]]:
    """The classes derived from `base` in the modules of a package, by name; those beginning with Base are left out."""
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    ]
    return {
        name: value
        for module in modules
        for name, value in sorted(vars(module).items())
        if isinstance(value, type) and issubclass(value, base) and not name.startswith("Base")
    }


def choose(
    asked: Iterable[Any], known: Mapping[str, type[T]], base: type[T], what: str
) -> list[type[T] | T]:
    """What was asked for by name, or given as a class or an object of one; each once.

    Raises `UsageError` for an unknown name, with the nearest one, and for what is no plug-in of that kind.
    """
    return list(dict.fromkeys(_chosen(one, known, base, what) for one in asked))


def _chosen(one: Any, known: Mapping[str, type[T]], base: type[T], what: str) -> type[T] | T:
    if isinstance(one, str):
        name = one.rpartition(".")[2]
        if name not in known:
            raise unknown(what, name, known)
        return known[name]
    if isinstance(one, base) or (isinstance(one, type) and issubclass(one, base)):
        checks.check(one, what)
        return one
    raise UsageError(f"{one!r} is no {what}: derive its class from {base.__name__}")


def make(plug_in: type[T] | T, conf: Config, clock: Clock) -> T:
    """A plug-in of this cloud's own; of a given object a copy, so that a replay starts as fresh as the first run.

    Raises `PlugInFailed` where its `__init__` does.
    """
    if isinstance(plug_in, PlugIn):
        made = _copied(plug_in)
        made.conf, made.clock = conf, clock
        return made
    made = plug_in.__new__(plug_in)
    made.conf, made.clock = conf, clock
    if is_own(plug_in):
        own.begin(made)
    else:
        plug_in.__init__(made)
    return made


def _copied(plug_in: T) -> T:
    try:
        return copy.deepcopy(plug_in)
    except Exception as error:
        name = type(plug_in).__name__
        raise UsageError(
            f"{name} cannot be copied ({error}): give the class, not an object of it"
        ) from error

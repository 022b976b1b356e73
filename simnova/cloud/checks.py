"""What a learner asks of a cloud, checked before it is asked: the error names the thing, the value and the remedy."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simnova.config import Config
from simnova.config.registry import find
from simnova.exceptions import UsageError, unknown
from simnova.kernel.choices import is_name
from simnova.kernel.journal import KINDS
from simnova.nova.api.schemas import servers
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.conductor.compute_task import ComputeTaskManager
from simnova.nova.conductor.manager import ConductorManager
from simnova.nova.manager import Manager
from simnova.nova.scheduler.filters import check_available, get_filter_classes
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.nova.scheduler.weights import get_weigher_classes

LEVELS = ("full", "summary")
MOMENTS = ("before", "after")
HTTP = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def as_config(config: Any) -> Config:
    """The configuration, from a `Config`, a mapping of options, or None for Nova's defaults."""
    if isinstance(config, Config):
        return config
    if isinstance(config, str):
        raise UsageError(f"config={config!r}: read a file with Config.from_file({config!r})")
    if config is not None and not isinstance(config, Mapping):
        raise UsageError(f"config={config!r}: give a Config, or a dict of options")
    return Config(**(config or {}))


_AT_START: dict[str, Callable[[Iterable[str]], Any]] = {
    "enabled_filters": get_filter_classes,
    "available_filters": check_available,
    "weight_classes": get_weigher_classes,
}
"""The options in `[filter_scheduler]` that name plug-ins, and who knows the names."""


def is_read_at_start(option: str, value: Any) -> bool:
    """Whether nova-scheduler reads the option only when it starts.

    Raises UsageError for a name that it would not start with then.
    """
    section, found = find(option)
    if section != "filter_scheduler" or found.name not in _AT_START:
        return False
    conf = Config()
    conf.set(option, value)
    _AT_START[found.name](getattr(conf.filter_scheduler, found.name))
    return True


def check_user(user: Any, known: list[str]) -> None:
    """Raise UsageError, with all that there are, for a user that there is not."""
    if user not in known:
        raise UsageError(f"user={user!r}: there is no such user; known: {', '.join(known)}")


def check_choices(seed: Any, level: Any) -> None:
    """Raise UsageError for a seed that is no whole number, or a level that there is not."""
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise UsageError(f"seed={seed!r} is no seed: give a whole number")
    if level not in LEVELS:
        raise unknown("level", level, LEVELS)


def check_plug_ins(what: str, given: Any) -> None:
    """Raise UsageError where filters or weighers are not given as a list."""
    if given is not None and (isinstance(given, (str, type)) or not isinstance(given, Iterable)):
        raise UsageError(f"{what}={given!r}: give a list, as in {what}=[{given!r}]")


def check_seconds(value: Any) -> None:
    """Raise UsageError for a limit of time that is none."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value < float("inf")):
        raise UsageError(f"plug_in_seconds={value!r}: give seconds, more than 0, or None for ever")


def check_chosen(choices: Any) -> None:
    """Raise UsageError for choices that are not by name."""
    if choices is None:
        return
    if not isinstance(choices, Mapping):
        raise UsageError(f"choices={choices!r}: give what a search found, as in found.choices")
    for name, value in choices.items():
        if not is_name(name) or not isinstance(value, (int, float)):
            raise UsageError(
                f"choices: {name!r}: {value!r} is none: 'amqp/nova-conductor#3': 1.0 is the third of its kind"
            )


_ARGUMENTS = ("flavor", "image", "network", "count", "hints", "group", "node", "forced", "user")


def check_request(more: Iterable[str]) -> None:
    """Raise UsageError for an argument that is nothing a server can be asked for with."""
    known = servers.create["properties"]["server"]["properties"]
    for name in more:
        if name not in known:
            raise unknown("argument", name, {*known, *_ARGUMENTS})


def check_service(service: Any, known: Iterable[str]) -> None:
    """Raise UsageError for a service that nobody has heard of."""
    names = list(known)
    if service not in names:
        raise unknown("service", service, names)


def check_message(method: Any, times: Any) -> None:
    """Raise UsageError for a method that no service has, or a number of times that is none."""
    if method not in rpc_methods():
        raise unknown("RPC method", method, rpc_methods())
    check_count("times", times)


def check_message_or_request(method: Any, times: Any) -> None:
    """The same, where it can be an HTTP request, too: `"POST /v2.0/ports"`."""
    if " " not in str(method):
        check_message(method, times)
        return
    verb, _, path = str(method).partition(" ")
    if verb not in HTTP:
        raise unknown("HTTP method", verb, HTTP)
    if not path.startswith("/"):
        raise UsageError(
            f"method={method!r}: the path of a request begins with /: '{verb} /v2.0/ports'"
        )
    check_count("times", times)


def check_duration(what: str, value: Any) -> None:
    """Raise UsageError for what is no number of seconds, 0 or more."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 <= value < float("inf")):
        raise UsageError(f"{what}={value!r} is no duration: give seconds, 0 or more")


def check_factor(what: str, value: Any) -> None:
    """Raise UsageError for what is no number above 0."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 < value < float("inf")):
        raise UsageError(
            f"{what}={value!r} is no factor: give a number above 0; 1 is as fast as before"
        )


def check_size(what: str, value: Any) -> None:
    """Raise UsageError for what is neither None nor a size from 0 up."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0 <= value < float("inf")):
        raise UsageError(f"{what}={value!r} is no size: give GiB, 0 or more, or None for no limit")


def check_text(what: str, value: Any) -> None:
    """Raise UsageError for what says nothing."""
    if not isinstance(value, str) or not value:
        raise UsageError(f"{what}={value!r} says nothing: give a text")


def check_crash(kind: Any, nth: Any, moment: Any) -> None:
    """Raise UsageError for a kind of event, a number or a moment that there is not."""
    if kind not in KINDS:
        raise unknown("kind of event", kind, KINDS)
    if moment not in MOMENTS:
        raise unknown("moment", moment, MOMENTS)
    check_count("nth", nth)


def check_count(what: str, value: Any) -> None:
    """Raise UsageError for what is no whole number from 1 up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{what}={value!r} is no number of times: give a whole number from 1 up")


def rpc_methods() -> set[str]:
    """The methods that Nova's services can be called or cast with."""
    managers = (SchedulerManager, ComputeTaskManager, ComputeManager, ConductorManager)
    return {
        name
        for manager in managers
        for name, method in inspect.getmembers(manager, inspect.iscoroutinefunction)
        if not name.startswith("_") and name not in vars(Manager)
    }

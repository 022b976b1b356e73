"""What a learner asks of a cloud, checked before it is asked: the error names the thing, the value and the remedy."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simnova.config import Config
from simnova.config.registry import find
from simnova.exceptions import UsageError, one_of, quoted, unknown
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
MOST = 1e9
"""Seconds (thirty years), GiB, a factor, a number of times: who asks for more has made a slip."""
HTTP = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def is_number(value: Any) -> bool:
    """Whether it is a number to reckon with; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_config(config: Any) -> Config:
    """The configuration, from a `Config`, a mapping of options, or None for Nova's defaults."""
    if isinstance(config, Config):
        return config
    if isinstance(config, str):
        raise UsageError(f"config={config!r}: read a file with Config.from_file({config!r})")
    if config is not None and not isinstance(config, Mapping):
        raise UsageError(f"config={config!r}: give a Config, or a dict of options")
    for name in config or {}:
        if not isinstance(name, str):
            raise UsageError(f"config: {quoted(name)} is no option: give names, as in 'scheduler'")
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


def check_option(conf: Config, option: Any, value: Any) -> None:
    """Raise UsageError for an option that there is not, or a value that it cannot have."""
    if not isinstance(option, str):
        raise UsageError(
            f"{quoted(option)} is no option: give its name, as in 'scheduler.max_attempts'"
        )
    Config(**conf.as_dict()).set(option, value)


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
    if value is not None and not (is_number(value) and 0 < value < float("inf")):
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
    one_of("service", service, known)


def check_message(method: Any, times: Any) -> None:
    """Raise UsageError for a method that no service has, or a number of times that is none."""
    one_of("RPC method", method, rpc_methods())
    check_count("times", times)


def check_message_or_request(method: Any, times: Any) -> None:
    """The same, where it can be an HTTP request, too: `"POST /v2.0/ports"`."""
    if " " not in str(method):
        check_message(method, times)
        return
    verb, _, path = str(method).partition(" ")
    one_of("HTTP method", verb, HTTP)
    if not path.startswith("/"):
        raise UsageError(
            f"method={method!r}: the path of a request begins with /: '{verb} /v2.0/ports'"
        )
    check_count("times", times)


def check_duration(what: str, value: Any) -> None:
    """Raise UsageError for what is no number of seconds, 0 or more."""
    if not (is_number(value) and 0 <= value <= MOST):
        raise UsageError(
            f"{what}={quoted(value)} is no duration: give seconds, 0 or more, at most {MOST:g}"
        )


def check_run(until: Any, pace: Any, timeout: Any) -> None:
    """Raise UsageError for a time, a pace or a limit with which no run would end."""
    if is_number(until) and not until <= MOST:
        raise UsageError(f"run({quoted(until)}) never ends: give seconds, as in run(60)")
    if pace is not None and not (is_number(pace) and 0 < pace <= MOST):
        raise UsageError(
            f"pace={quoted(pace)}: give simulated seconds for each of yours, more than 0; 1 is real time"
        )
    if not (is_number(timeout) and timeout >= 0):
        raise UsageError(f"timeout={quoted(timeout)}: give simulated seconds, 0 or more")


def as_body(body: Any) -> Any:
    """What is sent as JSON, as JSON has it: names are texts. Raises UsageError for what cannot be sent so."""
    try:
        return json.loads(json.dumps(body))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"this cannot be sent as JSON ({error}): give texts, numbers, lists, dicts"
        ) from None


def check_values(what: str, given: Any) -> None:
    """Raise UsageError for what are no columns and values that SQL knows."""
    if not isinstance(given, Mapping):
        raise UsageError(f"{what}={quoted(given)}: give columns and values, as in {{'id': 1}}")
    for column, value in given.items():
        fits = value is None or isinstance(value, (str, int, float, bytes))
        if not fits or (isinstance(value, int) and not -(2**63) <= value < 2**63):
            raise UsageError(
                f"{column}={quoted(value)} is nothing that a column holds: give a text, a number or None"
            )


def check_factor(what: str, value: Any) -> None:
    """Raise UsageError for what is no number above 0."""
    if not (is_number(value) and 0 < value <= MOST):
        raise UsageError(
            f"{what}={quoted(value)} is no factor: give a number above 0, at most {MOST:g}; "
            "1 is as fast as before"
        )


def check_size(what: str, value: Any) -> None:
    """Raise UsageError for what is neither None nor a size from 0 up."""
    if value is not None and not (is_number(value) and 0 <= value <= MOST):
        raise UsageError(
            f"{what}={quoted(value)} is no size: give GiB, 0 or more, or None for no limit"
        )


def check_text(what: str, value: Any) -> None:
    """Raise UsageError for what says nothing."""
    if not isinstance(value, str) or not value:
        raise UsageError(f"{what}={value!r} says nothing: give a text")


def check_crash(kind: Any, nth: Any, moment: Any) -> None:
    """Raise UsageError for a kind of event, a number or a moment that there is not."""
    one_of("kind of event", kind, KINDS)
    one_of("moment", moment, MOMENTS)
    check_count("nth", nth)


def check_count(what: str, value: Any) -> None:
    """Raise UsageError for what is no whole number from 1 up."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise UsageError(
            f"{what}={quoted(value)} is no number of times: give a whole number from 1 up"
        )


def check_switch(what: str, value: Any) -> None:
    """Raise UsageError for what is neither True nor False."""
    if not isinstance(value, bool):
        raise UsageError(f"{what}={value!r}: give True or False")


def rpc_methods() -> set[str]:
    """The methods that Nova's services can be called or cast with."""
    managers = (SchedulerManager, ComputeTaskManager, ComputeManager, ConductorManager)
    return {
        name
        for manager in managers
        for name, method in inspect.getmembers(manager, inspect.iscoroutinefunction)
        if not name.startswith("_") and name not in vars(Manager)
    }

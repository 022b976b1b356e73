"""What a field of a scenario may hold, in words and as a check."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from simnova.config.releases import RELEASES

LARGEST = 2**53
"""Beyond this JSON's numbers are not exact everywhere."""


class Kind(NamedTuple):
    """A kind of value: what it is called, and whether a value is one."""

    told: str
    fits: Callable[[Any], bool]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _scalar(value: Any) -> bool:
    return isinstance(value, (str, bool)) or _number(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _list_of(fits: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list) and all(map(fits, value))


def _map_of(fits: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, dict) and all(map(fits, value.values()))


TEXT = Kind("text", _text)
NAME = Kind("text that is not empty", lambda value: isinstance(value, str) and bool(value))
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
SIZE = Kind("a whole number from 0 up", lambda value: _whole(value) and value >= 0)
COUNT = Kind("a whole number", _whole)
POSITIVE = Kind("a whole number from 1 up", lambda value: _whole(value) and value >= 1)
MANY = 1_000_000
"""Servers of a request and VCPUs of a server: each is counted out one by one."""
CPUS = Kind(f"a whole number from 0 to {MANY}", lambda value: _whole(value) and 0 <= value <= MANY)
SERVER_COUNT = Kind(
    f"a whole number from 1 to {MANY}", lambda value: _whole(value) and 1 <= value <= MANY
)
SECONDS = Kind("a number of seconds", lambda value: _number(value) and abs(value) <= 1e9)
RATIO = Kind("a number from 0 up", lambda value: _number(value) and value >= 0)
NAMES = Kind("a list of names", lambda value: _list_of(NAME.fits, value))
SIZES = Kind("a list of whole numbers", lambda value: _list_of(SIZE.fits, value))
CORES = Kind(
    "a list of lists of whole numbers", lambda value: _list_of(lambda one: SIZES.fits(one), value)
)
TEXTS = Kind("an object of texts", lambda value: _map_of(_text, value))
SCALARS = Kind("an object of texts and numbers", lambda value: _map_of(_scalar, value))
NUMBERS = Kind("an object of numbers", lambda value: _map_of(_number, value))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
OBJECTS = Kind("a list of objects", lambda value: _list_of(OBJECT.fits, value))
MAPPED = Kind("an object of objects", lambda value: _map_of(OBJECT.fits, value))
SERVERS = Kind(
    "a list of UUIDs and objects",
    lambda value: _list_of(lambda one: NAME.fits(one) or isinstance(one, dict), value),
)
HINTS = Kind(
    "an object of texts, numbers and lists",
    lambda value: _map_of(lambda one: _scalar(one) or isinstance(one, list), value),
)
POLICY = Kind(
    "affinity, anti-affinity, soft-affinity or soft-anti-affinity",
    lambda value: (
        _text(value)
        and value in ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")
    ),
)
RELEASE = Kind(f"one of {', '.join(RELEASES)}", lambda value: _text(value) and value in RELEASES)

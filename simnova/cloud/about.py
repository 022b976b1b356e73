"""What a journal says of the run that it is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def about(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A cloud's recipe as JSON: classes and hosts by their names, what was not given left out."""
    told = {
        "seed": recipe["seed"],
        "hosts": [host.name for host in recipe["hosts"]],
        "cells": recipe["cells"],
        "config": recipe["config"],
        "costs": recipe["costs"],
        "filters": _names(recipe["filters"]),
        "weighers": _names(recipe["weighers"]),
        "managers": {name: _name(made) for name, made in (recipe["managers"] or {}).items()},
        "choices": recipe["choices"],
    }
    return {name: value for name, value in told.items() if value not in (None, [], {})}


def _names(given: Iterable[Any] | None) -> list[str]:
    return [_name(one) for one in given or ()]


def _name(given: Any) -> str:
    """A name as it was given, that of a class, or that of an object's class."""
    if isinstance(given, str):
        return given
    made = given if isinstance(given, type) else type(given)
    return made.__name__

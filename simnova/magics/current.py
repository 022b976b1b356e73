"""Which cloud a magic is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova import Cloud
from simnova.exceptions import UsageError, unknown

USUAL = "cloud"
"""The variable that most notebooks keep their cloud in."""


def clouds(names: Mapping[str, Any]) -> dict[str, Cloud]:
    """The variables that hold a cloud; those that IPython makes of its outputs are not among them."""
    return {
        name: held
        for name, held in names.items()
        if isinstance(held, Cloud) and not name.startswith("_")
    }


def chosen(names: Mapping[str, Any], choice: str) -> tuple[str, Cloud]:
    """The cloud of the variable that was chosen, or else of `cloud`, or the only one there is.

    Raises `UsageError` where there is none, or one would have to be guessed.
    """
    found = clouds(names)
    if choice:
        if choice not in found:
            raise unknown("cloud", choice, found)
        return choice, found[choice]
    if USUAL in found:
        return USUAL, found[USUAL]
    if not found:
        raise UsageError("there is no cloud yet: cloud = Cloud(hosts=3), or %%scenario, makes one")
    if len(found) > 1:
        raise UsageError(
            f"several variables hold clouds ({', '.join(sorted(found))}): "
            f"%cloud {min(found)} chooses one"
        )
    return next(iter(found.items()))

"""How long a simulated hypervisor takes: ranges to draw from, one set for each kind of host.

A profile can be what a real hypervisor was measured to take: `Profile.fit(cloud.journal).write("mine.json")`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Self

from simnova.exceptions import UsageError, unknown
from simnova.kernel.clock import Between
from simnova.kernel.journal import Journal
from simnova.nova.virt import moved

MB = 10**6
LEAST = 1e-6
"""Seconds to which steps are measured."""


class Profile(NamedTuple):
    """Ranges in seconds; `download`, `convert`, `copy`, `extract` and `upload` are rates in MB a second.

    A live migration sends `bandwidth` MB a second while the guest dirties `dirty` MB a second.
    The default is of the order of a QEMU host with a local disk. `failure` is the chance, from 0
    to 1, that the start of a guest fails.
    """

    download: Between = Between(80, 120)
    convert: Between = Between(150, 300)
    overlay: Between = Between(0.02, 0.08)
    remove: Between = Between(0.001, 0.01)
    define: Between = Between(0.01, 0.05)
    start: Between = Between(0.3, 0.9)
    stop: Between = Between(0.1, 0.4)
    shutdown: Between = Between(1.0, 3.0)
    undefine: Between = Between(0.01, 0.05)
    pause: Between = Between(0.01, 0.03)
    unpause: Between = Between(0.01, 0.03)
    save: Between = Between(0.8, 2.5)
    restore: Between = Between(0.5, 1.0)
    copy: Between = Between(80, 120)
    extract: Between = Between(150, 300)
    upload: Between = Between(80, 120)
    redefine: Between = Between(0.01, 0.05)
    plug: Between = Between(0.05, 0.2)
    unplug: Between = Between(0.05, 0.2)
    config_drive: Between = Between(0.02, 0.1)
    password: Between = Between(0.05, 0.2)
    bandwidth: Between = Between(800, 1100)
    dirty: Between = Between(5, 40)
    failure: float = 0.0

    @classmethod
    def fit(cls, *journals: Journal) -> Self:
        """What the steps in some journals took: of each the range from the least to the most.

        Of live migrations that is how fast they went and how fast their guests wrote (`virt/moved.py`). A step that
        does not occur keeps the default. Raises UsageError where none occurs.
        """
        seen: dict[str, list[float]] = {}
        for journal in journals:
            for event in journal:
                if event.kind == "virt.step" and event.data["step"] in cls._fields:
                    seen.setdefault(event.data["step"], []).append(_measured(event.data))
            for rate in moved.rates(journal):
                seen.setdefault("bandwidth", []).append(rate.bandwidth)
                seen.setdefault("dirty", []).append(rate.dirty)
        if not seen:
            raise UsageError("no step of a hypervisor is in there: boot a server first")
        ranges: Any = {
            step: Between(_round(min(all_)), _round(max(all_))) for step, all_ in seen.items()
        }
        return cls()._replace(**ranges)

    def write(self, file: str | PathLike[str]) -> None:
        """Write it as JSON: a pair of numbers for each step. Raises UsageError where that cannot be written."""
        told = {
            name: [given.low, given.high] if isinstance(given, Between) else given
            for name, given in zip(self._fields, self, strict=True)
        }
        lines = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(given)}" for name, given in told.items()
        )
        try:
            Path(file).write_text(f"{{\n{lines}\n}}\n")
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror}") from None

    @classmethod
    def read(cls, file: str | PathLike[str]) -> Self:
        """Read what `write` has written; what is left out keeps the default.

        Raises UsageError for what is no profile.
        """
        try:
            told = json.loads(Path(file).read_text())
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror}") from None
        except ValueError as error:
            raise UsageError(f"{file} is no JSON: {error}") from None
        if not isinstance(told, dict):
            raise UsageError(f'{file} is no profile: give an object, {{"start": [0.3, 0.9], …}}')
        return cls(**{name: _given(file, name, value) for name, value in told.items()})


STEPS = tuple(name for name in Profile._fields if name not in ("failure", "dirty", "bandwidth"))
"""The steps that take time: the names a profile has ranges for."""


def _measured(step: Mapping[str, Any]) -> float:
    """Seconds, or MB a second of a step that moves bytes."""
    seconds = max(LEAST, step["seconds"])
    return float(step["bytes"] / MB / seconds if "bytes" in step else seconds)


def _round(value: float) -> float:
    """Four digits: no clock on a shared machine knows more."""
    return float(f"{value:.4g}")


def _given(file: str | PathLike[str], name: str, value: Any) -> Any:
    """A range, or the chance of a failure, from JSON."""
    if name not in Profile._fields:
        raise unknown(f"step in {file}:", name, Profile._fields)
    if name == "failure":
        if not _is_number(value) or not 0 <= value <= 1:
            raise UsageError(f"{file}: failure={value!r} is no chance: give a number from 0 to 1")
        return float(value)
    pair = value if isinstance(value, list) else ()
    least = 0 if name == "dirty" else LEAST
    if len(pair) != 2 or not all(map(_is_number, pair)) or not least <= pair[0] <= pair[1]:
        raise UsageError(
            f"{file}: {name}={json.dumps(value)} is no range: give two numbers above 0, the lower first"
        )
    return Between(*pair)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

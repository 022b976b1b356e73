"""What an option is: its name and section in nova.conf, what it may hold, and what it is for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from oslo_config import cfg

Kind = Literal["integer", "float", "boolean", "string", "list", "multi"]
Number = int | float


@dataclass(frozen=True)
class Option:
    """One option of Nova's. `older` are names it had before, as `section.name`; they are still
    understood.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    min: Number | None = None
    max: Number | None = None
    choices: tuple[str, ...] = ()
    older: tuple[str, ...] = ()

    def allowed(self) -> str:
        """What values it takes, as the end of "it is …"."""
        if self.choices:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        if self.kind in ("integer", "float"):
            return f"{'an integer' if self.kind == 'integer' else 'a number'}{self._range()}"
        return {"boolean": "True or False", "string": "text"}.get(self.kind, "a list of texts")

    def _range(self) -> str:
        if self.min is not None and self.max is not None:
            return f" from {self.min} to {self.max}"
        if self.min is not None:
            return f" of at least {self.min}"
        return "" if self.max is None else f" of at most {self.max}"

    def fits(self, value: Any) -> bool:
        """Whether the value is of a type that oslo.config may convert; it would take any object as
        text.
        """
        if isinstance(value, str):
            return True
        if self.kind in ("integer", "float"):
            return _is_number(value) and not (self.kind == "integer" and isinstance(value, float))
        if self.kind in ("list", "multi"):
            return isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
        return self.kind == "boolean" and isinstance(value, (bool, int))

    def opt(self) -> cfg.Opt:
        """The option as oslo.config knows it."""
        from oslo_config import cfg

        limits: dict[str, Any] = {}
        if self.kind in ("integer", "float"):
            limits = {"min": self.min, "max": self.max}
        elif self.choices:
            limits = {"choices": list(self.choices)}
        kinds: dict[Kind, type[cfg.Opt]] = {
            "integer": cfg.IntOpt,
            "float": cfg.FloatOpt,
            "boolean": cfg.BoolOpt,
            "string": cfg.StrOpt,
            "list": cfg.ListOpt,
            "multi": cfg.MultiStrOpt,
        }
        return kinds[self.kind](self.name, default=self.default, help=self.help, **limits)


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def integer(name: str, default: int | None, text: str, **more: Any) -> Option:
    """A whole number."""
    return Option(name, "integer", default, text, **more)


def number(name: str, default: float | None, text: str, **more: Any) -> Option:
    """A number with a fraction."""
    return Option(name, "float", default, text, **more)


def switch(name: str, default: bool, text: str, **more: Any) -> Option:
    """On or off."""
    return Option(name, "boolean", default, text, **more)


def string(name: str, default: str | None, text: str, **more: Any) -> Option:
    """A text."""
    return Option(name, "string", default, text, **more)


def names(name: str, default: list[str], text: str, **more: Any) -> Option:
    """A list of texts, written with commas."""
    return Option(name, "list", default, text, **more)


def lines(name: str, default: list[str], text: str, **more: Any) -> Option:
    """A list of texts, each on a line of its own in nova.conf."""
    return Option(name, "multi", default, text, **more)

"""The two kinds of trouble: you asked wrongly, or the cloud failed.

`UsageError` is a learner's mistake (an unknown flavor in a cell, a negative size); it is raised where it was
made and never becomes part of the simulated cloud. `NovaError` is the cloud's own failure, under the name and
with the text that Nova gives it (`nova/exception.py`); it can cross an RPC call and end in a server's fault.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from traceback import extract_tb
from types import TracebackType
from typing import Any


class UsageError(Exception):
    """You asked SimNova for something it cannot do; the message names the thing, the value and the remedy."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in the place of a traceback: the line of the cell, and the sentence."""
        return [*_line_of_cell(self.__traceback__), f"{type(self).__name__}: {self}"]


def _line_of_cell(trace: TracebackType | None) -> list[str]:
    frames = [frame for frame in extract_tb(trace) if _in_a_cell(frame.filename)]
    return [f"line {frame.lineno} of the cell: {frame.line}" for frame in frames[-1:]]


def _in_a_cell(filename: str) -> bool:
    return "ipykernel" in filename or filename.startswith("<ipython-input")


def unknown(what: str, value: object, known: Iterable[str], *, always: bool = False) -> UsageError:
    """The error for a name that is not one of `known`, with the nearest one as the remedy, or with all that there are.

    `always` lists them all besides the nearest.
    """
    names = sorted(known)
    text = shown(value)
    near = difflib.get_close_matches(text, names, n=1)
    hints = [f"did you mean '{near[0]}'?"] if near else []
    if always or not near:
        hints.append(f"known: {_listed(names)}")
    return UsageError(f"unknown {what} '{text}': {' '.join(hints)}")


def one_of(what: str, value: Any, known: Iterable[str]) -> str:
    """The name, which is one of `known`; raises `UsageError` for another one, and for what is no name."""
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise unknown(what, value, names)
    return value


def shown(value: object, how: Callable[[object], str] = str, most: int = 100) -> str:
    """A value as an error tells it: on one line, and not longer than one reads."""
    try:
        text = how(value)
    except Exception:  # a class of the learner's own, or a number of 5000 digits
        text = f"a {type(value).__name__}"
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= most else f"{text[:most]}…"


def quoted(value: object) -> str:
    """The same as Python writes it: a text in quotes."""
    return shown(value, repr)


def _listed(names: list[str], many: int = 60, few: int = 8) -> str:
    """The names; of a great many the first."""
    if len(names) > many:
        return f"{', '.join(names[:few])} and {len(names) - few} more"
    return ", ".join(names) or "none"


class NovaError(Exception):
    """Something the cloud says went wrong; keyword arguments fill `msg_fmt`, as `nova.exception.NovaException` does.

    `code` is the HTTP status that the API answers when the error reaches it.
    """

    msg_fmt = "An unknown exception occurred."
    code = 500

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        self.kwargs = kwargs
        self.message = message if message is not None else self.msg_fmt % kwargs
        super().__init__(self.message)

    def format_message(self) -> str:
        """The text a user sees."""
        return self.message

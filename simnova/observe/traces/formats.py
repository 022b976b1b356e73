"""The forms that a journal can be exported in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from simnova.exceptions import UsageError, quoted, unknown
from simnova.kernel.journal import Journal
from simnova.observe.traces.chrome import chrome
from simnova.observe.traces.otlp import otlp
from simnova.observe.traces.shiviz import shiviz
from simnova.saving import as_path, save


class Form(Protocol):
    """A journal in a form of its own, in pieces of text."""

    def __call__(self, journal: Journal, *, background: bool = False) -> Iterator[str]:
        """The pieces; set-up and periodic tasks only with `background`."""


FORMS: Final[dict[str, Form]] = {"otlp": otlp, "chrome": chrome, "shiviz": shiviz}


def export(
    source: Any, file: str | os.PathLike[str], to: str = "", *, background: bool = False
) -> Path:
    """Write a cloud's journal, or a journal, in the form of another tool; packed where the name ends in `.gz`.

    `to` is "otlp" (OpenTelemetry's JSON: Jaeger, Tempo), "chrome" (Trace Event Format: Perfetto, chrome://tracing) or
    "shiviz" (a log with vector clocks); a name that says it, such as "boot.otlp.json", is enough.
    `background=True` adds set-up and periodic tasks. Raises `UsageError` for any
    other form, and where the file cannot be written.
    """
    parts = text(source, to or named(as_path(file)), background=background)
    return save(file, (part.encode() for part in parts))


def named(path: Path) -> str:
    """The form that a file's name says; raises `UsageError` where it says none."""
    said = [suffix[1:] for suffix in path.suffixes if suffix[1:] in FORMS]
    if not said:
        forms = ", ".join(f'to="{form}"' for form in FORMS)
        raise UsageError(
            f"{quoted(path.name)} does not say for whom it is: {forms} do (Jaeger reads otlp, Perfetto chrome)"
        )
    return said[-1]


def text(source: Any, to: str, *, background: bool = False) -> Iterator[str]:
    """The same in pieces of text, instead of in a file."""
    if to not in FORMS:
        raise unknown_form(to, FORMS)
    form = FORMS[to]
    journal = getattr(source, "journal", source)
    if not isinstance(journal, Journal):
        raise UsageError(f"export takes a cloud or a journal, not {quoted(source)}")
    return form(journal, background=background)


def unknown_form(to: object, known: Iterable[str]) -> UsageError:
    """The error for a form that there is not; it names the tools, for they are what one has in mind."""
    return UsageError(
        f"{unknown('form of a journal', to, known)} (Jaeger reads otlp, Perfetto chrome)"
    )

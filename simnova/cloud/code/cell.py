"""The cell itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simnova.cloud.code.making import making, python
from simnova.cloud.code.playing import played
from simnova.observe.index import step
from simnova.observe.markup import escape

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

NAMES = ("Host", "NovaError", "Profile", "UsageError")
"""What a cell may need of simnova beside `Cloud`."""
_COPY = "navigator.clipboard.writeText(this.nextElementSibling.textContent); this.textContent = 'copied'"


@dataclass(frozen=True)
class Code:
    """Python that makes a run again; `str()` is its text, `notes` say what could not be written as a call."""

    text: str
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f'<div><button type="button" onclick="{escape(_COPY)}">copy</button>'
            f'<pre style="font-family: monospace">{escape(self.text)}</pre>{said}</div>'
        )


def code(cloud: Cloud, at: int | None, shown: dict[str, Any]) -> Code:
    """The Python that makes the run of a cloud again as far as to the event `at`, and opens the player there.

    `shown` are the player's arguments, also another `step` before it. Raises `UsageError` for a step that there is not.
    """
    seq = len(cloud.journal) - 1 if at is None else step(cloud.journal, at)
    made, lines = making(cloud._recipe), played(cloud, seq)
    body = "\n".join([made.text, *lines.text])
    needed = sorted({"Cloud", *(name for name in NAMES if re.search(rf"\b{name}\b[(,)]", body))})
    head = [f"from simnova import {', '.join(needed)}", *made.imports]
    if "with suppress(" in body:
        head.insert(0, "from contextlib import suppress\n")
    opened = {"step": seq, **shown}
    given = ", ".join(f"{name}={python(value)}" for name, value in opened.items())
    last = [] if at is None else [f"cloud.player({given})"]
    told = [f"# {note}" for note in made.notes]
    text = "\n".join([*head, "", *told, body, *last])
    return Code(f"{text}\n", [*made.notes, *lines.notes])

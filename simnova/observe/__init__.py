"""What a journal shows: the story, tables, diagrams, logs. Reads events and nothing else; imports
no service.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def export(source: Any, file: str | os.PathLike[str], to: str, *, background: bool = False) -> Path:
    """A cloud's journal, or a journal, as a file for another tool: see `observe.traces.formats.export`."""
    from simnova.observe.traces import formats

    return formats.export(source, file, to, background=background)

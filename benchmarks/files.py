"""A journal of 100,000 events as a file: written, read, and exported for other tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Line, cpu, long, show
from simnova import Journal
from simnova.observe import export
from simnova.observe.traces.formats import FORMS

EVENTS = 100_000
MB = 1024 * 1024


def lines() -> Iterator[Line]:
    """Each once; an export is made from a journal that nobody has looked at yet."""
    journal = long(EVENTS).journal
    with TemporaryDirectory() as folder:
        for name in ("run.jsonl", "run.jsonl.gz"):
            file = Path(folder, name)
            yield Line(
                f"writing {name}", cpu(lambda file=file: journal.write(file)), "s", _size(file)
            )
            yield Line(f"reading {name}", cpu(lambda file=file: Journal.read(file)), "s")
        for form in FORMS:
            read, file = Journal.read(Path(folder, "run.jsonl")), Path(folder, form)
            taken = cpu(lambda read=read, file=file, form=form: export(read, file, form))
            yield Line(f"export to {form}", taken, "s", _size(file))


def _size(file: Path) -> str:
    return f"{file.stat().st_size / MB:.1f} MB"


if __name__ == "__main__":
    show(lines())

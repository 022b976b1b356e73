"""The commands of a shell that open a journal's file."""

from __future__ import annotations

import argparse
import sys

from simnova import Journal
from simnova.observe.steps import Detail


def add_showing(command: argparse.ArgumentParser) -> None:
    """What of a journal is shown, and in which detail."""
    command.add_argument(
        "--detail",
        default="story",
        choices=("story", "messages", "everything"),
        help="how much is told",
    )
    command.add_argument(
        "--show",
        default="story",
        choices=("story", "sequence", "log"),
        help="what is shown (the story)",
    )


def add_tell(tell: argparse.ArgumentParser) -> None:
    """`simnova tell FILE`."""
    _add_file(tell)
    add_showing(tell)
    tell.set_defaults(work=_tell)


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="a journal, as cloud.journal.write wrote it")
    command.add_argument(
        "--partial", action="store_true", help="of a file that is cut, take what is there"
    )


def add_export(export: argparse.ArgumentParser) -> None:
    """`simnova export FILE --to FORM`."""
    _add_file(export)
    export.add_argument(
        "--to",
        required=True,
        metavar="FORM",
        help="otlp (Jaeger), chrome (Perfetto), shiviz, or html: the player in one file",
    )
    export.add_argument(
        "-o", "--output", metavar="FILE", help="packed where it ends in .gz (standard output)"
    )
    export.add_argument("--background", action="store_true", help="with set-up and periodic tasks")
    export.add_argument(
        "--detail",
        default="story",
        choices=("story", "messages", "everything"),
        help="what is a step of the player (story)",
    )
    export.set_defaults(work=_export)


def told_of(journal: Journal, show: str, detail: Detail) -> str:
    """A journal's story, sequence or log as text."""
    from simnova.observe import logs, sequence, story

    if show == "log":
        return str(logs.lines(journal))
    return str(
        story.story(journal, detail=detail)
        if show == "story"
        else sequence.arrows(journal, detail=detail)
    )


def _tell(parsed: argparse.Namespace) -> bool:
    journal = Journal.read(parsed.file, partial=parsed.partial)
    print(told_of(journal, parsed.show, parsed.detail))
    return False


def _export(parsed: argparse.Namespace) -> bool:
    from simnova.observe.traces import formats

    journal = Journal.read(parsed.file, partial=parsed.partial)
    if parsed.to not in (*formats.FORMS, "html"):
        raise formats.unknown_form(parsed.to, (*formats.FORMS, "html"))
    if parsed.to == "html":
        _export_page(journal, parsed)
    elif parsed.output:
        formats.export(journal, parsed.output, parsed.to, background=parsed.background)
    else:
        for part in formats.text(journal, parsed.to, background=parsed.background):
            sys.stdout.write(part)
    return False


def _export_page(journal: Journal, parsed: argparse.Namespace) -> None:
    from simnova.saving import save
    from simnova.widgets.export.page import Told, page
    from simnova.widgets.reel import Reel

    reel = Reel(journal, parsed.detail)
    command = f"simnova export {parsed.file} --to html --detail {parsed.detail}"
    text = page(reel, reel.opening, Told(again=command))
    if parsed.output:
        save(parsed.output, [text.encode("utf-8", "replace")])
    else:
        sys.stdout.write(text)

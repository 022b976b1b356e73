"""The story: for every event one plain sentence with its numbers.

The sentences stand in one table of templates per language (`story_en.TEMPLATES`): kind of event ->
a function of a `Telling`, which holds the event and what a sentence may want to know around it. A
second language is a second table.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import KINDS, Event, Journal
from simnova.observe.endings import endings
from simnova.observe.index import follow, last, step
from simnova.observe.markup import element, escape, plain
from simnova.observe.steps import DETAILS, Detail, steps
from simnova.observe.story_en import TEMPLATES
from simnova.observe.story_en.ending import ending
from simnova.observe.table import WIDTH, Table
from simnova.observe.telling import Telling

Template = Callable[[Telling], str]

LANGUAGES: Mapping[str, Mapping[str, Template]] = {"en": TEMPLATES}
"""The tables of templates by language."""
ENDINGS = {"en": ending}
"""What makes the closing sentence, by language."""
NO_PAYLOADS = "this cloud keeps no payloads (level='summary')"
"""Why names and amounts are missing."""
NOTHING = "Nothing has happened yet."
"""What a story says before its first step."""


SENTENCES = 10_000
"""Sentences that are kept."""


def sentence(journal: Journal, seq: int, language: str = "en") -> str:
    """What happened at that step, in one sentence; an event that a template cannot read is told by
    its kind.

    Raises `UsageError` for a language that has no table and for a step that is not there.
    """
    if language not in LANGUAGES:
        raise unknown("language", language, LANGUAGES)
    at = step(journal, seq)
    return follow(journal, Sentences).of((language, at), lambda: worded(journal, at, language))


class Sentences:
    """The sentences of late, which neighbouring steps tell again; `follow(journal, Sentences)`."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, int], str] = {}

    def add(self, event: Event) -> None:
        """Take in the next event: what a sentence looks at around its own may have changed."""
        self._told.clear()

    def of(self, key: tuple[str, int], make: Callable[[], str]) -> str:
        """The sentence of that language and step."""
        if key not in self._told:
            if len(self._told) == SENTENCES:
                self._told.clear()
            self._told[key] = make()
        return self._told[key]


def worded(journal: Journal, seq: int, language: str) -> str:
    """A sentence made anew."""
    telling = Telling(journal, journal[seq])
    template = LANGUAGES[language].get(telling.event.kind, unfamiliar)
    try:
        return plain(template(telling))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
        return plain(
            unfamiliar(telling)
        )  # from another version of the program, or from a hostile file


def unfamiliar(telling: Telling) -> str:
    """An event whose fields are not what the template expects: who, and what its kind means."""
    kind = KINDS.get(telling.event.kind)
    return f"{telling.actor}: {kind.meaning if kind else telling.event.kind}."


class Story(list[tuple[int, float, str]]):
    """Steps, times in seconds, sentences; its text is wrapped at 100 columns.

    `ending` says in a sentence where the servers have got to, where the story tells of any.
    """

    def __init__(self, told: Iterable[tuple[int, float, str]] = (), ending: str = "") -> None:
        super().__init__(told)
        self.ending = ending

    def __str__(self) -> str:
        end = [textwrap.fill(self.ending, WIDTH)] if self.ending else []
        return "\n".join([*(told(*one) for one in self), *end])

    __repr__ = __str__

    def table(self) -> Table:
        """The same as a table."""
        return Table(
            ("event", "time", "what happens"),
            [(seq, f"{time:.3f}", text) for seq, time, text in self],
        )

    def _repr_html_(self) -> str:
        return self.table()._repr_html_() + (
            element("p", escape(self.ending)) if self.ending else ""
        )


def _untold(journal: Journal, detail: Detail, walk: Callable[[Detail], list[int]]) -> str:
    """Why a story has no step, and which detail has some."""
    if not steps(journal, detail):
        return NOTHING
    deeper = DETAILS[DETAILS.index(detail) + 1 :]
    found = next((one for one in deeper if walk(one)), "")
    return "No step is told by that" + (f": with detail={found!r} some are." if found else ".")


def told(seq: int, time: float, text: str) -> str:
    """One step as text, its second line indented."""
    start = f"{seq:>6}  {time:>9.3f} s  "
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def story(
    journal: Journal,
    upto: int | None = None,
    *,
    first: int = 0,
    detail: Detail = "story",
    only: str | Iterable[str] = "",
    background: bool = False,
    language: str = "en",
) -> Story:
    """The sentences of the steps from `first` up to `upto`; `only="rpc"` or `only=["rpc", "http"]`
    tells just of the kinds that begin so.

    Raises `UsageError` for an unknown detail, kind or language.
    """
    kinds, end = starts(only), last(journal, upto)

    def walk(detail: Detail) -> list[int]:
        there = steps(journal, detail, background=background)
        there = there[bisect_left(there, first) : bisect_right(there, end)]
        return [seq for seq in there if belongs(journal[seq], kinds)]

    walked = walk(detail)
    told = [(seq, journal[seq].time, sentence(journal, seq, language)) for seq in walked]
    if not told:
        return Story(ending=_untold(journal, detail, walk))
    closing = ENDINGS.get(language)
    ends = endings(journal, first, end) if closing else []
    ending = closing(ends) if closing else ""
    if journal.level == "summary":
        ending = f"{ending} Names and amounts are missing: {NO_PAYLOADS}.".lstrip()
    return Story(told, ending)


def starts(only: Any) -> tuple[str, ...]:
    """What the wanted kinds of events begin with: one text or several.

    Raises `UsageError` for anything else, and where no kind of event begins so.
    """
    asked = (only,) if isinstance(only, str) else only
    named = isinstance(asked, list | tuple) and all(isinstance(one, str) for one in asked)
    if not named or not asked:
        raise UsageError(f'only={only!r} names no kinds: give one, only="rpc", or a list of them')
    for one in asked:
        check_kind(one)
    return tuple(asked)


def check_kind(only: str) -> None:
    """Raise `UsageError` where no kind of event begins so."""
    if not any(kind.startswith(only) for kind in (*KINDS, *TEMPLATES)):
        rooms = {kind.partition(".")[0] for kind in TEMPLATES}
        raise unknown("kind of event", only, rooms | set(TEMPLATES))


def belongs(event: Event, kinds: tuple[str, ...]) -> bool:
    """Whether an event is of the kinds that begin so; an RPC message that was lost is RPC, too."""
    lost = event.kind == "fault" and event.data.get("verb") == "lose"
    return event.kind.startswith(kinds) or (lost and "rpc" in kinds)

"""The one small language by which events are filtered, searched, and waited for.

    service:nova-conductor kind:rpc.cast to:compute -method:object_ "boot web"

All parts have to hold. A part is `key:value` or a word, which is looked for in the event's sentence; `-` before it
turns it round; quotes hold a value with blanks together, and have a word with a colon looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from simnova.exceptions import UsageError, quoted, unknown
from simnova.kernel.journal import Event, Journal
from simnova.observe.menus import choices, doubt
from simnova.observe.query_keys import KEYS, Test, word

__all__ = ["KEYS", "Query", "Term", "choices", "matching"]

_PART: Final = re.compile(
    r'(?P<negated>-?)(?:(?P<key>[A-Za-z_]+):)?(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)',
    re.DOTALL,
)
_PLAIN: Final = re.compile(r'[^\s"]+')
_LIKE_A_PART: Final = re.compile(r"-|[A-Za-z_]+:")


@dataclass(frozen=True)
class Term:
    """One part: `key` is empty for a word.

    Raises `UsageError` for a key that there is not, and for a value that nothing could have.
    """

    key: str
    value: str
    negated: bool = False

    def __post_init__(self) -> None:
        if self.key and self.key not in KEYS:
            raise UsageError(
                f"{unknown('key', self.key, KEYS, always=True)}; "
                f'to look for the text itself, put it in quotes: "{self.key}:{self.value}"'
            )
        if not self.value:
            what = f"{self.key}: needs a value, as in {KEYS[self.key].example}" if self.key else ""
            raise UsageError(what or "an empty word is in every text: leave it out")
        if self.key:
            KEYS[self.key].check(self.value)

    def __str__(self) -> str:
        sign, key = "-" * self.negated, f"{self.key}:" if self.key else ""
        plain = _PLAIN.fullmatch(self.value) and (key or not _LIKE_A_PART.match(self.value))
        text = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f"{sign}{key}{self.value}" if plain else f'{sign}{key}"{text}"'

    def test(self, journal: Journal) -> Test:
        """Whether an event of that journal is meant by this part."""
        holds = KEYS[self.key].test(journal, self.value) if self.key else word(journal, self.value)
        return (lambda event: not holds(event)) if self.negated else holds

    @property
    def cost(self) -> int:
        """The cheap ones are asked first."""
        return KEYS[self.key].cost if self.key else len(KEYS)


@dataclass(frozen=True)
class Query:
    """What is asked of an event, all of it; `str()` gives the text back, and no part means every event."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query; raises `UsageError`, which names the part that cannot be read."""
        if not isinstance(text, str):
            raise UsageError(
                f"a query is a text, as in 'kind:rpc.cast to:compute', not {quoted(text)}"
            )
        terms, place = [], 0
        while rest := text[place:].lstrip():
            place = len(text) - len(rest)
            found = _PART.match(rest)
            if found is None:
                raise UsageError(
                    f'cannot read {quoted(rest)}: quotes go around a whole value, as in "web 1" or '
                    'server:"web 1"'
                )
            terms.append(_term(found))
            place += found.end()
        return cls(tuple(terms))

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def matcher(self, journal: Journal) -> Test:
        """Whether an event of that journal, or one that it will get, is meant."""
        tests = [term.test(journal) for term in sorted(self.terms, key=lambda term: term.cost)]
        if len(tests) == 1:
            return tests[0]
        return lambda event: all(test(event) for test in tests)

    def doubts(self, journal: Journal) -> list[str]:
        """Of each value that nothing in the journal is called by: that it is unknown, and what is near."""
        found = [doubt(journal, term.key, term.value) for term in self.terms]
        return [one for one in found if one]


def _term(found: re.Match[str]) -> Term:
    key, value = (found["key"] or "").lower(), found["value"]
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    try:
        return Term(key, value, bool(found["negated"]))
    except UsageError as error:
        raise UsageError(f"{quoted(found[0])}: {error}") from None


def matching(journal: Journal, query: Query, seqs: Iterable[int] | None = None) -> list[int]:
    """The numbers of the events that are meant: of all, or of those given, in their order.

    A word makes a sentence of each event that is left; those are kept for the next search.
    """
    holds: Callable[[Event], bool] = query.matcher(journal)
    if seqs is None:
        return [event.seq for event in journal.events if holds(event)]
    return [seq for seq in seqs if holds(journal[seq])]

"""The page of failures: every way in which a boot ends when something breaks, from what was played."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from simnova.explore.endings import Class, Endings, Played, endings
from simnova.explore.hangs import HANGS
from simnova.explore.scenarios import boot

_HEAD = """# What breaks a boot, and how it ends

Made by `python -m simnova.explore.reference`; a test plays all of it again.

A server is asked for on a cloud of two empty hosts; it goes to compute1. {points} times something else breaks: each
message is lost, each service dies before and after each of its events, each was down from the start. Moments between
which nothing leaves the service are one. The service stays dead until nobody works any more, then it is started again,
and {audit:.0f} s pass, in which every periodic task has its turn. In a notebook `simnova.explore.endings(boot)` plays
it, and its `.cloud(point)` opens each of these clouds.

A state is `status/task on host`; *before* is what there was while the dead service was dead. What Nova leaves hanging
has a name; the last table says why it hangs and what an operator does.

"""
_HANGS = """## What Nova leaves hanging

RPC is at most once: a message is acknowledged before it is dispatched, nobody sends a cast again, and a caller whose
wait has ended does not know whether the work was done. So a few conditions last until somebody mends them. A test
brings a cloud into each, does what is said here, and finds the books right.

| what is left | why | what mends it |
|---|---|---|
"""
_TABLE = """| what breaks | how it ends | why | who mends it |
|---|---|---|---|
"""


def reference(played: Endings) -> str:
    """`docs/reference/failures.md`."""
    from simnova.explore.play import AUDIT

    parts = [_HEAD.format(points=len(played), audit=AUDIT)]
    for breaks, classes in groupby(played.classes, lambda one: one.breaks):
        found = list(classes)
        number = sum(len(one.played) for one in found)
        parts += [f"## {_title(breaks)} ({number})\n\n", _TABLE, *map(_row, found), "\n"]
    parts += [_HANGS, *(_line(hang.name, hang.why, hang.remedy) for hang in HANGS)]
    return "".join(parts)


def _title(breaks: str) -> str:
    return breaks[0].upper() + breaks[1:]


def _row(one: Class) -> str:
    way = one.played[0].way
    left = f"*{one.hang.name}*" if one.hang else ""
    ends = [
        f"**{one.way}**",
        *([] if one.heard == ["202"] else [f"the client hears: {' or '.join(one.heard)}"]),
    ]
    ends += [f"{text}" for text in one.endings]
    if one.before:
        ends.append(f"before: {' or '.join(dict.fromkeys(map(_short, one.before)))}")
    mends = [way.mends if way else "", f"see {left}" if left else ""]
    why = way.why if way else ""
    return _line("<br>".join(_ranges(one)), "<br>".join(ends), why, "; ".join(filter(None, mends)))


def _short(text: str) -> str:
    return text.partition(", ")[0]


def _ranges(one: Class) -> Iterator[str]:
    """Points that follow each other in the run, told by the first and the last."""
    if one.played[0].point.what == "lose":
        yield from (_said(played) for played in one.played)
        return
    run: list[Played] = []
    for played in one.played:
        if run and not _follows(run[-1], played):
            yield _span(run)
            run = []
        run.append(played)
    yield _span(run)


def _follows(first: Played, second: Played) -> bool:
    return first.point.number + 1 == second.point.number


def _span(run: list[Played]) -> str:
    if len(run) < 3:
        return "<br>".join(_said(played) for played in run)
    return f"{_said(run[0])} … {_said(run[-1])} ({len(run)})"


def _said(played: Played) -> str:
    """Without the service's name, which is in the title."""
    return str(played.point).removeprefix(f"{played.point.service} dies ")


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', 'or') for cell in cells)} |\n"


if __name__ == "__main__":
    print(reference(endings(boot)), end="")

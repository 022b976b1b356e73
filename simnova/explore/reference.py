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

What the tables say of an end is what the books say: the API (`status/task on host`, a fault in quotes), the last
action of the server, Placement (an allocation), Neutron (a port), the hypervisors (a guest). *Before* is what there was
while the dead service was dead. An action can be a "Success" though the server is in ERROR: its event says only that
nova-compute's method came back, and a build that fails is caught in it. "open" has begun and has no end, "no event" has
not even begun. What Nova leaves hanging has a name; the last table says why it hangs and what an operator does.

## In short

| how it ends | times | what breaks | who mends it |
|---|---|---|---|
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

    parts = [_HEAD.format(points=len(played), audit=AUDIT), *_short_table(played.classes), "\n"]
    for breaks, classes in groupby(played.classes, lambda one: one.breaks):
        found = list(classes)
        parts += [f"## {breaks} ({_times(found)})\n\n", _TABLE, *map(_row, found), "\n"]
    parts += [_HANGS, *(_line(hang.name, hang.why, hang.remedy) for hang in HANGS)]
    return "".join(parts)


def _short_table(classes: list[Class]) -> Iterator[str]:
    """A row for each way to end and what it leaves hanging, the most frequent way first."""
    ends: dict[tuple[str, str], list[Class]] = {}
    for one in classes:
        ends.setdefault((one.way, one.hang.name if one.hang else ""), []).append(one)
    total = {name: _times([one for one in classes if one.way == name]) for name, _ in ends}
    order = sorted(ends, key=lambda end: (-total[end[0]], end[0], -_times(ends[end])))
    for way, left in order:
        same = ends[way, left]
        breaks = ", ".join(f"{one.breaks.removesuffix(' dies')} {len(one.played)}" for one in same)
        found = same[0].played[0].way
        mends = _mends(found.mends if found else "", left)
        yield _line(f"**{way}**", str(_times(same)), breaks, mends)


def _times(classes: list[Class]) -> int:
    return sum(len(one.played) for one in classes)


def _mends(said: str, left: str) -> str:
    return "; ".join(filter(None, [said, f"see *{left}*" if left else ""]))


def _row(one: Class) -> str:
    way = one.played[0].way
    ends = [
        f"**{one.way}**",
        *([] if one.heard == ["202"] else [f"the client hears: {' or '.join(one.heard)}"]),
    ]
    ends += [f"{text}" for text in one.endings]
    if one.before:
        ends.append(f"before: {' or '.join(dict.fromkeys(map(_short, one.before)))}")
    mends = _mends(way.mends if way else "", one.hang.name if one.hang else "")
    why = way.why if way else ""
    return _line("<br>".join(_ranges(one)), "<br>".join(ends), why, mends)


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

"""The panel that opens over a view: what a message carried, what waits in a queue, what a service waits for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simnova.exceptions import unknown
from simnova.kernel.journal import Journal
from simnova.observe import queues as broker
from simnova.observe import story
from simnova.observe.bus import bare, broker_of
from simnova.observe.carried import carried, span
from simnova.observe.company import Cuts
from simnova.observe.graph import Ways
from simnova.observe.hosts import Lives
from simnova.observe.index import follow
from simnova.observe.markup import plain
from simnova.observe.names import Names
from simnova.observe.pairs import Pairs
from simnova.observe.queues import READY, Queues
from simnova.observe.tree import Tree
from simnova.observe.waits import waits

MESSAGES: Final = 60
"""Messages of a queue that are told."""
Panel = dict[str, Any]


def panel(kind: str, seq: int, title: str, facts: Sequence[tuple[str, Any]], **more: Any) -> Panel:
    """What is sent of a panel; an empty fact is left out."""
    told = [[name, plain(value)] for name, value in facts if value not in (None, "")]
    return {"of": kind, "seq": seq, "title": plain(title), "facts": told, **more}


def message(journal: Journal, seq: int) -> Panel:
    """What the message of a step carried; raises `UsageError` for a step that is not there."""
    found, tree = carried(journal, seq), Tree(follow(journal, Names).of)
    parts = [tree.branch(name, part) for name, part in found.parts.items()]
    return panel("message", found.seq, found.title, found.facts, parts=parts, note=found.note)


def queue(journal: Journal, seq: int, names: Sequence[str]) -> Panel:
    """What waits in some queues of one purpose at a step; raises `UsageError` for one that nobody knows."""
    known = follow(journal, Queues).of
    for name in names:
        if name not in known:
            raise unknown("queue", name, known)
    depths = [known[name].depth(seq) for name in names]
    facts = [
        ("waiting", sum(ready for ready, _ in depths)),
        ("unacknowledged", sum(held for _, held in depths)),
        ("broker", broker_of(names[0])),
        ("bound", ", ".join(_bindings(journal, seq, names))),
        ("taken by", ", ".join(_takers(journal, seq, names))),
    ]
    rows = [row for name in names for row in broker.contents(journal, seq, name)]
    items = [waiting(journal, seq, found, state) for _, found, _, state in rows[:MESSAGES]]
    note = "" if rows else "Nothing waits here."
    more = len(rows) - len(items)
    title = f"queue {bare(names[0])}" + (f" and {len(names) - 1} more" if names[1:] else "")
    return panel("queue", seq, title, facts, items=items, more=more, note=note)


def waiting(journal: Journal, seq: int, found: str, state: str) -> dict[str, Any]:
    """One message in a queue: what it carries, and how long it has been there."""
    sent = follow(journal, Pairs).sent.get(found, seq)
    since = span(journal[seq].time - journal[sent].time)
    how = f"waiting for {since}" if state == READY else f"delivered, not acknowledged; {since} old"
    return {
        "seq": follow(journal, Pairs).rpc.get(sent, sent),
        "text": plain(broker.method(journal, found) or found or "a message without an id"),
        "aside": how,
    }


def _bindings(journal: Journal, seq: int, names: Sequence[str]) -> list[str]:
    found = {
        f"{bare(edge.source)} by {edge.label}" if edge.label else bare(edge.source): None
        for edge, seqs in follow(journal, Ways).of.items()
        if edge.kind == "routes" and edge.target in names and seqs[0] <= seq
    }
    return list(found)


def _takers(journal: Journal, seq: int, names: Sequence[str]) -> list[str]:
    found = {
        edge.target: None
        for edge, seqs in follow(journal, Ways).of.items()
        if edge.kind == "delivers" and edge.source in names and seqs[0] <= seq
    }
    return list(found)


def service(journal: Journal, seq: int, name: str) -> Panel:
    """What a service waits for at a step; raises `UsageError` for one that nobody knows."""
    mine = [one for one in waits(journal, seq) if one.service == name]
    asks = [one for one in mine if one.what]
    items = [
        {
            "seq": one.seq,
            "text": plain(one.what),
            "aside": f"for {span(one.seconds)}{at(one.where)}",
        }
        for one in asks
    ]
    listens = _listens(journal, seq, name)
    last = next((one for one in mine if not one.what), None)
    facts = [
        ("is", state(journal, seq, name)),
        ("listens to", ", ".join(listens)),
        ("was last", f"{span(last.seconds)} ago{at(last.where)}" if last else ""),
    ]
    if last and not asks:
        items = [
            {"seq": last.seq, "text": story.sentence(journal, last.seq), "aside": "its last event"}
        ]
    note = "It waits for:" if asks else idle(facts[0][1], listens)
    return panel("service", seq, name, facts, items=items, note=note)


def at(where: str | None) -> str:
    """The line of source at which somebody waits."""
    return f", at {where}" if where else ""


def idle(how: str, listens: Sequence[str]) -> str:
    """Of a service that has asked nobody anything."""
    if how != "up":
        return f"It is {how} and waits for nothing."
    return "It waits for the next message." if listens else "It waits for the next request."


def state(journal: Journal, seq: int, name: str) -> str:
    """Whether a service is up, down or cut off."""
    if follow(journal, Cuts).cut(name, seq):
        return "cut off"
    return "up" if follow(journal, Lives).up(name, seq) else "down"


def _listens(journal: Journal, seq: int, name: str) -> list[str]:
    """The queues that a service takes messages from, with how many are in them."""
    found = []
    for edge, seqs in follow(journal, Ways).of.items():
        if edge.kind == "delivers" and edge.target == name and seqs[0] <= seq:
            queue = follow(journal, Queues).of.get(edge.source)
            depth = sum(queue.depth(seq)) if queue else 0
            found.append(f"{bare(edge.source)} ({depth})" if depth else bare(edge.source))
    return found

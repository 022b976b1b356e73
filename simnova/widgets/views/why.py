"""Why: from the event at the cursor back along its causes to the request that began it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from simnova.kernel.journal import Event, Journal
from simnova.observe import sequence, story
from simnova.observe.chain import Link, chain, turn
from simnova.observe.markup import plain
from simnova.observe.story_en.words import count, seconds, several
from simnova.widgets.views.look import Look

FIRST, LAST = 4, 2
"""Links at both ends that are never folded away."""
LEAST: Final = 3
"""Links in a row that are worth a fold."""
UNFOLDED: Final = 60
"""Links of one fold that are sent; there may be more of them."""
_ROOMS: Final = {
    "rpc": "RPC",
    "http": "HTTP",
    "virt": "the hypervisor",
    "scheduler": "the scheduler",
    "db": "rows",
    "amqp": "the broker",
}


def at(look: Look) -> list[dict[str, Any]]:
    """The chain, the event at the cursor first; nothing in an empty journal."""
    if not look.moment:
        return []
    return folded(look.journal, chain(look.journal, look.seq))


def news(look: Look) -> bool:
    """Whether something was decided, or went wrong, at this step."""
    return bool(look.moment and turn(look.event))


def folded(journal: Journal, links: Sequence[Link]) -> list[dict[str, Any]]:
    """The chain with what lies between its turning points folded."""
    found: list[dict[str, Any]] = []
    hidden: list[Link] = []
    for place, link in enumerate(links):
        if stays(journal, link, place, len(links)):
            found += [*fold(journal, hidden), told(journal, link)]
            hidden = []
        else:
            hidden.append(link)
    return found


def stays(journal: Journal, link: Link, place: int, size: int) -> bool:
    """Whether a link is not folded: the ends, the turning points, and the casts and calls, by which work goes on to
    another service.
    """
    at_an_end = place < FIRST or place >= size - LAST
    return (
        at_an_end
        or bool(link.turn)
        or journal[link.seq].kind in {"rpc.cast", "rpc.call", "virt.call"}
    )


def fold(journal: Journal, hidden: Sequence[Link]) -> list[dict[str, Any]]:
    """Some links folded into one line; a few stay as they are."""
    if len(hidden) < LEAST:
        return [told(journal, link) for link in hidden]
    kinds = Counter(room(journal[link.seq]) for link in hidden)
    rooms = several((name for name, _ in kinds.most_common()), most=3)
    spent = seconds(sum(link.wait for link in hidden))
    return [
        {
            "fold": f"{count(len(hidden), 'step')} between: {rooms}",
            "wait": spent,
            "links": [told(journal, link) for link in hidden[:UNFOLDED]],
            "more": max(0, len(hidden) - UNFOLDED),
        }
    ]


def room(event: Event) -> str:
    """Which part of the cloud an event belongs to, in a word."""
    kind = event.kind.partition(".")[0]
    ends = {event.actor, str(event.data.get("to"))} & {"placement", "neutron", "glance", "keystone"}
    return min(ends).capitalize() if kind == "http" and ends else _ROOMS.get(kind, kind)


def told(journal: Journal, link: Link) -> dict[str, Any]:
    """One link for the browser."""
    event = journal[link.seq]
    return {
        "seq": link.seq,
        "time": event.time,
        "sentence": story.sentence(journal, link.seq),
        "style": style(journal, event),
        "turn": link.turn,
        "wait": seconds(link.wait),
        "steps": link.steps,
        "others": [{"seq": one, "sentence": story.sentence(journal, one)} for one in link.others],
    }


def style(journal: Journal, event: Event) -> str:
    """The colour that the event has in the sequence."""
    if event.kind.startswith("amqp.") or event.kind == "log":
        return "state"
    if event.kind in {"scheduler.filter", "scheduler.weigh", "scheduler.select"}:
        return "decision"  # what its arrow says is worked out anew from the weights of all hosts
    arrows = sequence.drawn_from(journal, event, event.seq)
    return plain(arrows[0].style) if arrows else "state"

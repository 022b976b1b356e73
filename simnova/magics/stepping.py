"""Running a cloud step by step: what has happened on the way is a story."""

from __future__ import annotations

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.kernel.journal import Event
from simnova.observe.query import Query
from simnova.observe.steps import level
from simnova.observe.story import Story, sentence


def on(cloud: Cloud, steps: int) -> Story:
    """Run so many steps on, and tell every event of them; raises `UsageError` where nobody is at work."""
    _check_at_work(cloud)
    return _told(cloud, [event for _ in range(steps) for event in cloud.step()])


def until(cloud: Cloud, text: str) -> Story:
    """Run to the first event that a query means, and tell it with the steps of the story up to there."""
    query = Query.parse(text)
    if not query.terms:
        raise UsageError(
            "%step until what? give a query, as in %step until kind:rpc.cast to:compute"
        )
    _check_at_work(cloud)
    first, meant = len(cloud.journal), query.matcher(cloud.journal)
    cloud.run(until=query)
    new = [event for event in cloud.journal.events[first:] if not event.background]
    return _told(cloud, [event for event in new if level(event) == 0 or meant(event)])


def _told(cloud: Cloud, events: list[Event]) -> Story:
    return Story((one.seq, one.time, sentence(cloud.journal, one.seq)) for one in events)


def _check_at_work(cloud: Cloud) -> None:
    if cloud.clock.quiet:
        raise UsageError(
            f"nobody is at work at {cloud.now:.3f} s: cloud.submit('web') asks for a server, "
            "and %step goes on from there"
        )

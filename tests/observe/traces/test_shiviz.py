"""The log with vector clocks, read by ShiViz's own rules.

They stand in ShiViz's sources: js/shiviz.js (the first two lines), js/util/regexp.js and js/model/parser.js (the
expression is used with the flags g and m), js/model/vectorTimestamp.js (an event's own host is in its clock) and
js/model/modelGraph.js (a host's clocks count 1, 2, 3, …; nobody knows of what has not happened; what it should be).
"""

import itertools
import json
import re
from typing import NamedTuple

import pytest

from simnova import Cloud
from simnova.observe.traces.shiviz import clocks, shiviz

SCRIPT = 'a </script>\u2028{"client": 9} step=1'


class LogEvent(NamedTuple):
    """What ShiViz makes of a match."""

    event: str
    host: str
    clock: dict[str, int]
    fields: dict[str, str]


def read(text):
    """The events of a log, as ShiViz parses a file that was uploaded."""
    first, delimiter, log = text.split("\n", 2)
    assert delimiter.strip() == ""
    names = re.findall(r"\(\?<(\w+)>", first)
    assert len(names) == len(set(names))
    assert {"event", "host", "clock"} <= set(names)
    # JavaScript's dot ends at four characters, and its blank is also U+FEFF.
    expression = first.replace("(?<", "(?P<").replace(".*", "[^\n\r\u2028\u2029]*")
    expression = expression.replace(r"\S", r"[^\s\ufeff]").replace(r"\d", "[0-9]")
    found = []
    end = 0
    for match in re.finditer(f"^{expression}$", log.strip(), re.MULTILINE):
        assert log.strip()[end : match.start()].strip() == "", "ShiViz would skip this"
        end = match.end()
        fields = {name: match[name] for name in names if name not in ("event", "clock")}
        found.append(LogEvent(match["event"], match["host"], json.loads(match["clock"]), fields))
    assert end == len(log.strip())
    return found


def check(events):
    """What ShiViz insists on before it draws, and the clocks that follow from its own edges."""
    hosts = {}
    for one in events:
        hosts.setdefault(one.host, []).append(one.clock)
        assert one.clock[one.host] == len(hosts[one.host])
        assert all(time > 0 for time in one.clock.values())
    for one in events:
        for host, time in one.clock.items():
            assert time <= len(hosts[host])
            if host != one.host:
                # Who knows of an event knows of all that it knew of.
                known = hosts[host][time - 1]
                assert all(one.clock.get(name, 0) >= count for name, count in known.items())
                assert known.get(one.host, 0) < one.clock[one.host]
    for own in hosts.values():
        for before, after in itertools.pairwise(own):
            assert all(after[name] >= count for name, count in before.items())


def happened_before(one, other):
    """Whether one event could have had a part in another, by their clocks."""
    return all(other.get(host, 0) >= time for host, time in one.items())


@pytest.mark.parametrize("background", [False, True])
def test_shiviz_can_read_it(journal, background):
    events = read("".join(shiviz(journal, background=background)))
    wanted = [event for event in journal if background or not event.background]
    assert [int(one.fields["step"]) for one in events] == [event.seq for event in wanted]
    assert [one.host for one in events] == [event.actor for event in wanted]
    check(events)


def test_a_clock_knows_just_what_came_before(journal):
    """An event is after another by its clock where causes and the order in a service lead there, and only there."""
    told = list(clocks(journal, background=True))
    before, latest = {}, {}
    for event, _ in told:
        mine = {event.seq}
        for source in (event.cause, latest.get(event.actor)):
            mine |= before.get(source, set())
        before[event.seq], latest[event.actor] = mine, event.seq
    some = told[:: max(1, len(told) // 60)]
    for one, own in some:
        for other, clock in some:
            assert happened_before(own, clock) == (one.seq in before[other.seq])


def test_two_hosts_that_do_not_talk_know_nothing_of_each_other(real):
    builds = {event.actor for event in real if event.actor.startswith("nova-compute@")}
    last = {event.actor: clock for event, clock in clocks(real)}
    assert [host for host in builds if host in last] == ["nova-compute@compute2"]
    assert last["nova-compute@compute2"]["nova-scheduler"] > 0


def test_the_events_are_told_in_sentences(real):
    events = read("".join(shiviz(real)))
    (chosen,) = [one for one in events if one.fields["kind"] == "scheduler.select"]
    assert chosen.event.startswith("The scheduler chooses compute2 for server web1")
    assert chosen.fields["request"].startswith("req-")


def test_hostile_names_are_one_line_and_one_word():
    cloud = Cloud(hosts=["a"])
    cloud.submit(SCRIPT)  # which Nova refuses, but it was asked for
    cloud.submit(SCRIPT.replace("\u2028", ""))
    events = read("".join(shiviz(cloud.run().journal)))
    check(events)
    assert any("</script>" in one.event for one in events)


def test_hosts_with_blanks_become_one_word(hand_made):
    journal = hand_made("two words", "\ufeffbom", "  ", "{}")
    events = read("".join(shiviz(journal)))
    assert [one.host for one in events] == ["two_words", "_bom", "-", "{}"]
    check(events)

"""A frame: all that is seen at one step, and nothing else."""

import json

import pytest

from simnova.observe import sequence, story
from simnova.widgets import lanes, static
from simnova.widgets.frame import frame, pane, score, still
from simnova.widgets.player import Player
from simnova.widgets.reel import Reel
from simnova.widgets.views import VIEWS
from tests.widgets.conftest import Recorder

DETAILS = ("story", "messages", "everything")


@pytest.fixture
def reel(journal):
    return Reel(journal)


def first(reel, kind):
    """The first step of that kind."""
    return next(seq for seq in reel.places if reel.journal[seq].kind == kind)


def seen(view, reel, seq):
    """What a view shows at a step."""
    return pane(reel, seq, view)["data"]


@pytest.mark.parametrize("detail", DETAILS)
def test_each_step_has_a_frame_that_is_json_and_tells_its_story(journal, detail):
    reel = Reel(journal, detail)
    for position, seq in enumerate(reel.places, 1):
        shown = json.loads(json.dumps(frame(reel, seq)))
        assert (shown["seq"], shown["position"], shown["total"]) == (
            seq,
            position,
            len(reel.places),
        )
        assert shown["sentence"] == story.sentence(journal, seq)
        assert "strip" not in shown


def test_the_details_are_more_and_more_steps(journal):
    told, spoken, everything = (len(Reel(journal, detail).places) for detail in DETAILS)
    assert told < spoken < everything


def test_the_arrow_at_the_cursor_is_now_those_before_it_past(reel):
    shown = still(reel, first(reel, "rpc.call"))
    (now,) = (arrow for arrow in shown["arrows"] if arrow["when"] == "now")
    assert (now["source"], now["target"], now["style"]) == (
        "nova-conductor",
        "nova-scheduler",
        "call",
    )
    assert all(
        (arrow["when"] == "past") == (arrow["seq"] < now["seq"]) for arrow in shown["arrows"]
    )


def test_no_step_moves_a_lifeline(reel):
    assert len({tuple(score(reel, seq)["actors"]) for seq in reel.places}) == 1


@pytest.fixture
def long():
    """A journal of a thousand casts."""
    record = Recorder()
    for _ in range(1000):
        record("rpc.cast", "nova-api", method="ping", topic="conductor", fanout=False)
    return record.journal


def test_only_a_window_of_the_arrows_is_drawn(long):
    part = lanes.window(long, range(1000), 500)
    assert [part[0].seq, part[-1].seq] == [500 + 1 - lanes.BEFORE, 500 + lanes.AFTER]
    assert lanes.window(long, range(1000), 0)[0].seq == 0
    assert lanes.window(long, range(1000), 10_000)[-1].seq == 999


def test_a_browser_gets_the_rows_by_pages_so_that_most_steps_send_none(long):
    reel = Reel(long)
    pages = {json.dumps(score(reel, seq)) for seq in reel.places}
    assert len(pages) <= 1000 / lanes.PAGE + 1
    for seq in (0, 31, 32, 500, 999):
        shown = [arrow["seq"] for arrow in score(reel, seq)["arrows"]]
        around = range(max(0, seq - lanes.PAGE + 1), min(1000, seq + lanes.PAGE))
        assert set(around) <= set(shown)
        assert len(shown) <= 3 * lanes.PAGE


def test_a_fanout_to_very_many_is_drawn_to_those_who_talk_here():
    sent = [sequence.Arrow(1, 2, "a", f"b{number}", "ping", "fanout") for number in range(100)]
    answer = sequence.Arrow(3, 4, "b7", "a", "pong", "cast")
    assert lanes.few(sent) == sent[:1]
    assert [one.target for one in lanes.few([*sent, answer])] == ["b0", "b7", "a"]


def test_a_strip_of_many_steps_keeps_what_must_not_be_overlooked():
    styles = dict.fromkeys(range(10_000), "request") | {7777: "error"}
    strip = lanes.strip(range(10_000), styles)
    assert len(strip) == lanes.CELLS
    assert strip.count("error") == 1


def test_labels_name_uuids_by_their_beginning_and_answers_by_their_status():
    path = "PUT /allocations/57624fe1-cdd8-49bf-a5f7-3020ffe601c2"
    asked = sequence.Arrow(1, 2, "a", "b", path, "request")
    answer = sequence.Arrow(2, 2, "b", "a", f"204 {path}", "response")
    assert lanes.label(asked) == "PUT /allocations/57624fe1…"
    long = sequence.Arrow(1, 2, "a", "b", path.replace("allocations", "resource_providers"), "call")
    assert lanes.label(long) == "PUT /resource_providers/57624fe1…"
    assert lanes.label(answer) == "204"


def test_the_decision_falls_filter_by_filter(reel, journal):
    falling = [seen("decision", reel, seq) for seq in reel.places]
    assert falling[0] is None
    assert [len(one["stages"]) for one in falling if one] == sorted(
        len(one["stages"]) for one in falling if one
    )
    last = falling[-1]
    assert last["stages"][-1]["verdicts"]["compute3"] == "2048 MB asked for, 512 MB left"
    assert last["stages"][-1]["verdicts"]["compute1"] is True
    assert (last["chosen"], last["alternates"], last["instance"]) == (
        "compute2",
        ["compute1"],
        "web-1",
    )
    assert seen("decision", reel, first(reel, "scheduler.filter"))["chosen"] is None


def test_the_host_fills_when_the_server_is_claimed(reel, journal):
    def on_compute2(seq):
        host = seen("cloud", reel, seq)[1]
        return [(server["name"], server["tone"]) for server in host["servers"]]

    claims = [
        seq
        for seq in reel.places
        if journal[seq].kind == "db.update" and "host" in journal[seq].data["after"]
    ]
    assert on_compute2(reel.places[reel.places.index(claims[0]) - 1]) == []
    assert on_compute2(claims[0]) == [("web-1", "building")]
    assert on_compute2(reel.last) == [("web-1", "active")]


def test_rows_and_log_are_those_since_the_step_before(reel):
    changes = seen("rows", reel, reel.last)
    assert changes[0]["table"] == "nova_cell1.instances"
    assert ["task_state", "spawning", "NULL"] in changes[0]["columns"]
    assert not any(line["now"] for line in seen("log", reel, reel.last))
    claimed = first(reel, "db.update")
    lines = seen("log", reel, claimed)
    assert [line["text"] == "Boot web-1" for line in lines if line["now"]] == [True]
    assert {"cloud", "rows", "log"} <= set(frame(reel, claimed)["news"])


def test_heartbeats_are_no_part_of_a_moment(reel, journal):
    everything = Reel(journal, "everything")
    assert not any(
        event.background for seq in everything.places for event in everything.moment(seq)
    )


def test_an_empty_journal_has_a_frame(journal):
    journal.events.clear()
    shown = still(Reel(journal), -1)
    assert (shown["sentence"], shown["total"], shown["arrows"]) == (
        "Nothing has happened yet.",
        0,
        [],
    )
    assert score(Reel(journal), -1) == {"actors": [], "arrows": []}


def test_each_view_has_a_file_that_draws_it_and_only_the_one_looked_at_is_sent(journal):
    for name in VIEWS:
        assert f"VIEWS.{name} = " in (static.HERE / f"{name}.js").read_text()
        player = Player(journal, view=name)
        assert player.pane == {"view": name, "seq": player.step, "data": player.pane["data"]}
        assert not set(VIEWS) & set(player.frame)
    drawn = [name for name in static.SCRIPTS if name in VIEWS]
    assert drawn == list(VIEWS)

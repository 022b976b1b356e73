"""The State view: what is lit is what the row says, at every step of a server's life."""

import itertools
import json
import xml.etree.ElementTree as ET

import pytest

from simnova import Cloud, Host
from simnova.exceptions import UsageError
from simnova.nova.objects.states import MOVES, State
from simnova.observe import source
from simnova.observe.course import course
from simnova.observe.rows import in_cells
from simnova.observe.states import history
from simnova.observe.subjects import subject
from simnova.observe.waits import waits
from simnova.widgets.frame import look
from simnova.widgets.player import Player
from simnova.widgets.reel import Reel
from simnova.widgets.views import state


@pytest.fixture(scope="module")
def life():
    cloud = Cloud(hosts=3)
    web = cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run()
    for act in (lambda: web.resize("m1.medium"), web.confirm_resize, web.live_migrate, web.delete):
        act()
        cloud.run()
    return cloud


def shown(journal, seq, server=""):
    return state.at(look(Reel(journal, "everything"), seq, server))


def lit(found, how="now"):
    return [
        (box["vm"] or None, pill["task"] or None)
        for box in found["boxes"]
        for pill in box["pills"]
        if pill["lit"] == how
    ]


def row_of(journal, seq):
    """What the row says, without the fold of states; the server has one row that is in a cell."""
    rows = in_cells(journal, seq, "instances")
    return (rows[-1].get("vm_state"), rows[-1].get("task_state")) if rows else (None, None)


def test_at_every_step_of_a_life_exactly_the_states_of_the_row_are_lit(life):
    seen = set()
    reel = Reel(life.journal)
    for seq in reel.places:
        found = state.at(look(reel, seq))
        if not found["boxes"]:
            continue
        assert lit(found) == [row_of(life.journal, seq)], seq
        seen.add((found["operation"], found["outcome"]))
        power = [name for name, how in found["powers"] if how == "now"]
        assert len(power) == (found["boxes"][0]["vm"] != "")
    named = {name for name, _ in seen}
    assert {"create", "resize, migrate", "confirmResize", "os-migrateLive", "delete"} <= named
    assert ("os-migrateLive", "under way") in seen
    assert ("os-migrateLive", "done") in seen


def test_what_comes_next_is_a_move_of_the_table_and_comes(life):
    server = subject(life.journal, len(life.journal) - 1)
    states = history(life.journal, server).states
    for one, other in itertools.pairwise(states):
        past = history(life.journal, server, one.seq)
        ahead = {
            (place.vm, place.task) for place in course(past, one.time).places if place.lit == "next"
        }
        here, there = State(one.vm_state, one.task_state), State(other.vm_state, other.task_state)
        allowed = {move.after for move in MOVES if move.before == here}
        assert ahead <= allowed
        if here != there and not course(past, one.time).done:
            assert there in ahead


def test_a_boot_without_a_host_ends_in_error_and_a_deletion_takes_a_boots_place():
    cloud = Cloud(hosts=[Host("compute1", memory_mb=1024)])
    cloud.boot("web", flavor="m1.large", image="cirros")
    cloud.run()
    found = shown(cloud.journal, len(cloud.journal) - 1)
    assert (found["operation"], found["outcome"]) == ("create", "ended in ERROR")
    assert lit(found) == [("error", None)]
    assert lit(found, "been") == [("building", "scheduling")]

    cloud = Cloud(hosts=1)
    web = cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run(until=lambda event: (event.data.get("after") or {}).get("task_state") == "spawning")
    web.delete()
    found = shown(cloud.journal, len(cloud.journal) - 1)
    assert (found["operation"], lit(found)) == ("delete", [("building", "deleting")])


def test_before_there_is_a_row_the_whole_boot_is_ahead_and_a_request_can_be_withdrawn():
    cloud = Cloud(hosts=3)
    asked = cloud.submit("web")
    cloud.run(until="scheduler.select")
    found = shown(cloud.journal, len(cloud.journal) - 1)
    assert (found["operation"], found["outcome"]) == ("create", "under way")
    assert (lit(found), lit(found, "next")) == ([(None, None)], [("building", "scheduling")])
    assert [box["vm"] for box in found["boxes"]] == ["", "building", "active", "error"]
    asked.server.delete()
    cloud.run()
    found = shown(cloud.journal, len(cloud.journal) - 1, asked.server.id)
    assert (found["boxes"], "withdrawn" in found["none"]) == ([], True)


def test_the_server_of_the_moment_is_that_of_the_request_and_another_can_be_chosen(life):
    cloud = Cloud(hosts=2)
    first, second = (cloud.boot(name, flavor="m1.tiny", image="cirros") for name in ("a", "b"))
    cloud.run()
    for event in cloud.journal:
        named = event.data.get("instance")
        if named and event.request_id:
            assert subject(cloud.journal, event.seq) == named
    player = Player(cloud, step=10**9, view="state")
    assert player.pane["data"]["server"] == subject(cloud.journal, player.step)
    player.watch("a")
    player.back()
    assert player.pane["data"]["server"] == first.id
    player._handle_custom_msg({"do": "watch", "server": second.id}, [])
    assert (player.pane["data"]["server"], player.pane["data"]["followed"]) == (second.id, False)
    player.watch()
    assert player.pane["data"]["followed"]
    with pytest.raises(UsageError, match="nobody"):
        player.watch("nobody")


def test_the_columns_of_states_stand_first(life):
    reel = Reel(life.journal)
    columns = [
        [line["column"] for line in state.at(look(reel, seq))["rows"]]
        for seq in reel.places
        if life.journal[seq].data.get("table") == "instances"
    ]
    assert [one[0] for one in columns if one and "vm_state" in one] == ["vm_state"] * sum(
        "vm_state" in one for one in columns
    )
    assert any("power_state" in one for one in columns)


def test_a_service_waits_at_the_line_that_asked_until_it_is_answered(life):
    calls = [
        event
        for event in life.journal
        if event.kind == "virt.call" and event.data["method"] == "spawn"
    ]
    spawn = calls[0]
    end = next(
        event
        for event in life.journal.events[spawn.seq :]
        if event.kind == "virt.return" and event.data["method"] == "spawn"
    )
    middle = (spawn.seq + end.seq) // 2
    held = {one.service: one for one in waits(life.journal, middle)}[spawn.actor]
    assert held.what
    assert held.where in {event.where for event in life.journal.events[spawn.seq : middle + 1]}
    after = {one.service: one for one in waits(life.journal, end.seq)}[spawn.actor]
    assert (after.what, after.where) == ("", end.where)
    last = waits(life.journal, len(life.journal) - 1)
    assert all(one.what == "" for one in last)
    assert {one.service for one in last} >= {"nova-api", "nova-conductor", "nova-compute@compute1"}


def test_a_service_that_has_crashed_waits_for_nothing():
    cloud = Cloud(hosts=1)
    cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run(until=lambda event: event.kind == "virt.call" and event.data["method"] == "spawn")
    at = len(cloud.journal) - 1
    assert waits(cloud.journal, at)[0].what or waits(cloud.journal, at)[1].what
    cloud.crash("nova-compute@compute1")
    now = {one.service: one.what for one in waits(cloud.journal, len(cloud.journal) - 1)}
    assert now["nova-compute@compute1"] == ""


@pytest.mark.parametrize(
    "where",
    [
        "../../../etc/passwd:1",
        "/etc/passwd:1",
        "cell:3",
        "nova/compute/manager/build.py:999999",
        "nova/compute/manager/build.py:0",
        "nova/compute/manager/build.py",
        "widgets/static/base.css:1",
        "widgets/../../pyproject.toml:1",
        "nova\0.py:1",
        "",
        None,
    ],
)
def test_no_line_is_read_from_anywhere_but_the_package(life, where):
    with pytest.raises(UsageError):
        source.source(where)
    player = Player(life)
    player._handle_custom_msg({"do": "source", "where": where}, [])
    assert player.answer == {}


def test_the_lines_around_a_place_are_those_of_the_file(life):
    event = next(event for event in life.journal if event.kind == "virt.call")
    player = Player(life)
    player._handle_custom_msg({"do": "source", "where": event.where}, [])
    said = player.answer
    text = (source.PACKAGE / said["file"]).read_text().splitlines()
    assert said["lines"][said["line"] - said["first"]] == text[said["line"] - 1]
    assert f"> {said['line']:>4}" in str(source.source(event.where))


def test_a_hostile_name_is_text_and_an_empty_journal_shows_nothing():
    cloud = Cloud(hosts=1)
    name = "<script>alert(1)</script>"
    cloud.boot(name, flavor="m1.tiny", image="cirros")
    cloud.run()
    data = Player(cloud, step=10**9, view="state").pane["data"]
    assert data["servers"] == [[data["server"], name]]
    assert json.loads(json.dumps(data)) == data
    cloud.journal.events.clear()
    assert Player(cloud.journal, view="state").pane["data"] is None


def test_a_recorded_journal_of_unknown_states_is_shown_as_it_is(journal):
    for seq in Reel(journal).places:
        found = state.at(look(Reel(journal), seq))
        assert json.loads(json.dumps(found)) == found


def test_the_twin_shows_the_state_and_the_chain_and_is_the_same_each_time(life):
    migrating = next(
        event.seq
        for event in life.journal
        if (event.data.get("after") or {}).get("task_state") == "migrating"
    )
    player = Player(life, step=migrating)
    for view, told in (("state", "● migrating"), ("why", "to a host that the scheduler chooses")):
        svg = player.svg(view)
        assert svg == Player(life, step=migrating).svg(view)
        assert told in "".join(ET.fromstring(svg).itertext())
    assert "● migrating" not in player.svg()
    with pytest.raises(UsageError, match="rows"):
        player.svg("rows")
    assert "No server" in Player(type(life.journal)(life.journal.clock)).svg("state")


def test_a_cloud_that_keeps_no_payloads_says_that_states_are_not_known():
    cloud = Cloud(hosts=1, level="summary")
    cloud.boot("web", flavor="m1.tiny", image="cirros")
    cloud.run()
    data = Player(cloud, step=10**9, view="state").pane["data"]
    assert (data["boxes"], data["none"]) == (
        [],
        "States are not known: this cloud keeps no payloads (level='summary').",
    )
    assert data["waits"]

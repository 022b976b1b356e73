"""The topology in the player: what is drawn is what the folds say, and nothing moves."""

import json

import pytest

from simnova import Cloud
from simnova.observe import graph, queues
from simnova.observe.company import Company, Seats
from simnova.observe.index import follow
from simnova.widgets.frame import pane
from simnova.widgets.player import Player
from simnova.widgets.reel import Reel

pytestmark = pytest.mark.thorough


def booted(hosts: int = 3, servers: int = 1, **options) -> Cloud:
    cloud = Cloud(hosts=hosts, **options)
    for number in range(servers):
        cloud.boot(f"web-{number}")
    cloud.run()
    return cloud


@pytest.fixture(scope="module")
def cloud():
    return booted()


def seen(reel, seq):
    return pane(reel, seq, "topology")["data"]


def nodes(shown, *kinds):
    return {node["name"]: node for node in shown["nodes"] if node["kind"] in kinds}


def test_ways_and_depths_are_those_of_the_folds_at_each_step_of_a_boot(cloud):
    reel = Reel(cloud.journal, "messages")
    deepest = 0
    for seq in reel.places:
        shown = json.loads(json.dumps(seen(reel, seq)))
        drawn = {
            (way["kind"], way["source"], way["target"]): way["messages"] for way in shown["ways"]
        }
        told = graph.topology(cloud.journal, seq, background=True)
        assert drawn == {edge[:3]: count for edge, count in told.edges.items()}
        counted = {row[0]: row[1:] for row in queues.at(cloud.journal, seq)}
        depths = {
            name: (node["ready"], node["held"])
            for name, node in nodes(shown, "queue", "reply", "fanout").items()
        }
        assert {name: depth for name, depth in depths.items() if any(depth)} == counted
        deepest = max(deepest, *(ready + held for ready, held in depths.values()))
    assert deepest > 0


def test_nothing_moves_from_step_to_step(cloud):
    reel = Reel(cloud.journal)
    places = [{n["name"]: n["at"] for n in seen(reel, seq)["nodes"]} for seq in reel.places]
    assert all(one == places[0] for one in places)
    assert {"nova-api", "nova-conductor", "nova-scheduler", "placement", "nova"} <= set(places[0])
    assert "nova-manage" not in places[0]


def test_no_two_things_lie_on_each_other(cloud):
    for run in (cloud, booted(5, cells=2), booted(40, 3)):
        reel = Reel(run.journal)
        shown = seen(reel, reel.last)
        boxes = [node["at"] for node in shown["nodes"]]
        for place, (x, y, wide, high) in enumerate(boxes):
            assert 0 <= x <= shown["width"] - wide
            assert 0 <= y <= shown["height"] - high
            for other in boxes[place + 1 :]:
                beside = x + wide <= other[0] or other[0] + other[2] <= x
                assert beside or y + high <= other[1] or other[1] + other[3] <= y


def test_a_cast_goes_through_exchange_and_queue_to_the_host(cloud):
    reel = Reel(cloud.journal)
    cast = next(
        seq
        for seq in reel.places
        if cloud.journal[seq].data.get("method") == "build_and_run_instance"
    )
    (trip,) = (trip for trip in seen(reel, cast)["trips"] if trip["now"])
    assert (trip["style"], len(trip["legs"]), trip["failed"]) == ("cast", 3, False)
    ways = {way["d"] for way in seen(reel, reel.last)["ways"]}
    assert set(trip["legs"]) <= ways


def test_of_forty_hosts_those_that_take_part_are_shown_and_the_others_are_one():
    cloud = booted(40, 3)
    reel = Reel(cloud.journal)
    for seq in reel.places:
        shown = seen(reel, seq)
        computes, (fold,) = nodes(shown, "compute"), nodes(shown, "fold").values()
        assert fold["label"] == f"{40 - len(computes)} more"
        actor = cloud.journal[seq].actor
        assert not actor.startswith("nova-compute@") or computes[actor]["now"]
    assert len(json.dumps(shown)) < 20_000


def test_who_is_down_or_cut_off_is_shown_so():
    cloud = booted()
    cloud.cut_off("compute1")
    cloud.crash("nova-scheduler")
    cloud.submit("db")
    cloud.run(until=cloud.now + 5)
    reel = Reel(cloud.journal, "messages")
    shown = seen(reel, reel.last)
    tones = {name: node["tone"] for name, node in nodes(shown, "service", "compute").items()}
    assert tones["nova-compute@compute1"] == "cut"
    assert tones["nova-scheduler"] == "down"
    assert tones["nova-compute@compute2"] == tones["nova-conductor"] == "up"
    waiting = nodes(shown, "queue")["scheduler"]
    assert (waiting["ready"], waiting["held"]) == (1, 0)
    cloud.heal()
    cloud.crash("rabbitmq")
    cloud.run(until=cloud.now + 1)
    reel.refresh()
    shown = seen(reel, reel.last)
    assert [box["tone"] for box in shown["boxes"]] == ["down"]
    assert nodes(shown, "compute")["nova-compute@compute1"]["tone"] == "up"


def test_each_cell_has_a_broker_of_its_own_with_its_hosts():
    cloud = booted(4, cells=2)
    reel = Reel(cloud.journal)
    shown = seen(reel, reel.last)
    boxes = {box["name"]: box["at"] for box in shown["boxes"]}
    assert list(boxes) == ["rabbitmq", "rabbitmq-cell1", "rabbitmq-cell2"]
    places = nodes(shown, "compute", "service")
    for name, cell in (("nova-compute@compute1", "cell1"), ("nova-conductor@cell2", "cell2")):
        left, _, wide, _ = boxes[f"rabbitmq-{cell}"]
        assert left <= places[name]["at"][0] <= left + wide
    assert places["nova-conductor"]["at"][1] < boxes["rabbitmq"][1]


def test_the_same_cloud_has_the_same_picture(cloud):
    again = booted()
    assert seen(Reel(again.journal), 500) == seen(Reel(cloud.journal), 500)
    player = Player(cloud, view="topology")
    assert player.pane["data"]["nodes"]


def test_seats_go_to_who_was_not_heard_for_longest():
    seats = Seats(["a", "b", "c", "d"], 2, [(3, "a"), (5, "c"), (7, "a"), (9, "d"), (9, "x")])
    assert [seats.at(seq) for seq in (0, 4, 5, 8, 9)] == [
        ["a", "b"],
        ["a", "b"],
        ["a", "c"],
        ["a", "c"],
        ["a", "d"],
    ]
    assert Seats([], 3).at(5) == []


def test_who_is_spoken_to_is_heard_before_the_message_arrives(journal):
    heard = follow(journal, Company).heard
    cast = next(
        event.seq for event in journal if event.data.get("method") == "build_and_run_instance"
    )
    assert (cast, "nova-compute@compute2") in heard


def test_a_hostile_name_and_an_empty_journal_are_drawn(hostile):
    reel = Reel(hostile)
    assert all(json.dumps(seen(reel, seq)) for seq in reel.places)
    hostile.events.clear()
    assert seen(Reel(hostile), -1) is None

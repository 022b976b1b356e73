"""The player over a cloud that runs."""

import json

import pytest

from simnova import Cloud, Host
from simnova.widgets.player import Player


def small_and_large() -> Cloud:
    return Cloud(hosts=[Host("compute1"), Host("compute2"), Host("compute3", memory_mb=1024)])


@pytest.fixture(scope="module")
def cloud():
    """Three hosts, one of them too small, and one boot."""
    cloud = small_and_large()
    cloud.boot("web-1")
    cloud.run()
    return cloud


def walk(player):
    """The frame of every step."""
    player.first()
    yield player.frame
    while player.frame["position"] < player.frame["total"]:
        player.forward()
        yield player.frame


def test_a_boot_is_told_from_the_request_to_the_guest(cloud):
    player = Player(cloud)
    assert cloud.journal[player.step].kind == "input"
    frames = list(walk(player))
    assert [frame["position"] for frame in frames] == list(range(1, len(frames) + 1))
    assert all(frame["sentence"] and json.dumps(frame) for frame in frames)
    last = frames[-1]
    assert last["decision"]["stages"][0]["name"] == "Placement"
    assert "compute3" not in last["decision"]["weights"]
    assert "Placement turned compute3 down" in last["decision"]["summary"]
    home = next(host for host in last["hosts"] if host["servers"])
    assert home["name"] == last["decision"]["chosen"]
    assert [(one["name"], one["tone"]) for one in home["servers"]] == [("web-1", "active")]


def test_whoever_acts_has_a_lifeline_and_whoever_only_came_up_has_none(cloud):
    actors = Player(cloud).frame["actors"]
    assert {"client", "nova-api", "nova-conductor", "nova-scheduler", "placement"} <= set(actors)
    assert len([actor for actor in actors if actor.startswith("nova-compute@")]) == 1


def test_the_same_cloud_has_the_same_pictures(cloud):
    again = small_and_large()
    again.boot("web-1")
    again.run()
    one, other = Player(cloud), Player(again)
    for seq in one._reel.places[::9]:
        one.seek(seq)
        other.seek(seq)
        assert one.svg() == other.svg()


def test_stepping_past_the_end_follows_the_next_boot():
    cloud = small_and_large()
    cloud.boot("web-1")
    cloud.run()
    player = Player(cloud)
    player.last()
    end, total = player.step, player.frame["total"]
    cloud.boot("web-2")
    cloud.run()
    player.forward()
    assert player.step > end
    assert player.frame["total"] > total
    player.last()
    assert player.frame["decision"]["instance"] == "web-2"


def test_a_frame_stays_small_in_a_cloud_of_many_hosts():
    cloud = Cloud(hosts=40)
    cloud.boot("web-1")
    cloud.run()
    player = Player(cloud)
    player.last()
    assert len(player.frame["decision"]["hosts"]) == 24
    assert player.frame["decision"]["more"] == 16
    assert player.frame["decision"]["chosen"] in player.frame["decision"]["hosts"]
    assert len(player.frame["actors"]) <= 14
    assert len(json.dumps(player.frame)) < 100_000

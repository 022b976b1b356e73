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


def seen(view, player):
    """What a view shows at the cursor."""
    player.view = view
    return player.pane["data"]


def test_a_boot_is_told_from_the_request_to_the_guest(cloud):
    player = Player(cloud)
    assert cloud.journal[player.step].kind == "input"
    frames = list(walk(player))
    assert [frame["position"] for frame in frames] == list(range(1, len(frames) + 1))
    assert all(frame["sentence"] and json.dumps(frame) for frame in frames)
    made, hosts = seen("decision", player), seen("cloud", player)
    assert made["stages"][0]["name"] == "Placement"
    assert "compute3" not in made["weights"]
    assert "Placement turned compute3 down" in made["summary"]
    home = next(host for host in hosts if host["servers"])
    assert home["name"] == made["chosen"]
    assert [(one["name"], one["tone"]) for one in home["servers"]] == [("web-1", "active")]


def test_whoever_acts_has_a_lifeline_and_whoever_only_came_up_has_none(cloud):
    actors = Player(cloud).score["actors"]
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
    assert seen("decision", player)["instance"] == "web-2"


def test_a_frame_stays_small_in_a_cloud_of_many_hosts():
    cloud = Cloud(hosts=40)
    cloud.boot("web-1")
    cloud.run()
    player = Player(cloud)
    player.last()
    made = seen("decision", player)
    assert (len(made["hosts"]), made["more"]) == (24, 16)
    assert made["chosen"] in made["hosts"]
    assert len(player.score["actors"]) <= 14
    assert len(json.dumps([player.frame, player.pane])) < 100_000


def test_the_decision_has_the_weighers_that_matter_and_names_the_others(cloud):
    twin = cloud.fork()
    twin.boot("web-2")
    twin.run()
    made = seen("decision", Player(twin, step=twin.decision().seq))
    assert {weigher["name"] for weigher in made["weighers"]} >= {"RAMWeigher"}
    assert len(made["weighers"]) + len(made["idle"]) == 13
    assert set(made["lost"]) == set(made["hosts"]) - {made["chosen"]}


def test_a_host_that_lost_can_be_asked_what_would_have_been_enough(cloud):
    player = Player(cloud, step=cloud.decision().seq)
    assert player.answer == {}
    player._handle_custom_msg({"do": "what_if", "host": "compute3"}, [])
    said = player.answer
    assert (said["host"], said["step"]) == ("compute3", player.step)
    assert said["because"].startswith("compute3 fell at Placement: needs 2048 MB, one server may")
    assert any("less memory of the flavor" in one for one in said["sentences"])
    player.what_if(cloud.decision().host)
    assert "was chosen: ask about one that lost" in player.answer["because"]
    player.what_if("<b>")
    assert player.answer["because"].startswith("unknown host '<b>'")
    player.first()
    player.what_if("compute3")
    assert player.answer["because"] == "Nothing has been decided yet."
    bare = Player(cloud.journal)
    bare.what_if("compute3")
    assert bare.answer["because"].startswith("Only the cloud itself can tell")


def test_the_strip_is_sent_when_it_changes_and_not_with_every_frame(cloud):
    player, sent = Player(cloud), []
    player.observe(sent.append, "strip")
    player.forward()
    assert not sent
    assert len(player.strip) <= 120
    player.detail = "everything"
    assert sent

"""The player goes along with a cloud that runs, and costs it little."""

import asyncio
from itertools import pairwise
from time import sleep

import pytest

from simnova import Cloud, UsageError
from simnova.widgets import following
from simnova.widgets.player import Player


@pytest.fixture
def cloud():
    cloud = Cloud(hosts=3)
    cloud.boot("web-1")
    cloud.run()
    return cloud


def looks(player, monkeypatch):
    """The steps at which the player looked, as they come."""
    seen = []
    refresh = player.refresh
    monkeypatch.setattr(player, "refresh", lambda **how: (refresh(**how), seen.append(player.step)))
    return seen


def test_it_goes_along_while_a_cell_runs(cloud, monkeypatch):
    monkeypatch.setattr(following, "LEAST", 0.0)
    monkeypatch.setattr(following, "SHARE", 0)
    player = Player(cloud)
    player.follow()
    seen = looks(player, monkeypatch)
    cloud.boot("web-2")
    cloud.run()
    assert len(set(seen)) > 50
    assert seen == sorted(seen)
    assert player.step == player._reel.last == seen[-1]


def test_the_next_look_waits_fifteen_times_what_the_last_one_took(cloud, monkeypatch):
    monkeypatch.setattr(following, "LEAST", 0.0)
    player = Player(cloud)
    player.follow()
    now = [100.0]
    monkeypatch.setattr(following, "perf_counter", lambda: now[0])
    player._due = 0.0

    def costly(**_):
        seen.append(now[0])
        now[0] += 2.0

    seen = []
    monkeypatch.setattr(player, "refresh", costly)
    for _ in range(90):
        now[0] += 1.0
        cloud.journal.record("input", {"verb": "request", "args": {}}, actor="client")
    assert [round(later - one) for one, later in pairwise(seen)] == [32, 32]


def test_the_last_events_of_a_cell_are_seen_when_it_is_done(cloud):
    player = Player(cloud)

    async def cell():
        player.follow()
        cloud.boot("web-2")
        cloud.run()
        behind = player.frame["total"]
        await asyncio.sleep(0)
        return behind

    behind = asyncio.run(cell())
    assert player.frame["total"] > behind
    assert player.step == player._reel.last


def test_who_steps_back_stays_there(cloud):
    player = Player(cloud)
    player.follow()
    player.back()
    assert not player.following
    step, total = player.step, player.frame["total"]
    cloud.boot("web-2")
    cloud.run()
    assert player.step == step
    player.refresh()
    assert player.step == step
    assert player.frame["total"] > total


def test_it_listens_no_more_when_it_is_closed(cloud):
    listeners = len(cloud.journal.after)
    player, other = Player(cloud), Player(cloud)
    player.follow()
    player.follow()
    other.follow()
    assert len(cloud.journal.after) == listeners + 2
    player.close()
    other.follow(False)
    assert len(cloud.journal.after) == listeners


def test_a_cloud_whose_conductor_dies_is_followed_to_where_it_stands(cloud):
    player = Player(cloud)
    player.follow()
    cloud.boot("web-2")
    cloud.crash("nova-conductor")
    cloud.run()
    assert "The conductor crashes" in repr(player)
    assert player.step == player._reel.last
    assert len(player._reel.journal) == player._reel.read
    assert (player.following, player.problem) == (True, {})


def test_a_closed_player_does_not_listen_again(cloud):
    player = Player(cloud)
    player.close()
    with pytest.raises(UsageError, match="this player is closed"):
        player.follow()
    player.follow(False)
    assert not player.following
    assert not cloud.journal.after


def test_a_picture_that_fails_does_not_harm_the_cloud(cloud, monkeypatch):
    player = Player(cloud)
    player.follow()
    sleep(following.LEAST)
    player._due = 0.0
    monkeypatch.setattr(player, "refresh", lambda **_: 1 / 0)
    cloud.boot("web-2")
    cloud.run()
    assert not player.following
    assert "cannot follow: division by zero" in player.problem["text"]

"""The Why view: the chain is the journal's, its turning points are told, and nothing of it is lost in a fold."""

import json

import pytest

from simnova import Cloud, Host
from simnova.observe.chain import chain, turn
from simnova.observe.steps import level
from simnova.observe.story import sentence
from simnova.widgets.player import Player
from simnova.widgets.reel import Reel


@pytest.fixture(scope="module")
def booted():
    cloud = Cloud(hosts=3)
    cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run()
    return cloud


def unfolded(data):
    return [link for one in data for link in (one["links"] if "fold" in one else [one])]


def why(cloud, seq):
    return Player(cloud, step=seq, view="why").pane["data"]


def test_the_chain_is_that_of_the_journal_at_every_step(booted):
    journal = booted.journal
    for seq in Reel(journal).places:
        causes = list(journal.causes(seq))
        told = [
            event.seq for event in causes if level(event) == 0 or event in (causes[0], causes[-1])
        ]
        assert [link["seq"] for link in unfolded(why(booted, seq))] == told
        assert [link.seq for link in chain(journal, seq)] == told


def test_the_waits_between_the_links_are_all_the_time_there_was(booted):
    links = chain(booted.journal, len(booted.journal) - 1)
    first, final = booted.journal[links[-1].seq], booted.journal[links[0].seq]
    assert sum(link.wait for link in links) == pytest.approx(final.time - first.time)
    assert sum(link.steps for link in links) == final.seq - first.seq
    assert first.kind == "input"


def test_a_long_chain_is_folded_but_for_its_turning_points(booted):
    data = why(booted, 10**9)
    folds = [one for one in data if "fold" in one]
    assert folds
    assert len(data) < len(unfolded(data)) / 2
    assert [one["turn"] for one in data if one.get("turn")] == ["decision"]
    assert not any(link["turn"] for one in folds for link in one["links"])
    assert "steps between: " in folds[0]["fold"]


def test_the_branches_are_what_a_cause_led_to_besides(booted):
    journal = booted.journal
    inside = {event.seq for event in journal.causes(len(journal) - 1)}
    others = {one: link.seq for link in chain(journal, len(journal) - 1) for one in link.others}
    assert others
    for one, cause in others.items():
        assert one not in inside
        assert cause in {event.seq for event in journal.causes(one)}
    answered = [one for one in others if journal[one].kind == "http.response"]
    assert sentence(journal, answered[0]).startswith("The API answers 202")


def test_faults_errors_timeouts_and_retries_are_turning_points():
    cloud = Cloud(hosts=1)
    cloud.lose("select_destinations")
    cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run()
    end = [
        event.seq
        for event in cloud.journal
        if (event.data.get("after") or {}).get("vm_state") == "error"
    ]
    turns = {link.turn for link in chain(cloud.journal, end[-1])}
    assert {"fault", "timeout", "error"} <= turns

    cloud = Cloud(hosts=2)
    cloud.fail("compute1")
    cloud.fail("compute2")
    cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run()
    turns = [link.turn for link in chain(cloud.journal, len(cloud.journal) - 1)]
    assert [one for one in turns if one in ("decision", "retry")] == ["retry", "retry", "decision"]


def test_the_chain_of_a_message_does_not_know_yet_that_it_will_be_lost():
    cloud = Cloud(hosts=1)
    cloud.lose("build_and_run_instance")
    cloud.boot("web", flavor="m1.small", image="cirros")
    cloud.run()
    cast = next(
        one.seq for one in cloud.journal if one.data.get("method") == "build_and_run_instance"
    )
    assert chain(cloud.journal, cast)[0].seq == cast
    fault = next(one.seq for one in cloud.journal if one.kind == "fault" and one.seq > cast)
    assert [link.seq for link in chain(cloud.journal, fault)][:2] == [fault, cast]


def test_no_valid_host_is_an_error_on_the_way():
    cloud = Cloud(hosts=[Host("compute1", memory_mb=1024)])
    cloud.boot("web", flavor="m1.large", image="cirros")
    cloud.run()
    error = next(event for event in cloud.journal if event.kind == "rpc.error")
    assert turn(error) == "error"
    player = Player(cloud, step=error.seq)
    assert "why" in player.frame["news"]


def test_the_player_tells_why_as_the_cloud_does(booted):
    player = Player(booted, step=10**9)
    assert str(player.why()) == str(booted.why(player.step))
    assert str(player.why(500)) == str(booted.why(500))


def test_a_hostile_name_is_text_and_an_empty_journal_shows_nothing():
    cloud = Cloud(hosts=1)
    cloud.boot("<img src=x onerror=alert(1)>", flavor="m1.tiny", image="cirros")
    cloud.run()
    data = why(cloud, 10**9)
    assert json.loads(json.dumps(data)) == data
    assert any("<img src=x" in link["sentence"] for link in unfolded(data))
    cloud.journal.events.clear()
    assert Player(cloud.journal, view="why").pane["data"] == []

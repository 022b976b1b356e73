"""A fork from the cursor: the same run up to there, then a change, and both side by side."""

import json
import signal

import pytest

from simnova import Cloud, UsageError
from simnova.nova.scheduler.filters import BaseHostFilter
from simnova.observe import sequence
from simnova.observe.parting import first_difference, parting
from simnova.widgets.changes import offered
from simnova.widgets.player import Player


@pytest.fixture(scope="module")
def cloud():
    """Three hosts and one boot."""
    cloud = Cloud(3)
    cloud.boot("web-1")
    cloud.run()
    return cloud


@pytest.fixture
def player(cloud):
    """A player where the scheduler is filtering."""
    seq = next(event.seq for event in cloud.journal if event.kind == "scheduler.filter")
    return Player(cloud, step=seq, view="fork")


def press(player, **message):
    player._handle_custom_msg(message, [])
    return player.pane["data"]


def test_what_is_offered_can_be_done_and_is_what_one_would_write(cloud, player):
    codes = [code for _, _, code in player.pane["data"]["changes"]]
    assert "cloud.crash('nova-conductor')" in codes
    assert "cloud.lose('build_and_run_instance')" in codes
    host = cloud.decision().host
    assert f"cloud.fail('{host}', 'spawn')" in codes
    for change in offered(cloud.journal, player.step):
        twin = cloud.fork(at=player.step)
        change.apply(twin)
        again = cloud.fork(at=player.step)
        eval(change.code(), {"cloud": again})
        assert [event.digest() for event in twin.journal] == [
            event.digest() for event in again.journal
        ]


def test_a_fork_leaves_the_cloud_alone_and_both_are_seen(cloud, player):
    events, host = len(cloud.journal), cloud.decision().host
    seen = press(player, do="fork", code=f"cloud.fail('{host}', 'spawn')", later=False)
    assert len(cloud.journal) == events
    assert json.dumps(seen)
    ((name, here, there),) = seen["outcome"]
    assert (name, here) == ("web-1", f"active on {host}")
    assert there.startswith("active on ")
    assert there != here
    assert "fails at spawn" in seen["parted"][1]


def test_what_was_asked_later_is_asked_again_where_one_says_so():
    cloud = Cloud(3)
    cloud.boot("web-1")
    cloud.run()
    cloud.boot("web-2")
    cloud.run()
    player = cloud.player(step=cloud.decision("web-1").seq, view="fork")
    assert player.pane["data"]["later"] == 1
    code = f"cloud.fail('{cloud.servers['web-1'].host}', 'spawn')"
    without = press(player, do="fork", code=code, later=False)
    assert [there for _, _, there in without["outcome"]][1] == "is not there"
    player.join()
    seen = press(player, do="fork", code=code, later=True)
    assert seen["change"] == f"{code}, and what was asked later"
    assert [name for name, _, _ in seen["outcome"]] == ["web-1", "web-2"]
    assert all(there.startswith("active on ") for _, _, there in seen["outcome"])
    player.join()
    player.last()
    assert player.pane["data"]["later"] == 0
    player.fork(later=True)
    assert len(player._fork.journal) == len(cloud.journal)


def test_equal_rows_lie_beside_each_other_and_none_is_lost(cloud, player):
    twin = player.fork(lambda cloud: cloud.crash("nova-conductor"))
    sides = [list(sequence.arrows(one.journal).arrows) for one in (cloud, twin)]
    laid = parting(cloud.journal, twin.journal, *sides)
    for side, arrows in enumerate(sides):
        assert [row[side] for row in laid.rows if row[side]] == arrows
    for row in laid.rows:
        if row.same:
            assert (row.one.label, row.one.source) == (row.other.label, row.other.source)
    assert laid.seq == first_difference(cloud.journal, twin.journal) > player.step
    assert twin.journal[laid.seq].kind == "input"
    assert not any(row.change for row in laid.rows[laid.place : laid.place + 1])


def test_without_a_change_both_go_the_same_way(player):
    player.fork()
    seen = player.pane["data"]
    assert (seen["parts"], seen["differ"], seen["parted"][0]) == (
        None,
        [],
        "All of it happens in the other, too.",
    )


def test_the_other_run_can_be_walked_and_be_let_go(cloud, player):
    press(player, do="fork", code="cloud.crash('nova-conductor')", later=False)
    player.to_the_parting()
    at = player.step
    seen = press(player, do="swap")
    assert seen["turned"]
    assert player.step <= player._reel.journal[-1].seq
    crashes = [event.seq for event in player._reel.journal if event.kind == "service.crash"]
    player.seek(crashes[-1])
    assert "conductor crashes" in player.frame["sentence"]
    assert not press(player, do="swap")["turned"]
    player.seek(at)
    assert "changes" in press(player, do="join")
    with pytest.raises(UsageError, match="there is no fork to walk"):
        player.swap()
    with pytest.raises(UsageError, match="there is no fork to part from"):
        player.to_the_parting()


def test_a_detail_keeps_the_fork(player):
    player.fork(lambda cloud: cloud.crash("nova-conductor"), "no conductor")
    rows = len(player.pane["data"]["rows"])
    player.detail = "messages"
    assert player.pane["data"]["change"] == "no conductor"
    assert len(player.pane["data"]["rows"]) >= rows


def test_what_cannot_be_forked_says_so(cloud, player):
    bare = Player(cloud.journal, view="fork")
    with pytest.raises(UsageError, match=r"only a cloud can go another way: .*Player\(cloud\)"):
        bare.fork()
    code = bare.pane["data"]["changes"][0][2]
    assert (
        "only a cloud can go another way"
        in press(bare, do="fork", code=code, later=False)["trouble"]
    )
    before = player.pane
    press(player, do="fork", code="cloud.crash('nova-api'); import os", later=False)
    assert player.pane == before
    with pytest.raises(UsageError, match="nova-conducktor"):
        player.fork(lambda cloud: cloud.crash("nova-conducktor"))
    assert player.pane == before


@pytest.mark.parametrize(
    ("change", "told"),
    [("text", "a function of the cloud, not 'text'"), (lambda: None, "takes one thing, the cloud")],
)
def test_what_is_no_change_is_told_before_anything_is_forked(player, change, told):
    with pytest.raises(UsageError, match=told):
        player.fork(change)
    assert "changes" in player.pane["data"]


class Fussy(BaseHostFilter):
    """Breaks where much memory is asked for."""

    def host_passes(self, host_state, spec_obj):
        """Raises for m1.medium and up."""
        if spec_obj.flavor.memory_mb > 2048:
            raise KeyError("no such key")
        return True


def test_a_filter_that_raises_in_a_fork_is_the_forks_ending():
    cloud = Cloud(3, filters=[Fussy])
    cloud.boot("web")
    cloud.run()
    player = Player(cloud, step=10**6)
    twin = player.fork(lambda cloud: cloud.boot("db", flavor="m1.medium"))
    assert ["db", "is not there", "error"] in player.pane["data"]["outcome"]
    assert "Fussy raised KeyError" in twin.decision("db").outcome
    assert cloud.servers["web"].status == "ACTIVE"


def _interrupted(cloud):
    """Stop while the cloud runs, as the stop button does."""
    cloud.journal.after.append(lambda event: signal.raise_signal(signal.SIGINT))
    while True:
        cloud.run(until=cloud.now + 10)


def _raises(cloud):
    cloud.boot("x")
    raise ZeroDivisionError("mine")


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        (_interrupted, KeyboardInterrupt, "interrupted: the fork did not come to its end"),
        (_raises, ZeroDivisionError, "mine"),
    ],
)
def test_a_change_that_does_not_end_leaves_the_player_as_it_was(cloud, player, change, error, told):
    before, events = player.pane, len(cloud.journal)
    with pytest.raises(error, match=told):
        player.fork(change)
    assert player.pane == before
    assert len(cloud.journal) == events
    player.fork(lambda cloud: cloud.crash("nova-conductor"), "another")
    assert player.pane["data"]["change"] == "another"


def test_an_empty_journal_offers_nothing(journal):
    journal.events.clear()
    assert Player(journal, view="fork").pane["data"] == {"changes": [], "later": 0}


def test_what_has_died_can_come_back():
    cloud = Cloud(1)
    cloud.at(0.07).crash("nova-scheduler")
    cloud.boot("web")
    cloud.run()
    assert cloud.servers["web"].status == "ERROR"
    died = next(event.seq for event in cloud.journal if event.kind == "service.crash")
    player = Player(cloud, step=died, view="fork")
    backs = [code for group, _, code in player.pane["data"]["changes"] if "comes back" in group]
    assert backs == ["cloud.start('nova-scheduler')"]
    seen = press(player, do="fork", code=backs[0], later=False)
    assert seen["outcome"] == [["web", "error", "active on compute1"]]


def test_a_machine_without_power_is_switched_on_again():
    cloud = Cloud(2)
    cloud.power_off("compute1")
    codes = [change.code() for change in offered(cloud.journal, len(cloud.journal) - 1)]
    assert [code for code in codes if "compute1" in code] == ["cloud.power_on('compute1')"]

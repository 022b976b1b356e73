"""Filter, search, stops and markers of the player."""

import pytest

from simnova.exceptions import UsageError
from simnova.widgets.player import Player
from tests.widgets.conftest import HOSTILE


@pytest.fixture
def player(journal):
    return Player(journal)


def press(player, do, **fields):
    player._handle_custom_msg({"do": do, **fields}, [])


def kinds(player):
    return [player._reel.journal[seq].kind for seq in player._reel.places]


# --- the filter ---------------------------------------------------------------------------------------------------


def test_with_a_filter_only_what_it_means_is_a_step_and_all_pictures_follow(player):
    player.filter = "service:nova-conductor kind:rpc"
    assert kinds(player) == ["rpc.call", "rpc.cast"]
    assert (player.frame["total"], player.asked["of"]) == (2, 17)
    assert [arrow["style"] for arrow in player.score["arrows"]] == ["call", "cast"]
    assert player.strip == ["call", "cast"]
    player.forward()
    assert player.frame["kind"] == "rpc.cast"
    player.filter = ""
    assert (player.frame["total"], player.asked["of"], player.frame["kind"]) == (
        17,
        None,
        "rpc.cast",
    )
    assert len(player.strip) == 17


def test_the_moment_of_a_filtered_step_is_still_that_step_alone(player):
    player.detail = "everything"
    player.filter = "kind:virt.return"
    player.view = "log"
    assert not any(line["now"] for line in player.pane["data"])


def test_a_filter_goes_along_to_another_detail_and_is_let_go_where_nothing_passes(player):
    player.filter = "service:nova-conductor"
    player.detail = "everything"
    assert player.filter == "service:nova-conductor"
    assert player.frame["total"] > 3
    player.filter = "kind:amqp"
    player.detail = "story"
    assert (player.filter, player.frame["total"], player.frame["detail"]) == ("", 17, "story")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sevrice:nova-api", "unknown key 'sevrice'"),
        ("kind:rpcc", "did you mean 'rpc"),
        ('"', "quotes go around a whole value"),
        ("server:wep-1", "did you mean 'web-1'"),
        ("kind:amqp.publish", "with the detail 'messages' some are"),
    ],
)
def test_a_wrong_query_is_told_and_nothing_is_lost(player, query, told):
    player.filter = "service:nova-conductor"
    player.stop_at("kind:rpc.cast")
    player.mark("here")
    before = dict(player.frame)
    with pytest.raises(UsageError, match=told):
        player.filter = query
    for verb in ("filter", "find"):
        press(player, verb, **{"query" if verb == "filter" else "text": query})
        assert player.problem["do"] == verb
        assert told.replace("\\", "") in player.problem["text"]
    assert player.frame == before
    press(player, "forward")
    assert player.problem == {}


def test_the_menus_offer_what_is_in_the_journal(player):
    press(player, "choices")
    assert "web-1" in player.menu["server"]
    assert "nova-conductor" in player.menu["service"]


# --- the search ---------------------------------------------------------------------------------------------------


def test_a_search_goes_round_all_it_finds_in_both_directions(player):
    player.find("select_destinations")
    first = player.step
    assert player.found["place"] == 1
    count = player.found["count"]
    for place in range(2, count + 1):
        press(player, "find_next")
        assert (player.found["place"], player.found["again"]) == (place, "")
    press(player, "find_next")
    assert (player.step, player.found["place"]) == (first, 1)
    assert player.found["again"] == "from the top again"
    press(player, "find_back")
    assert player.found["place"] == count
    assert player.found["again"] == "from the end again"
    last = player.step
    player.first()
    assert player.found["place"] == 0
    player.seek(last)
    assert (player.found["place"], player.found["again"]) == (count, "")
    player.find("")
    assert player.found["count"] == 0


def test_what_is_found_is_shown_on_the_strip(player):
    player.find("kind:virt")
    assert [player.strip[cell] for cell in player.ticks["found"]] == ["virt", "return"]


# --- stops --------------------------------------------------------------------------------------------------------


def test_it_runs_to_the_next_stop_and_then_to_the_end(player):
    player.stop_at("service:nova-conductor kind:rpc.cast to:compute")
    player.stop_at("kind:rpc.reply")
    stopped = []
    for _ in range(3):
        press(player, "go_on")
        stopped.append((player.frame["kind"], len(player.asked["stopped"])))
    assert stopped == [("rpc.reply", 1), ("rpc.cast", 1), ("db.update", 0)]
    assert player.step == player._reel.last
    assert sum(player.asked["stops"].values()) == len(player.ticks["stops"]) == 2
    player.unstop("kind:rpc.reply")
    assert list(player.asked["stops"]) == player.stops[:1]
    with pytest.raises(UsageError, match=r"player\.stops has them all"):
        player.unstop("kind:rpc.reply")
    with pytest.raises(UsageError, match="needs a query"):
        player.stop_at(" ")


def test_a_stop_is_made_of_a_message_and_meets_those_to_come(journal, player):
    cast = next(event.seq for event in journal if event.kind == "rpc.cast")
    press(player, "stop_like", seq=cast)
    assert player.stops == ["kind:rpc.cast service:nova-api method:schedule_and_build_instances"]
    press(player, "stop_like", seq=10**6)
    assert "there is no event 1000000" in player.problem["text"]
    player.last()
    again = journal[cast]._replace(seq=len(journal), time=journal[-1].time + 1)
    journal.events.append(again)
    player.refresh()
    press(player, "go_on")
    assert player.asked["stopped"] == player.stops


# --- markers ------------------------------------------------------------------------------------------------------


def test_markers_have_names_and_stand_at_steps(player):
    player.mark()
    player.seek(12)
    player.mark("the claim")
    assert player.marks == {"mark 1": 4, "the claim": 12}
    assert [name for name, _, _ in player.ticks["marks"]] == ["mark 1", "the claim"]
    press(player, "jump", name="mark 1")
    assert player.step == 4
    press(player, "rename", name="mark 1", to="asked")
    press(player, "unmark", name="the claim")
    assert player.marks == {"asked": 4}
    player.mark("b")
    with pytest.raises(UsageError, match="already"):
        player.rename("b", "asked")
    with pytest.raises(UsageError, match="did you mean 'asked'"):
        player.jump("askd")
    with pytest.raises(UsageError, match="is no name for a marker"):
        player.mark("x" * 100)
    with pytest.raises(UsageError, match="the number of an event"):
        player.marks = {"a": "b"}


def test_a_marker_that_a_filter_hides_leads_to_the_step_before(player):
    player.seek(12)
    player.mark("here")
    player.filter = "kind:http"
    player.jump("here")
    assert player.step < 12


def test_hostile_names_are_text(hostile):
    player = Player(hostile)
    player.mark("\u202e<b>")
    player.stop_at("<script>")
    player.find("<script>")
    press(player, "choices")
    assert player.found["count"] > 0
    assert player.menu["server"]
    assert "\u202e" not in str([player.marks, player.menu, player.found])
    assert HOSTILE[:8] in str(player.menu)

"""The player as Python sees it: a cursor, a frame for the browser, a twin without one."""

import inspect
import re
import xml.etree.ElementTree as ET

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.widgets.player import Player
from simnova.widgets.twin import sequence
from simnova.widgets.verbs import VERBS

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def player(journal):
    return Player(journal)


def texts(svg):
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def grow(journal, events):
    journal.events.extend(events)


def test_it_opens_where_somebody_asked_for_something_or_where_it_is_told(journal, player):
    assert player.step == player.frame["seq"] == 4
    assert Player(journal, step=11).step == 11
    assert Player(journal, detail="everything").step == 4
    del journal.events[4:]
    assert Player(journal, detail="everything").step == 0


def test_forward_and_back_go_step_by_step_and_stop_at_the_ends(player):
    player.back()
    assert player.frame["position"] == 1
    player.forward()
    player.forward()
    assert player.frame["position"] == 3
    player.back()
    assert player.frame["position"] == 2
    for _ in range(100):
        player.forward()
    assert player.frame["position"] == player.frame["total"] == 17


@pytest.mark.parametrize(("asked", "reached"), [(-5, 4), (8, 7), (12, 12), (10**9, 25)])
def test_a_seek_goes_to_the_last_step_at_or_before(player, asked, reached):
    player.seek(asked)
    assert player.step == reached
    player.step = 4
    player.step = asked
    assert player.step == reached


def test_it_follows_what_the_cloud_does_later(journal):
    later = journal.events[20:]
    del journal.events[20:]
    player = Player(journal)
    player.last()
    end = player.step
    grow(journal, later)
    assert player.step == end
    player.forward()
    assert (player.step, player.frame["total"]) == (21, 17)
    player.refresh(follow=True)
    assert player.step == 25


def test_a_refresh_keeps_the_cursor(journal, player):
    later = journal.events[20:]
    del journal.events[20:]
    player = Player(journal, step=10)
    grow(journal, later)
    player.refresh()
    assert (player.step, player.frame["total"]) == (10, 17)


def test_shown_later_it_shows_what_the_cloud_did_since_it_was_made():
    cloud = Cloud(hosts=1)
    player = Player(cloud)
    cloud.boot("web", flavor="m1.small", image="cirros")
    assert player.frame["total"] == 0
    data, _ = player._repr_mimebundle_()
    assert (player.frame["total"] > 1, player.frame["position"]) == (True, 1)
    assert data["text/plain"].startswith("Step 1 of ")
    player.forward()
    player._repr_mimebundle_()
    assert player.frame["position"] == 2


def test_two_players_on_one_journal_are_independent(journal, player):
    other = Player(journal)
    player.last()
    assert other.step == other.frame["seq"] == 4


def test_another_detail_keeps_the_moment(player):
    player.seek(10)
    player.detail = "everything"
    assert (player.step, player.frame["detail"]) == (10, "everything")
    player.forward()
    player.back()
    player.back()
    assert player.step == 9
    player.detail = "story"
    assert player.step == 7


@pytest.mark.parametrize(
    ("message", "reached"),
    [
        ({"do": "forward"}, 5),
        ({"do": "last"}, 25),
        ({"do": "seek", "seq": 13}, 13),
        ({"do": "position", "position": 3}, 6),
        ({"do": "position", "position": -3}, 4),
        ({"do": "seek", "seq": "13"}, 4),
        ({"do": "seek", "seq": True}, 4),
        ({"do": "seek"}, 4),
        ({"do": "detail", "detail": "storry"}, 4),
        ({"do": "svg"}, 4),
        ({"do": "_show"}, 4),
        ({"do": ["forward"]}, 4),
        ("forward", 4),
    ],
)
def test_it_does_what_the_browser_asks_and_leaves_the_rest_alone(player, message, reached):
    player._handle_custom_msg(message, [])
    assert player.step == reached


def test_each_verb_is_a_method_that_takes_its_fields():
    for verb in VERBS.values():
        taken = inspect.signature(getattr(Player, verb.method)).parameters
        assert set(verb.fields) <= set(taken)


def test_a_cloud_is_taken_for_its_journal(journal):
    class Cloud:
        def __init__(self):
            self.journal = journal

    assert Player(Cloud()).frame["total"] == 17


def test_asking_wrongly_is_told(journal, player):
    with pytest.raises(UsageError, match="wants a cloud or its journal, not int 3"):
        Player(3)
    with pytest.raises(UsageError, match="did you mean 'story'"):
        Player(journal, detail="storry")
    with pytest.raises(UsageError, match="unknown view 'x'"):
        Player(journal, view="x")
    with pytest.raises(UsageError, match="not 'ten'"):
        player.seek("ten")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda player: player.numbered("x"), "steps are counted 1, 2, 3, not 'x'"),
        (lambda player: player.numbered(1.5), "not 1.5"),
        (lambda player: player.stop_like("x"), "there is no event 'x'"),
        (lambda player: setattr(player, "detail", "storry"), "did you mean 'story'"),
        (lambda player: setattr(player, "view", 3), "unknown view '3': known: cloud, decision"),
        (lambda player: setattr(player, "step", "x"), "player.step is the number of an event"),
        (lambda player: setattr(player, "filter", 3), "player.filter is a query, .* not 3"),
        (lambda player: setattr(player, "marks", 3), "player.marks is a dict of names"),
        (lambda player: setattr(player, "following", "x"), "following is True or False, not 'x'"),
        (lambda player: Player(player._reel.journal, stops=4), "stops is a list of queries"),
        (lambda player: Player(player._reel.journal, marks=4), "marks is a dict of names"),
        (lambda player: player.export("a.html", first="a"), "first= of a page is .* not 'a'"),
        (lambda player: player.export("a.html", frist=1), "did you mean 'first'"),
    ],
)
def test_a_wrong_value_is_told_and_changes_nothing(player, tmp_path, monkeypatch, asked, told):
    monkeypatch.chdir(tmp_path)
    before = player.get_state()
    with pytest.raises(UsageError, match=told):
        asked(player)
    assert player.get_state() == before
    assert list(tmp_path.iterdir()) == []


def test_it_opens_on_the_decision_or_before_there_is_one_on_the_topology(journal, player):
    assert (player.view, Player(journal, step=12).view) == ("topology", "decision")
    assert Player(journal, view="log").view == "log"


def test_without_a_browser_it_is_the_story_and_a_picture(player):
    data, _ = player._repr_mimebundle_()
    assert data["text/plain"].startswith("Step 1 of 17 at 0.040 s: ")
    assert data["image/svg+xml"] == player.svg()
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_picture_repeats_and_shows_the_step(journal, player):
    player.seek(12)
    player.view = "decision"
    picture = player.svg()
    assert picture == Player(journal, step=12).svg()
    shown = texts(picture)
    assert {"conductor", "RamFilter", "compute3", "✗", "select_destinations"} <= set(shown)
    assert "RamFilter rejects compute3" in " ".join(shown)
    player.forward()
    assert player.svg() != picture


def test_the_picture_needs_nothing_from_outside(player):
    player.last()
    picture = player.svg()
    assert not [word for word in ("href", "@import", "url(", "://") if word in picture[100:]]


def test_a_name_that_is_markup_is_text_everywhere(hostile):
    player = Player(hostile)
    for detail in ("story", "everything"):
        player.detail = detail
        player.first()
        for _ in range(player.frame["total"]):
            tags = {node.tag.removeprefix(SVG) for node in ET.fromstring(player.svg()).iter()}
            assert tags <= {"svg", "title", "style", "rect", "text", "path", "g", "circle"}
            player.forward()
    assert any("<script>" in text for text in texts(player.svg()))
    assert "\u202e" not in str(player.frame)


def test_the_empty_journal_can_be_shown(journal):
    journal.events.clear()
    player = Player(journal)
    player.forward()
    player.back()
    assert repr(player) == player.frame["sentence"] == "Nothing has happened yet."
    assert "Nothing has happened yet." in texts(player.svg())


def test_a_journal_of_one_event_and_one_that_is_cut_in_the_middle_can_be_walked(journal):
    whole = list(journal.events)
    for length in (1, 5, 11, 20):
        journal.events[:] = whole[:length]
        player = Player(journal, detail="everything", step=10**9)
        player.filter = f"kind:{journal[player.step].kind}"
        player.mark("end")
        player.find(f"kind:{journal[player.step].kind}")
        player.forward()
        player.back()
        player.first()
        assert 1 <= player.frame["position"] <= player.frame["total"]
        assert player.strip


def test_an_empty_journal_refuses_what_it_cannot_do_in_words(journal):
    journal.events.clear()
    player = Player(journal)
    player._handle_custom_msg({"do": "filter", "query": "kind:rpc", "turn": 1}, [])
    assert "no step is meant by 'kind:rpc'" in player.problem["text"]
    for verb in ("go_on", "find_next", "first", "last", "choices", "hello"):
        player._handle_custom_msg({"do": verb}, [])
        assert (player.step, player.frame["total"]) == (-1, 0)
    player._handle_custom_msg({"do": "mark", "name": "here"}, [])
    assert player.marks == {"here": -1}


def test_each_message_with_a_number_is_answered_by_it(player, monkeypatch):
    said = []
    monkeypatch.setattr(player, "send", said.append)
    for message in ({"do": "forward", "turn": 7}, {"do": "nonsense", "turn": 8}, {"do": "back"}):
        player._handle_custom_msg(message, [])
    player._handle_custom_msg({"do": "back", "turn": "9"}, [])
    player._handle_custom_msg({"do": "find", "text": "nowhere", "turn": 9}, [])
    assert said == [
        {"heard": 7, "wrong": False},
        {"heard": 8, "wrong": False},
        {"heard": 9, "wrong": True},
    ]


def test_a_journal_that_grows_while_somebody_is_in_the_middle_of_it(journal):
    later = journal.events[20:]
    del journal.events[20:]
    one, other = Player(journal, step=10), Player(journal)
    other.last()
    one.stop_at("kind:virt")
    grow(journal, later)
    other.last()
    assert (one.step, one.frame["total"]) == (10, 12)
    one.forward()
    assert one.step == 11
    one.refresh()
    assert (one.step, one.frame["total"], one.asked["stops"]) == (11, 17, {"kind:virt": 2})


def test_a_cloud_that_nobody_asked_is_explained_and_exported(tmp_path):
    player = Player(Cloud(1))
    assert str(player.why()) == "Nothing has happened yet."
    assert "Nothing has happened yet." in player.why()._repr_html_()
    assert "Nothing has happened yet." in player.export(tmp_path / "empty.html").read_text()
    assert str(player.cell()).endswith("cloud = Cloud(hosts=1)\n")
    assert len(player.fork().journal) == len(player._source.journal)


def test_the_cell_opens_the_player_as_it_was_left():
    cloud = Cloud(1)
    cloud.boot("web")
    cloud.run()
    left = Player(cloud, view="why", filter="server:web", stops=["kind:rpc.call"])
    left.go_on()
    left.mark("who asks")
    left.last()
    left.mark("the end")
    left.first()
    pasted = {}
    exec(str(left.cell()).replace("cloud.player(", "again = cloud.player("), pasted)
    again = pasted["again"]
    kept = ("step", "view", "detail", "filter", "stops", "marks")
    assert [getattr(again, name) for name in kept] == [getattr(left, name) for name in kept]
    again.jump("the end")
    assert again.frame["sentence"] == cloud.sentence(left.marks["the end"])


def test_the_picture_tells_http_from_calls_by_its_heads_and_names_hosts_as_the_player_does():
    def painted(style):
        return sequence.head(style, 10, 10, 1, "var(--ink)")

    assert 'fill="var(--ink)"' in painted("call")
    for style in ("request", "response"):
        assert 'fill="var(--sn-paper)" stroke="var(--ink)"' in painted(style)
    assert 'fill="none"' in painted("reply")
    written = "".join(sequence.lifeline("nova-compute@compute1", 0, 0, 9, 90))
    assert re.findall(r">(\w+)</text>", written) == ["compute", "compute1"]

"""Journals of another version, cut or hostile: every view shows what can be read, and hostile text stays text."""

import json

import pytest

from simnova.exceptions import UsageError
from simnova.observe import decision, story
from simnova.observe.traces import formats
from simnova.widgets.player import Player
from simnova.widgets.views import VIEWS
from tests.widgets.conftest import Recorder, boot, hosts

pytestmark = pytest.mark.thorough

HALF = "compute\ud8001"


def without(journal, *names):
    """The journal as a version would write it that knows none of these fields."""
    journal.events = [
        event._replace(data={name: held for name, held in event.data.items() if name not in names})
        for event in journal.events
    ]
    return journal


def looked_at_all_over(journal):
    """Every view at every step; what a page is told is JSON that any browser takes."""
    player = Player(journal, detail="everything")
    for seq in range(len(journal)):
        player.seek(seq)
        for view in VIEWS:
            player.view = view
            said = player.get_state(["frame", "score", "pane", "strip"])
            json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    assert all("<svg" in player.svg(view) for view in ("", "state", "why"))
    player.offer()
    return player


@pytest.mark.parametrize(
    "names",
    [
        ("instance",),
        ("method",),
        ("table", "db"),
        ("key",),
        ("message",),
        ("host", "order", "weights"),
        ("weighers", "verdicts"),
        ("after",),
        ("before",),
        ("id", "status", "path"),
        ("queues", "queue", "exchange"),
        ("topic", "server", "fanout", "msg_id", "body"),
        ("seconds", "args", "result", "level", "logger"),
    ],
)
def test_a_journal_without_some_fields_is_shown_as_far_as_it_goes(names, tmp_path):
    journal = without(boot(), *names)
    player = looked_at_all_over(journal)
    assert player.export(tmp_path / "run.html").stat().st_size > 10_000
    assert all("".join(formats.text(journal, form)) for form in formats.FORMS)
    assert len(story.story(journal)) > 3


def test_rows_of_placement_without_their_uuid_do_not_hide_the_decision(journal):
    record = Recorder()
    hosts(record)
    record.insert("placement", "placement", "resource_providers", 7, id=7, name="compute7")
    node = "00000001-0000-4000-8000-000000000000"
    record.insert(
        "placement", "placement", "resource_providers", 1, id=1, uuid=node, name="compute1"
    )
    found = json.dumps(
        {"allocation_requests": [{"allocations": {node: {"resources": {"VCPU": 1}}}}]}
    )
    record.ask("nova-scheduler", "placement", "GET", "/allocation_candidates", 200, found)
    made = decision.latest(record.journal)
    assert [(row.name, list(row.verdicts)) for row in made.rows] == [("Placement", ["compute1"])]


def test_weights_and_answers_of_a_wrong_kind_are_left_out(journal):
    for event in journal.events:
        if event.kind == "scheduler.weigh":
            event.data["weights"]["compute1"] = "heavy"
            event.data["weighers"] += [
                3,
                {"name": "Odd", "normalized": 7, "raw": [], "multiplier": {}},
            ]
    made = decision.latest(journal)
    assert made.weights == {"compute2": 1.0}
    assert [one.name for one in made.weighers] == ["RAMWeigher", "None", "Odd"]
    looked_at_all_over(journal)


def test_half_characters_and_numbers_that_are_none_do_not_stop_a_page_from_being_told(journal):
    journal.events = [
        event._replace(actor=event.actor.replace("compute1", HALF)) for event in journal
    ]
    at = next(event.seq for event in journal if event.kind == "scheduler.weigh")
    journal[at].data["weights"]["compute1"] = float("nan")
    player = looked_at_all_over(journal)
    player.seek(at)
    player.view = "decision"
    assert player.get_state("pane")["pane"]["data"]["weights"]["compute1"] == "nan"


def test_a_page_can_turn_to_a_view_and_write_nothing_else(journal):
    player = Player(journal)
    before = player.get_state()
    player.set_state(
        {"view": "log", "frame": {}, "found": {}, "filter": '"', "stops": ["kind:"], "step": 3}
    )
    assert player.view == "log"
    for wrong in (
        {"view": "nothing"},
        {"view": []},
        {"view": None},
        [],
        None,
        {"marks": {"x": "y"}},
    ):
        player.set_state(wrong)
    after = player.get_state()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"view", "pane"}


@pytest.mark.parametrize("query", [[1], 7, {"limit": 1}, "limit=1", None])
def test_the_query_of_a_request_may_be_kept_in_any_way(query, journal):
    request = next(event for event in journal if event.kind == "http.request")
    request.data["query"] = query
    player = Player(journal)
    player.open_message(request.seq)
    assert player.opened["title"] == "POST /v2.1/servers"


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_numbers_without_an_end_are_told(number, journal):
    for event in journal:
        for name in ("asked", "passed", "seconds"):
            if name in event.data:
                event.data[name] = number
    looked_at_all_over(journal)


@pytest.mark.parametrize(
    ("name", "told"), [("a" * 251 + ".svg", "too long"), ("\ud800.svg", "half a character")]
)
def test_names_that_no_file_can_have_are_refused(name, told, journal, tmp_path):
    with pytest.raises(UsageError, match=told):
        Player(journal).export(tmp_path / name)


def test_a_view_that_is_no_text_is_unknown(journal):
    with pytest.raises(UsageError, match="unknown view"):
        Player(journal, view=[])

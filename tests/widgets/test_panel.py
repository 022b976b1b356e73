"""The panel over a view: messages, queues and services that were clicked."""

import json

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.observe import queues
from simnova.observe.carried import NOT_KEPT, carried
from simnova.observe.tree import ALL, CHILDREN, TEXT, Tree
from simnova.widgets import panel
from simnova.widgets.player import Player


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud(hosts=3)
    cloud.boot("web")
    cloud.run()
    return cloud


def step_of(cloud, kind, method):
    return next(
        event.seq
        for event in cloud.journal
        if event.kind == kind and event.data.get("method") == method and not event.background
    )


def press(player, **message):
    player._handle_custom_msg(message, [])


def test_a_cast_tells_its_addresses_its_times_and_its_arguments_by_name(cloud):
    cast = step_of(cloud, "rpc.cast", "build_and_run_instance")
    found = carried(cloud.journal, cast)
    facts = dict(found.facts)
    host = cloud.journal[cast].data["server"]
    assert found.title == "cast build_and_run_instance"
    assert facts["from"] == "nova-conductor"
    assert facts["to"] == f"nova-compute@{host}"
    assert (facts["exchange"], facts["routing key"]) == ("nova", f"compute.{host}")
    publish, deliver = (cloud.journal[cast + more] for more in (1, 2))
    assert facts["size"] == f"{publish.data['size']} bytes"
    assert facts["delivered"].startswith(f"{deliver.time:.4f} s (+")
    assert "answered" not in facts
    (arguments, *_) = panel.message(cloud.journal, cast)["parts"]
    instance = next(one for one in arguments["of"] if one["key"] == "instance")
    assert instance["text"].startswith("Instance ")
    assert {"key": "uuid", "text": f"{cloud.servers['web'].id} (web)"} in instance["of"]


def test_a_call_its_reply_and_what_the_broker_does_tell_the_same_message(cloud):
    call = step_of(cloud, "rpc.call", "select_destinations")
    reply = step_of(cloud, "rpc.reply", "select_destinations")
    asked, answer = carried(cloud.journal, call), carried(cloud.journal, reply)
    time = cloud.journal[reply].time
    assert dict(asked.facts)["answered"].startswith(f"{time:.4f} s (+")
    assert dict(answer.facts)["asked by"].startswith("nova-conductor, ")
    assert set(answer.parts) == {"result", "envelope"}
    published = carried(cloud.journal, call + 1)
    assert (published.title, published.facts) == (asked.title, asked.facts)


def test_requests_have_their_query_and_body_and_drivers_their_arguments(cloud):
    asked = next(
        event.seq
        for event in cloud.journal
        if event.kind == "http.request" and event.data["path"] == "/allocation_candidates"
    )
    assert carried(cloud.journal, asked).parts["query"]["limit"] == "1000"
    spawn = carried(cloud.journal, step_of(cloud, "virt.call", "spawn"))
    assert spawn.title == "call spawn"
    assert dict(spawn.facts)["server"] == "web"
    assert all(
        json.dumps(panel.message(cloud.journal, event.seq), allow_nan=False)
        for event in cloud.journal
    )


def test_a_summary_says_that_payloads_were_not_kept_and_how_to_keep_them():
    cloud = Cloud(hosts=1, level="summary")
    cloud.boot("web")
    cloud.run()
    shown = panel.message(cloud.journal, step_of(cloud, "rpc.cast", "build_and_run_instance"))
    assert (shown["note"], shown["parts"]) == (NOT_KEPT, [])
    assert ["from", "nova-conductor"] in shown["facts"]


def test_a_tree_says_how_much_it_leaves_out():
    wide = Tree({}).branch("a", list(range(CHILDREN + 5)))
    assert (len(wide["of"]), wide["more"], wide["text"]) == (CHILDREN, 5, f"[{CHILDREN + 5}]")
    deep: dict = {}
    for _ in range(50):
        deep = {"in": deep}
    assert json.dumps(Tree({}).branch("a", deep)).count('"more": 1') == 1
    huge = json.dumps(Tree({}).branch("a", [[0] * CHILDREN] * CHILDREN))
    assert huge.count('"key"') <= ALL + CHILDREN
    assert len(Tree({}).branch("a", "x" * 10_000)["text"]) == TEXT
    assert Tree({}).branch("a", {"b": None, "c": True, "d": ""})["of"] == [
        {"key": "b", "text": "null"},
        {"key": "c", "text": "true"},
        {"key": "d", "text": '""'},
    ]


def test_a_click_opens_a_message_at_its_step_and_another_step_closes_it(cloud):
    player = Player(cloud, view="topology")
    assert player.opened == {}
    cast = step_of(cloud, "rpc.cast", "build_and_run_instance")
    press(player, do="open", seq=cast)
    assert (player.step, player.opened["title"]) == (cast, "cast build_and_run_instance")
    player.forward()
    assert player.opened == {}
    press(player, do="open", seq=cast)
    press(player, do="shut")
    assert (player.step, player.opened) == (cast, {})
    for bad in ({"seq": 10**9}, {"seq": "1"}, {"seq": True}, {}):
        press(player, do="open", **bad)
    assert (player.step, player.opened) == (cast, {})


def test_a_queue_lists_the_messages_that_wait_in_it_at_each_step(cloud):
    player = Player(cloud, detail="messages", view="topology")
    press(player, do="open_queue", queues=["conductor"])
    waited = 0
    for seq in player._reel.places:
        player.seek(seq)
        told = queues.contents(cloud.journal, seq, "conductor")
        assert [item["text"] for item in player.opened["items"]] == [row[2] for row in told]
        waited += len(told)
    assert waited > 2
    assert player.opened["note"] == "Nothing waits here."
    press(player, do="open_queue", queues=["<b>"])
    press(player, do="open_queue", queues=[])
    press(player, do="open_queue", queues=[{}])
    assert player.opened["title"] == "queue conductor"
    with pytest.raises(UsageError, match="unknown queue 'nothere'"):
        player.open_queue(["nothere"])


def test_a_service_tells_what_it_waits_for(cloud):
    player = Player(cloud, view="topology")
    call = step_of(cloud, "rpc.call", "select_destinations")
    player.seek(call)
    press(player, do="open_service", service="nova-conductor")
    (item,) = player.opened["items"]
    assert (item["seq"], item["text"]) == (call, "scheduler: select_destinations")
    assert "nova/conductor/" in item["aside"]
    player.last()
    assert player.opened["note"] == "It waits for the next message."
    with pytest.raises(UsageError, match="unknown service"):
        player.open_service("<script>")


def test_a_service_that_is_down_waits_for_nothing():
    cloud = Cloud(hosts=1)
    cloud.boot("web")
    cloud.run()
    cloud.crash("nova-scheduler")
    cloud.run()
    shown = panel.service(cloud.journal, len(cloud.journal) - 1, "nova-scheduler")
    assert shown["note"] == "It is down and waits for nothing."


def test_hostile_text_is_sent_as_it_is_to_be_read(hostile):
    for event in hostile:
        assert "\u202e" not in json.dumps(panel.message(hostile, event.seq), ensure_ascii=False)

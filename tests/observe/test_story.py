"""The story: a sentence for every event, with its numbers."""

import importlib
import json
import pkgutil

import pytest

import simnova
from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.kernel.journal import KINDS, Event
from simnova.observe import steps, story
from simnova.observe.endings import Ending
from simnova.observe.story_en import TEMPLATES
from simnova.observe.story_en import ending as story_ending
from simnova.observe.telling import Telling

NOT_HERE = ("simnova.widgets", "simnova.magics", "simnova.nova.virt.libvirt")


def told(journal, kind, **data):
    """The sentences of the events of a kind whose data hold these values."""
    return [
        story.sentence(journal, event.seq)
        for event in journal
        if event.kind == kind and data.items() <= event.data.items()
    ]


def test_every_kind_that_a_door_declares_has_its_sentence():
    for module in pkgutil.walk_packages(simnova.__path__, "simnova."):
        if not module.name.startswith(NOT_HERE):
            importlib.import_module(module.name)
    declared = {kind for kind in KINDS if "made up" not in KINDS[kind].meaning}
    assert declared - set(TEMPLATES) == set()


def test_no_template_needs_more_than_the_kind_has(booted):
    for event in booted:
        assert TEMPLATES[event.kind](Telling(booted, event))


def test_a_request_to_placement_says_what_is_asked(booted):
    assert told(booted, "http.request", path="/allocation_candidates") == [
        "The scheduler asks Placement who has 1 VCPU, 2048 MB and 20 GB, with trait OWNER_NOVA, "
        "without COMPUTE_STATUS_DISABLED."
    ]


def test_placements_answer_counts_and_names_the_hosts(booted):
    assert told(booted, "http.response", path="/allocation_candidates") == [
        "Placement answers: 2 of 3 hosts have room: compute1 and compute3."
    ]


def test_a_cast_does_not_wait_and_a_call_does(booted):
    assert told(booted, "rpc.cast", method="build_and_run_instance") == [
        "The conductor casts build_and_run_instance to compute.compute1 and does not wait "
        "(build the server)."
    ]
    assert "and waits" in told(booted, "rpc.call")[0]


def test_a_filter_says_how_many_pass_and_why_one_does_not(hand, uuid):
    reason = "needs 4096 MB, 2048 MB of 8192 x 1.5 free"
    passed = {"compute1": True, "compute2": reason, "compute3": True}
    seq = hand(
        "nova-scheduler",
        "scheduler.filter",
        filter="RamFilter",
        instance=uuid,
        asked=3,
        passed=2,
        verdicts=passed,
    )
    expected = f"RamFilter rejects compute2: {reason}; 2 of 3 hosts left."
    assert story.sentence(hand.journal, seq) == expected


def test_a_filter_whose_verdicts_were_not_kept_still_counts(hand):
    seq = hand("nova-scheduler", "scheduler.filter", filter="RamFilter", asked=3, passed=2)
    assert story.sentence(hand.journal, seq) == "RamFilter passes 2 of 3 hosts."


def test_a_state_change_names_the_states(booted):
    assert told(booted, "db.update", table="instances")[-1] == (
        "The conductor sets server web1's vm_state from building to active, task_state from "
        "spawning to None and power_state from nostate to running."
    )


def test_what_the_conductor_writes_for_nova_compute_is_told_of_nova_compute(hand, uuid):
    hand.row("nova-conductor", "nova_cell1.instances", 1, id=1, uuid=uuid, display_name="web1")
    compute = "nova-compute@compute1"
    hand.message(
        compute,
        "rpc.call",
        "nova-conductor",
        "conductor",
        method="object_action",
        topic="conductor",
        msg_id="m7",
        body=json.dumps(
            {"args": {"objinst": {"nova_object.name": "Instance"}, "objmethod": "save"}}
        ),
    )
    change = {"task_state": ("networking", "block_device_mapping")}
    seq = hand.change("nova-conductor", "nova_cell1.instances", 1, **change)
    assert story.sentence(hand.journal, seq) == (
        "nova-compute on compute1, through the conductor, sets server web1's task_state "
        "from networking to block_device_mapping."
    )
    assert told(hand.journal, "rpc.call", method="object_action") == [
        "nova-compute on compute1 calls object_action on the conductor: Instance.save; "
        "it has no access to the database."
    ]


def test_an_error_that_crosses_the_wire_keeps_its_name_and_text(hand):
    call = {"method": "select_destinations", "topic": "scheduler", "msg_id": "m1"}
    hand.message("nova-conductor", "rpc.call", "nova-scheduler", "scheduler", **call)
    body = json.dumps(
        {"failure": {"class": "NoValidHost", "message": "There are not enough hosts."}}
    )
    data = {"method": "select_destinations", "msg_id": "m1", "body": body, "error": "NoValidHost"}
    seq = hand("nova-scheduler", "rpc.error", **data)
    assert story.sentence(hand.journal, seq) == (
        "The scheduler answers the conductor with an error after 4 ms: select_destinations raised "
        "NoValidHost: There are not enough hosts."
    )


def test_an_error_status_is_told_with_the_reason_in_its_body(hand, uuid):
    body = {"errors": [{"status": 409, "detail": "consumer generation conflict"}]}
    seq = hand.http(
        "nova-scheduler", "placement", "PUT", f"/allocations/{uuid}", 409, sent={}, got=body
    )
    assert story.sentence(hand.journal, seq) == (
        f"Placement refuses the scheduler's PUT /allocations/{uuid} with 409 Conflict: "
        "consumer generation conflict."
    )


def test_an_unknown_path_and_an_unknown_kind_have_sentences(hand):
    asked = hand("nova-api", "http.request", id=9, to="cinder", method="GET", path="/v3/volumes")
    assert story.sentence(hand.journal, asked) == "The API sends GET /v3/volumes to cinder."
    seq = hand("nova-api", "made.up", whatever=1)
    assert story.sentence(hand.journal, seq) == "nova-api: made.up."


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_an_event_without_its_fields_is_told_all_the_same(hand, kind):
    hand.journal.events.append(
        Event(len(hand.journal), 0.0, kind, "nova-api", None, None, None, False, {})
    )
    assert story.sentence(hand.journal, len(hand.journal) - 1)


def test_another_language_is_another_table_and_an_unknown_one_is_refused(booted, monkeypatch):
    monkeypatch.setitem(story.LANGUAGES, "de", {"rpc.call": lambda told: f"{told.actor} ruft."})
    call = next(event.seq for event in booted if event.kind == "rpc.call")
    assert story.sentence(booted, call, "de") == "nova-conductor ruft."
    with pytest.raises(UsageError, match="language 'fr'"):
        story.sentence(booted, call, "fr")


def test_the_text_of_a_story_fits_a_terminal(booted):
    lines = str(story.story(booted, detail="everything")).splitlines()
    assert max(map(len, lines)) <= 100


def test_a_storys_html_escapes_what_users_wrote(hostile):
    markup = story.story(hostile, detail="everything")._repr_html_()
    assert "&lt;script&gt;" in markup
    assert "<script" not in markup


def test_details_are_nested_and_background_is_hidden(booted):
    told = [set(steps.steps(booted, detail)) for detail in ("story", "messages", "everything")]
    assert told[0] < told[1] < told[2]
    every = steps.steps(booted, "everything", background=True)
    assert every == list(range(len(booted)))
    assert [seq for seq in every if booted[seq].background] == sorted(set(every) - told[2])


def test_the_broker_and_rows_are_no_part_of_a_story_but_states_are(booted):
    kinds = {booted[seq].kind for seq in steps.steps(booted)}
    assert not {kind for kind in kinds if kind.startswith("amqp.")}
    tables = {
        booted[seq].data["table"] for seq in steps.steps(booted) if "table" in booted[seq].data
    }
    assert tables == {"instances", "build_requests"}


def test_an_unknown_detail_names_the_known_ones(booted):
    with pytest.raises(UsageError, match="detail 'all'"):
        steps.steps(booted, "all")


def test_a_story_ends_with_the_state_of_its_servers():
    cloud = Cloud(hosts=2)
    server = cloud.boot("web")
    cloud.run(until="virt.call")
    assert cloud.story().ending.startswith("web is still building ")
    cloud.run()
    times = {event.seq: event.time for event in cloud.journal}
    active = cloud.history(server).states[-1]
    asked = next(
        e.time for e in cloud.journal if e.request_id == cloud.journal[active.seq].request_id
    )
    ending = f"web is ACTIVE {times[active.seq] - asked:.2f} s after the request."
    assert str(cloud.story()).endswith(ending)
    assert ending in cloud.story()._repr_html_()
    end = len(cloud.journal)
    assert cloud.story(upto=active.seq - 1).ending.startswith("web is still spawning ")
    server.delete()
    cloud.run()
    assert cloud.story(first=end).ending.startswith("web is DELETED ")


def test_a_server_that_the_api_itself_deletes_is_gone_though_its_row_keeps_its_task():
    cloud = Cloud(hosts=1)
    asked = cloud.submit("web")
    cloud.run(until="scheduler.select")
    asked.server.delete()
    cloud.run()
    assert cloud.history(asked.server).states[-1].task_state == "scheduling"
    assert cloud.story().ending.startswith("web is DELETED 0.0")


def test_many_servers_end_in_one_sentence_a_state():
    alike = [Ending(f"web-{n}", "active", None, n / 10) for n in range(1, 6)]
    assert story_ending.ending([*alike, Ending("db", "error", None, 0.3)]) == (
        "5 servers are ACTIVE, at most 0.50 s after the request. "
        "1 server is ERROR, at most 0.30 s after the request."
    )


def test_a_story_of_several_kinds_and_of_what_is_no_kind(booted):
    told = story.story(booted, only=["rpc", "scheduler.select"])
    kinds = {booted[seq].kind.partition(".")[0] for seq, _, _ in told}
    assert kinds == {"rpc", "scheduler"}
    for wrong in (3, [], ["rpc", 3], {"rpc"}):
        with pytest.raises(UsageError, match="names no kinds"):
            story.story(booted, only=wrong)


def test_an_action_is_told_in_words_with_what_it_asks_for():
    cloud = Cloud(hosts=2)
    web = cloud.boot("web", flavor="m1.tiny", image="cirros")
    cloud.run()
    web.resize("m1.small")
    cloud.run()
    web.confirm_resize()
    cloud.run()
    web.live_migrate()
    cloud.run()
    told = [text for _, _, text in cloud.story()]
    assert "The client asks the API to resize server web to flavor m1.small." in told
    assert any("confirm the resize of server web" in text for text in told)
    assert any("to a host that the scheduler chooses while it runs" in text for text in told)
    asked = next(text for text in told if text.startswith("You ask the API, for server web"))
    assert web.id not in asked
    kept = next(text for text in told if "in one stroke" in text)
    assert "1 VCPU, 512 MB and 1 GB on" in kept
    assert kept.endswith("for the move of server web and nothing for server web.")


def test_what_is_given_back_is_no_claim():
    cloud = Cloud(hosts=2)
    web = cloud.boot("web", flavor="m1.tiny", image="cirros")
    cloud.run()
    web.migrate()
    cloud.run()
    web.confirm_resize()
    cloud.run()
    told = [text for _, _, text in cloud.story()]
    place = next(
        i for i, text in enumerate(told) if "gives back at Placement what the move" in text
    )
    assert told[place + 1].startswith("Placement has given back what the move of server web held")

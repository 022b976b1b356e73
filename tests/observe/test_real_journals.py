"""What is seen of a boot as it really happens, and of boots that go wrong."""

import re
import subprocess
import sys

import pytest

from simnova import Cloud
from simnova.observe import (
    causes,
    decision,
    graph,
    hosts,
    logs,
    queues,
    rows,
    sequence,
    states,
    steps,
    story,
)
from simnova.observe.story_en import TEMPLATES
from simnova.observe.telling import Telling

LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d+ (DEBUG|INFO|WARNING|ERROR) [\w.]+ "
    r"(\[-\]|\[None req-[0-9a-f-]{36} [0-9a-f-]+ [0-9a-f-]+ - - default default\]) \S"
)


@pytest.fixture(params=["real", "troubled"])
def journal(request):
    """The journals of two clouds, one after the other."""
    return request.getfixturevalue(request.param).journal


def sentences(journal):
    """The story as a list of sentences."""
    return [text for _, _, text in story.story(journal)]


def test_no_template_raises_on_any_event(journal):
    for event in journal:
        assert TEMPLATES[event.kind](Telling(journal, event)), event


def test_a_sentence_is_one_sentence_without_long_ids_or_holes(journal):
    for seq in steps.steps(journal):
        text = story.sentence(journal, seq)
        assert text[-1] in ".?", text
        assert not re.search(r"[0-9a-f]{32}|  | \.|\{|\}|nova_object|None,", text), text
        assert len(text) < 260, text


def test_the_boot_is_told_as_novas_documentation_would(real):
    told = sentences(real.journal)
    milestones = [
        "The client asks the API to boot server web1, flavor m1.small, image cirros.",
        "The API casts schedule_and_build_instances to the conductor and does not wait",
        "The conductor calls select_destinations on the scheduler and waits",
        "The scheduler asks Placement who has 1 VCPU, 2048 MB and 20 GB",
        "Placement answers: 3 of 3 hosts have room",
        "ComputeFilter passes 3 of 3 hosts.",
        "13 weighers rank 3 hosts",
        "The scheduler claims 1 VCPU, 2048 MB and 20 GB on compute2 for server web1 at Placement.",
        "The scheduler chooses compute2 for server web1, the first of the 3 that weigh the same; "
        "compute3 and compute1 are kept as alternates.",
        "The conductor writes server web1 into nova_cell1.instances: building, scheduling.",
        "The conductor maps server web1 to its cell (cell1).",
        "The conductor casts build_and_run_instance to compute.compute2 and does not wait",
        "nova-compute on compute2, through the conductor, puts server web1 on compute2.",
        "nova-compute on compute2, through the conductor, sets server web1's task_state from None to networking.",
        "nova-compute on compute2 asks Neutron to make a port on network private for server web1.",
        "nova-compute on compute2 asks its hypervisor to start the guest of server web1 (driver.spawn).",
        "The hypervisor has spawned the guest of server web1 after",
        "nova-compute on compute2, through the conductor, sets server web1's vm_state from building to active",
        "nova-compute on compute2 casts update_instance_info to every scheduler by fanout",
    ]
    places = [
        next((i for i, text in enumerate(told) if text.startswith(one)), one) for one in milestones
    ]
    assert places == sorted(places, key=lambda place: (isinstance(place, str), place))
    assert all(isinstance(place, int) for place in places)


def test_what_goes_wrong_is_told(troubled):
    told = sentences(troubled.journal)
    for part in (
        "The hypervisor fails at spawn for server again after",
        "casts build_instances to the conductor and does not wait (server again failed there",
        "(cell0 keeps the servers that never got a host)",
        "No valid host was found",
        "The message of build_and_run_instance is lost on its way",
        "The conductor has waited 60 s for the answer to select_destinations from the scheduler",
        "nova-compute on compute1 crashes",
    ):
        assert any(part in text for text in told), part


def test_the_decision_is_what_the_scheduler_noted(journal):
    selects = [event for event in journal if event.kind == "scheduler.select"]
    made = [one for one in decision.decisions(journal) if one.host]
    assert [(one.instance, one.host, one.alternates) for one in made] == [
        (event.data["instance"], event.data["host"], event.data["alternates"]) for event in selects
    ]
    for one in made:
        assert one.order[0] == one.host
        sums = {host: sum(weigher.score(host) for weigher in one.weighers) for host in one.weights}
        assert sums == pytest.approx(one.weights)


def test_every_host_that_placement_left_out_has_its_reason(troubled):
    huge = next(one for one in decision.decisions(troubled.journal) if one.server == "huge")
    assert huge.outcome == "huge: no valid host"
    assert {row[1] for row in huge.reasons()} == {"Placement"}
    assert all("needs 160 GB, one server may have 100 at most" in row[2] for row in huge.reasons())
    assert max(map(len, str(huge).splitlines())) <= 100


def test_the_hosts_agree_with_placements_rows(journal):
    sold = sum(
        row["used"]
        for row in rows.at(journal, None, "placement.allocations")
        if row["resource_class_id"] == 1
    )
    assert sold == sum(host.meters[1].used for host in hosts.at(journal))
    assert sold > 0


def test_the_servers_stand_where_their_rows_say(real):
    there = {host.name: [server.name for server in host.servers] for host in hosts.at(real.journal)}
    assert there == {"compute1": [], "compute2": ["web1"], "compute3": []}


def test_a_server_that_found_no_host_is_homeless_and_in_error(troubled):
    found = {server.name: server.vm_state for server in hosts.homeless(troubled.journal)}
    assert found["huge"] == "error"


def test_the_states_of_the_boot_are_novas(real):
    history = states.history(real.journal, "web1")
    tasks = [state.task_state for state in history.states]
    assert list(dict.fromkeys(tasks)) == [
        "scheduling",
        None,
        "networking",
        "block_device_mapping",
        "spawning",
    ]
    assert (history.states[-1].vm_state, history.states[-1].power_state) == ("active", "running")


def test_the_first_cause_of_being_active_is_the_learners_request(real):
    active = states.history(real.journal, "web1").states[-1].seq
    told = [text for _, _, text in causes.why(real.journal, active)]
    assert "The client asks the API to boot server web1, flavor m1.small, image cirros." in told
    assert "You ask the API: POST /v2.1/servers." in told


def test_the_sequence_has_the_recorded_calls_and_casts(real):
    drawn = [
        arrow
        for arrow in sequence.arrows(real.journal).arrows
        if arrow.style in {"call", "cast", "fanout"}
    ]
    assert [(arrow.style, arrow.label, arrow.source, arrow.target) for arrow in drawn] == [
        ("cast", "schedule_and_build_instances", "nova-api", "nova-conductor"),
        ("call", "select_destinations", "nova-conductor", "nova-scheduler"),
        ("cast", "build_and_run_instance", "nova-conductor", "nova-compute@compute2"),
        ("fanout", "update_instance_info", "nova-compute@compute2", "nova-scheduler"),
    ]
    detailed = sequence.arrows(real.journal, detail="messages")
    assert {"object_action"} <= {arrow.label for arrow in detailed.arrows}


def test_every_rpc_that_was_delivered_has_its_arrow_to_the_receiver(journal):
    for arrow in sequence.arrows(journal, detail="messages", background=True).arrows:
        if arrow.style in {"call", "cast", "fanout", "reply"} and arrow.seq_end is not None:
            assert journal[arrow.seq_end].kind == "amqp.deliver"
            assert journal[arrow.seq_end].actor == arrow.target


def test_a_lost_cast_never_arrives(troubled):
    casts = [
        arrow
        for arrow in sequence.arrows(troubled.journal).arrows
        if arrow.label == "build_and_run_instance"
    ]
    assert [arrow.seq_end is None for arrow in casts].count(True) == 1


def test_every_log_line_is_in_openstacks_format(journal):
    for line in logs.lines(journal, background=True):
        first = str(line).splitlines()[0]
        assert LINE.match(first), first


def test_the_log_of_a_boot_has_novas_lines(real):
    text = str(logs.lines(real.journal, level="INFO"))
    assert "nova.api.openstack.requestlog [None req-" in text
    assert '"POST /v2.1/servers" status: 202 len: ' in text
    assert "nova.compute.claims" in text
    assert "Took 0." in text


def test_the_queues_are_empty_when_all_is_quiet(real):
    assert queues.at(real.journal).rows == []
    assert max(queues.depths(real.journal).column("ready")) >= 1


def test_the_topology_shows_the_boot(real):
    found = graph.topology(real.journal).graph()
    assert found.has_edge("nova-conductor", "exchange nova")
    assert found.has_edge("queue compute.compute2", "nova-compute@compute2")


def test_a_boots_background_is_hidden_until_asked_for(real):
    shown = {real.journal[seq].background for seq in steps.steps(real.journal, "everything")}
    assert shown == {False}
    assert len(steps.steps(real.journal, "everything", background=True)) == len(real.journal)


def test_a_summary_journal_can_be_looked_at(real):
    made = Cloud(hosts=3, level="summary")
    made.boot("web1")
    journal = made.run().journal
    assert len(journal) == len(real.journal)
    assert len(sentences(journal)) == len(steps.steps(journal))
    assert decision.latest(journal).host == "compute2"
    assert sequence.arrows(journal).svg()
    hosts.at(journal).svg()
    str(logs.lines(journal))


@pytest.mark.thorough
def test_all_that_is_seen_is_the_same_in_every_process():
    program = (
        "import hashlib\n"
        "from simnova import Cloud\n"
        "from simnova.observe import decision, graph, hosts, logs, sequence, story\n"
        "made = Cloud(hosts=3); made.boot('web1'); journal = made.run().journal\n"
        "seen = [story.story(journal, detail='everything', background=True), logs.lines(journal, background=True),\n"
        "  sequence.arrows(journal).svg(), decision.latest(journal).svg(), hosts.at(journal).svg(),\n"
        "  graph.topology(journal).svg()]\n"
        "print(*[hashlib.sha256(str(one).encode()).hexdigest() for one in seen])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0].split())) == 6


class Crooked:
    """A filter that cannot read one host."""

    def host_passes(self, host_state, spec_obj):
        """Divide by a number that is nothing on the second host."""
        return 1 / (host_state.host != "compute2") > 0


def test_a_filter_that_raises_has_its_row_and_points_to_the_log():
    from simnova.nova.scheduler.filters import BaseHostFilter

    made = Cloud(
        hosts=3,
        config={"enabled_filters": []},
        filters=[type("Odd", (Crooked, BaseHostFilter), {})],
    )
    made.boot("web")
    made.run()
    found = decision.latest(made.journal)
    assert found.rows[-1].name == "Odd"
    (verdict,) = found.rows[-1].verdicts.values()
    assert verdict.reason.startswith("raised ZeroDivisionError: division by zero")
    assert 'cloud.log(level="ERROR")' in verdict.reason
    assert found.fell("compute2").name == "Odd"


def test_placement_says_that_the_request_names_another_host():
    made = Cloud(hosts=3)
    made.boot("web", host="compute2")
    made.run()
    (placement, *_) = decision.latest(made.journal).rows
    assert placement.verdicts["compute2"].passed
    assert placement.verdicts["compute1"].reason == "the request names compute2"


def test_a_lost_message_is_told_among_the_rpc(troubled):
    told = [text for _, _, text in story.story(troubled.journal, only="rpc")]
    lost = "The message of build_and_run_instance is lost on its way, as you have arranged."
    assert lost in told


def test_of_equal_hosts_the_first_is_taken_and_the_sentence_says_so(real):
    (told,) = [
        story.sentence(real.journal, event.seq)
        for event in real.journal
        if event.kind == "scheduler.select"
    ]
    assert ", the first of the 3 that weigh the same; " in told

"""Sequence, decision, hosts, states, topology: the data, the text and the drawing of each."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simnova.exceptions import UsageError
from simnova.observe import (
    candidates,
    decision,
    graph,
    hosts,
    palette,
    placed,
    sequence,
    states,
)

HERE = Path(__file__).parent
PICTURES = {
    "sequence": lambda journal: sequence.arrows(journal).svg(current=40),
    "decision": lambda journal: decision.latest(journal).svg(),
    "hosts": lambda journal: hosts.at(journal).svg(),
    "states": lambda journal: states.history(journal, states_of(journal)).svg(50),
    "topology": lambda journal: graph.topology(journal, 45).svg(),
}


def states_of(journal):
    """The uuid of the server in a hand-made journal."""
    return next(
        event.data["after"]["uuid"] for event in journal if event.data.get("table") == "instances"
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_well_formed_and_needs_nothing_from_outside(hostile, name):
    drawn = PICTURES[name](hostile)
    root = ElementTree.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert not [
        node for node in root.iter() if node.tag.endswith(("script", "image", "foreignObject"))
    ]
    assert "url(" not in drawn
    assert "href" not in drawn


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_its_colours_where_variables_are_unknown(hostile, name):
    drawn = PICTURES[name](hostile)
    known = re.compile(r"@supports ?\([^{]*\)\{(?:[^{}]*\{[^{}]*\})*\}")
    while known.search(drawn):
        drawn = known.sub("", drawn)
    assert "var(" not in drawn
    assert palette.LIGHT["paper"] in drawn
    dark = PICTURES[name](hostile)
    assert all(f"--sn-{one}:{colour}" in dark for one, colour in palette.DARK.items())
    for colour in re.findall(r'(?:fill|stroke)(?:="|:)(#\w+)"', drawn):
        assert re.search(rf'\[(?:style\*=")?(?:fill|stroke)(?:="|:){colour}"\]', dark), colour


@pytest.mark.thorough
def test_a_picture_is_the_same_text_in_every_process():
    program = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); import conftest, test_pictures\n"
        "pen = conftest.Hand(); conftest.cloud(pen); conftest.boot(pen)\n"
        "for draw in test_pictures.PICTURES.values():\n"
        "    print(hashlib.sha256(draw(pen.journal).encode()).hexdigest())"
    )
    command = [sys.executable, "-c", program, str(HERE)]
    runs = [
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        for seed in ("0", "1")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(set(runs[0].stdout.split())) == len(PICTURES)


def test_lifelines_stand_in_the_order_of_a_boot(booted):
    assert sequence.arrows(booted).actors == [
        "client",
        "nova-api",
        "nova-conductor",
        "nova-scheduler",
        "placement",
        "nova-compute@compute1",
        "hypervisor@compute1",
    ]


def test_an_arrow_ends_where_its_message_was_delivered(booted):
    cast = next(arrow for arrow in sequence.arrows(booted).arrows if arrow.style == "cast")
    assert (cast.source, cast.target) == ("nova-api", "nova-conductor")
    assert booted[cast.seq_end].kind == "amqp.deliver"


def test_a_message_under_way_points_to_where_it_is_bound(booted):
    cast = next(event.seq for event in booted if event.data.get("server") == "compute1")
    arrow = sequence.arrows(booted, cast).arrows[-1]
    assert (arrow.target, arrow.seq_end) == ("nova-compute@compute1", None)


def test_a_fanout_has_an_arrow_for_each_that_got_it(hand):
    seq = hand(
        "nova-compute@compute1",
        "rpc.cast",
        method="update_instance_info",
        topic="scheduler",
        fanout=True,
    )
    queues = ["scheduler_fanout_a", "scheduler_fanout_b"]
    hand(
        "rabbitmq",
        "amqp.publish",
        cause=seq,
        exchange="scheduler_fanout",
        routing_key="",
        queues=queues,
        message="m.1",
    )
    for queue in queues:
        hand("nova-scheduler", "amqp.deliver", queue=queue, message="m.1", redelivered=False)
    drawn = [arrow for arrow in sequence.arrows(hand.journal).arrows if arrow.style == "fanout"]
    assert [arrow.target for arrow in drawn] == ["nova-scheduler", "nova-scheduler"]


def test_a_reply_goes_back_and_a_timeout_stays_with_the_caller(hand):
    call = {"method": "select_destinations", "topic": "scheduler", "msg_id": "m1"}
    hand.message("nova-conductor", "rpc.call", "nova-scheduler", "scheduler", **call)
    hand.message(
        "nova-scheduler", "rpc.reply", "nova-conductor", "reply_1", method="x", msg_id="m1"
    )
    hand("nova-conductor", "rpc.timeout", **call, seconds=60.0)
    reply, timeout = sequence.arrows(hand.journal).arrows[-2:]
    assert (reply.source, reply.target, reply.style) == (
        "nova-scheduler",
        "nova-conductor",
        "reply",
    )
    assert (timeout.source, timeout.target, timeout.style) == (
        "nova-conductor",
        "nova-conductor",
        "timeout",
    )


def test_an_error_status_is_an_error_arrow(hand):
    seq = hand.http("nova-api", "glance", "GET", "/v2/images/none", 404)
    arrow = sequence.arrows(hand.journal).arrows[-1]
    assert (arrow.seq, arrow.style, arrow.label) == (seq, "error", "404")


def test_a_window_keeps_the_lifelines_that_it_touches(booted):
    part = sequence.arrows(booted).window(50, 53)
    assert part.actors == ["nova-conductor", "nova-compute@compute1", "hypervisor@compute1"]


def test_a_sequence_is_readable_as_text(booted):
    lines = str(sequence.arrows(booted)).splitlines()
    assert max(map(len, lines)) <= 110
    assert any("nova-api               - -> nova-conductor" in line for line in lines)


def test_the_decision_knows_where_each_host_fell_and_why(booted):
    made = decision.latest(booted)
    assert (made.host, made.alternates, made.order) == (
        "compute1",
        ["compute3"],
        ["compute1", "compute3"],
    )
    assert made.fell("compute2").name == "Placement"
    assert made.reasons().rows == [
        ("compute2", "Placement", "needs 2048 MB, 680 MB of (8192 - 512) free")
    ]
    assert [row.name for row in made.rows] == ["Placement", "ComputeFilter"]


def test_a_host_lacks_a_trait_or_an_aggregate_or_is_not_the_one_that_is_named():
    stock = {"VCPU": placed.Stock("VCPU", 8, 0, 4.0, 8, 31)}
    one = candidates.Provider("u1", "compute1", stock, frozenset({"HW_CPU"}), frozenset({"a1"}))
    names = {"u2": "compute2", "a1": "old", "a2": "ssd", "a3": "fast"}

    def lack(**wanted):
        return candidates.lack(one, {name: [value] for name, value in wanted.items()}, names)

    assert lack(resources="VCPU:2") == "needs 2 VCPU, 1 VCPU of 8 x 4 free"
    assert lack(resources="VCPU:9") == "needs 9 VCPU, one server may have 8 at most"
    assert lack(required="CUSTOM_SSD") == "lacks the trait CUSTOM_SSD"
    assert lack(root_required="!HW_CPU") == "has the trait HW_CPU, which the request forbids"
    assert lack(member_of="in:a2,a3") == "is not in one of the aggregates ssd, fast"
    assert lack(member_of="!in:a1,a2") == "is in aggregate old, which this request must keep out of"
    assert lack(in_tree="u2") == "the request names compute2"
    assert lack(limit="1000") == "could take it, but Placement was asked for 1000 candidates"
    disabled = replace(one, traits=frozenset({candidates.DISABLED}))
    assert candidates.lack(disabled, {"root_required": [f"!{candidates.DISABLED}"]}, names) == (
        "its service is disabled (trait COMPUTE_STATUS_DISABLED)"
    )


def test_many_hosts_are_told_in_groups_and_no_dump(hand, uuid):
    verdicts = {f"compute{n}": True if n % 3 else f"{n} MB free" for n in range(1, 1001)}
    passed = {host: float(n) for n, (host, one) in enumerate(verdicts.items()) if one is True}
    about = {"filter": "RamFilter", "instance": uuid, "asked": 1000, "passed": len(passed)}
    hand("nova-scheduler", "scheduler.filter", **about, verdicts=verdicts)
    order = sorted(passed, key=lambda host: -passed[host])
    weigher = {"name": "RAMWeigher", "multiplier": 1.0, "raw": passed, "normalized": passed}
    hand(
        "nova-scheduler",
        "scheduler.weigh",
        instance=uuid,
        weighers=[weigher],
        weights=passed,
        order=order,
    )
    made = decision.latest(hand.journal)
    assert made.groups().rows == [
        (333, "RamFilter", "3…999 MB free", "compute3, compute6, compute9, …")
    ]
    assert made.stages().rows == [("RamFilter", 1000, 667, 333)]
    text = str(made)
    assert "and 990 more hosts: matrix() has them all" in text
    assert len(text.splitlines()) < 45
    assert len(made.matrix()) == 1000


def test_a_decision_tells_of_equals_of_idle_weighers_and_of_refused_claims():
    def weigher(name, multiplier, **normalized):
        return decision.weigher(
            {"name": name, "multiplier": multiplier, "raw": normalized, "normalized": normalized}
        )

    made = decision.Decision(
        seq=9,
        instance="u",
        server="web",
        hosts=["a", "b", "c"],
        rows=[decision.Row("ComputeFilter", dict.fromkeys("abc", decision.Verdict(True)))],
        weighers=[
            weigher("RAMWeigher", 1.0, a=1.0, b=1.0, c=0.0),
            weigher("PCIWeigher", 1.0, a=0.0, b=0.0, c=0.0),
            weigher("NumInstancesWeigher", 0.0, a=0.0, b=1.0, c=0.0),
        ],
        weights={"a": 1.0, "b": 1.0, "c": 0.0},
        order=["a", "b", "c"],
        host="b",
        claims=[
            decision.Claim(5, "a", 409, "Unable to allocate inventory."),
            decision.Claim(7, "b", 204),
        ],
    )
    assert made.notes() == [
        "Placement refused the claim on a (409): Unable to allocate inventory; b was claimed",
        "a and b weigh the same, 1: among equals the order is the one in which the hosts were read",
        "weighers that made no difference: NumInstances (multiplier 0); PCI (the same for every host)",
    ]
    assert made.reason("c") == "c weighs 0, b 1"
    assert made.reason("a").startswith("Placement refused the claim on a (409)")
    with pytest.raises(UsageError, match="unknown host 'd'"):
        made.reason("d")


def test_a_decision_grows_with_the_steps(booted):
    answer = next(
        e.seq for e in booted if e.kind == "http.response" and e.data["path"] == decision.CANDIDATES
    )
    early = decision.latest(booted, answer)
    assert (early.host, [row.name for row in early.rows]) == (None, ["Placement"])
    assert early.outcome == "the server: 2 of 3 hosts left"
    assert decision.latest(booted, answer - 2) is None


def test_a_decision_in_which_nobody_is_left(hand, uuid):
    verdicts = {"compute1": "is down", "compute2": "is down"}
    hand(
        "nova-scheduler",
        "scheduler.filter",
        filter="ComputeFilter",
        instance=uuid,
        asked=2,
        passed=0,
        verdicts=verdicts,
    )
    made = decision.latest(hand.journal)
    assert made.outcome.endswith("no valid host")
    assert made.as_dict()["fell"] == {"compute1": "ComputeFilter", "compute2": "ComputeFilter"}


def test_a_filter_that_raises_ends_the_decision_and_the_title_says_so(hand, uuid):
    about = {"instance": uuid, "asked": 2, "passed": 2}
    verdicts = {"compute1": True, "compute2": True}
    hand("nova-scheduler", "scheduler.filter", filter="ComputeFilter", **about, verdicts=verdicts)
    words = "EvenCpus raised RuntimeError about compute2: oops"
    line = {"level": "ERROR", "logger": "nova.scheduler.decision", "message": words}
    hand("nova-scheduler", "log", instance=uuid, **line)
    made = decision.latest(hand.journal)
    assert made.outcome.endswith(": no decision, EvenCpus raised RuntimeError")
    assert made.fell("compute2").name == "EvenCpus"
    assert "no decision, EvenCpus raised RuntimeError" in made.svg()


def test_the_heat_of_the_weighers_that_matter_stands_beside_the_verdicts(hand, uuid):
    about = {"filter": "ComputeFilter", "instance": uuid, "asked": 2, "passed": 2}
    hand(
        "nova-scheduler", "scheduler.filter", **about, verdicts={"compute1": True, "compute2": True}
    )
    weighers = [
        {
            "name": "IoOpsWeigher",
            "multiplier": -1.0,
            "normalized": {"compute1": 1.0, "compute2": 0.0},
        },
        {"name": "PCIWeigher", "multiplier": 1.0, "normalized": {"compute1": 0.0, "compute2": 0.0}},
    ]
    given = {"weights": {"compute1": -1.0, "compute2": 0.0}, "order": ["compute2", "compute1"]}
    weighers = [{**one, "raw": one["normalized"]} for one in weighers]
    hand("nova-scheduler", "scheduler.weigh", instance=uuid, weighers=weighers, **given)
    drawn = decision.latest(hand.journal).svg()
    assert 'class="cold"' in drawn  # compute1 loses a point
    assert ">IoOps<" in drawn
    assert "PCI" not in drawn


def test_each_server_of_one_request_has_its_decision_and_placements_row(hand):
    conftest_decide = sys.modules[type(hand).__module__].decide
    conftest_decide(hand)
    hand(
        "nova-scheduler",
        "scheduler.filter",
        filter="RamFilter",
        instance="second",
        asked=1,
        passed=1,
        verdicts={"compute3": True},
    )
    hand("nova-scheduler", "scheduler.select", instance="second", host="compute3", alternates=[])
    made = decision.decisions(hand.journal)
    assert [one.host for one in made] == ["compute1", "compute3"]
    assert [one.rows[0].name for one in made] == ["Placement", "Placement"]


def test_a_weigher_may_count_differently_from_host_to_host():
    data = {
        "name": "RAMWeigher",
        "multiplier": {"a": 1.0, "b": 3.0},
        "raw": {},
        "normalized": {"a": 1.0, "b": 0.5},
    }
    weigher = decision.weigher(data)
    assert (weigher.score("a"), weigher.score("b"), weigher.decides) == (1.0, 1.5, True)


def test_the_hosts_show_what_is_sold_and_who_is_there(booted):
    compute1, compute2, _ = hosts.at(booted)
    assert [server.state for server in compute1.servers] == ["active"]
    memory = compute2.meters[1]
    assert (memory.used, memory.capacity, memory.total) == (7000, 7680, 8192)
    assert compute2.as_dict()["status"] == "up"


def test_overcommit_is_what_is_sold_beside_what_is_there(booted):
    table = hosts.at(booted).overcommit()
    second = [row for row in table.as_dicts() if row["host"] == "compute2"]
    assert [row["resource"] for row in second] == ["VCPU", "MEMORY_MB", "DISK_GB"]
    assert second[1] == {
        "host": "compute2",
        "resource": "MEMORY_MB",
        "there": 8192,
        "may be sold": 7680,
        "=": "(8192 - 512)",
        "sold": 7000,
        "free": 680,
        "sold of there": "85%",
    }
    assert 'class="there"' in hosts.at(booted).svg()  # VCPUs are sold several times


def test_the_hosts_of_an_earlier_step(booted):
    spawned = next(event.seq for event in booted if event.kind == "virt.call")
    assert hosts.at(booted, spawned)[0].servers[0].state == "building, spawning"
    made = next(e.seq for e in booted if e.kind == "db.insert" and e.data["table"] == "instances")
    assert hosts.at(booted, made)[0].servers == []
    assert [one.name for one in hosts.homeless(booted, made)] == ["web1"]


def test_a_host_whose_nova_compute_has_not_reported_is_there_without_numbers(hand):
    hand("nova-compute@compute9", "service.start")
    assert [host.name for host in hosts.at(hand.journal)][-1] == "compute9"
    hand("nova-compute@compute9", "service.stop")
    strange = hosts.at(hand.journal)[-1]
    assert (strange.up, strange.meters) == (False, [])
    assert "has not reported what it has" in str(strange)
    assert "has not reported what it has" in hosts.at(hand.journal).svg()


def test_a_crashed_nova_compute_makes_its_host_down(hand):
    hand("nova-compute@compute2", "service.crash")
    assert [host.up for host in hosts.at(hand.journal)] == [True, False, True]
    hand("nova-compute@compute2", "service.start")
    assert [host.up for host in hosts.at(hand.journal)] == [True, True, True]


def test_a_host_whose_nova_compute_never_came_up_is_shown_as_down(hand):
    hand("nova-compute@compute4", "service.start")
    hand("nova-compute@compute4", "service.stop")
    last = hosts.at(hand.journal)[-1]
    assert (last.name, last.status, last.meters) == ("compute4", "down", [])
    assert "compute4" in hosts.at(hand.journal).svg()


def test_a_servers_history(booted, uuid):
    history = states.history(booted, "web1")
    assert [one.task_state for one in history.states] == [
        "scheduling",
        "scheduling",
        "spawning",
        None,
    ]
    assert history.at(len(booted)).power_state == "running"
    assert states.history(booted, uuid).states == history.states
    with pytest.raises(Exception, match="unknown server 'web2': did you mean 'web1'"):
        states.history(booted, "web2")


def test_the_topology_for_networkx(booted):
    found = graph.topology(booted).graph()
    assert found.nodes["queue compute.compute1"]["kind"] == "queue"
    edge = found.edges["exchange nova", "queue compute.compute1", "compute.compute1"]
    assert edge == {"label": "compute.compute1", "messages": 1}


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_what_is_read_stands_out_from_its_ground(theme):
    said = ("ink", "muted", "call", "cast", "reply", "error", "timeout", "http", "virt", "state")
    for name in said:
        assert contrast(theme[name], theme["paper"]) >= 4.5, name


def test_both_themes_have_the_same_colours():
    assert set(palette.LIGHT) == set(palette.DARK)

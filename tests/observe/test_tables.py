"""Rows, queues, causes, logs, tables: what they say, at any step."""

import re
import subprocess
import sys
import time

import pytest

from simnova import Cloud, Config
from simnova.exceptions import UsageError
from simnova.kernel import clock
from simnova.observe import causes, logs, queues, rows, schema, story
from simnova.observe.index import follow
from simnova.observe.table import Table


def test_a_table_is_text_and_html():
    table = Table(("name", "size"), [("web1", 20), ("<b>", None)])
    assert str(table) == "name  size\n----  ----\nweb1    20\n<b>      -"
    assert '<td style="text-align:left">&lt;b&gt;</td>' in table._repr_html_()


def test_a_wide_table_is_cut_to_a_line_and_its_html_is_not():
    table = Table(("a", "b"), [("x" * 200, "short")])
    assert max(map(len, str(table).splitlines())) == 100
    assert "x" * 200 in table._repr_html_()


def test_prose_that_does_not_fit_goes_on_below_in_its_column():
    prose = "the conductor waits a minute, gives up, and says so in a fault record " * 3
    text = str(Table(("nr", "what", "id"), [(1, prose, "f" * 36), (2, "short", "e" * 36)]))
    _, _, *lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert "…" not in text
    assert " ".join(line[4:60].strip() for line in lines[:-1]).split() == prose.split()
    assert lines[0].startswith(" 1  the conductor")
    assert lines[0].endswith("f" * 36)
    assert lines[1].startswith("    ")
    assert lines[-1].split() == ["2", "short", "e" * 36]


def test_prose_without_end_is_cut_after_some_lines():
    text = str(Table(("a", "spec"), [("x", '{"key": "value", ' * 500)]))
    assert len(text.splitlines()) == 2 + 8
    assert text.endswith("…")


def test_a_column_that_is_to_be_whole_is_neither_cut_nor_folded():
    text = str(Table(("a", "b"), [("word " * 15, "word " * 15)], whole=("b",)))
    assert ("word " * 15).strip() in text.splitlines()[2]


def test_in_html_names_stay_on_one_line_and_long_heads_fold_between_their_words():
    shown = Table(("host", "ServerGroupAntiAffinity"), [("☆ compute1", "✓")], whole=("host",))
    html = shown._repr_html_()
    assert '<td style="text-align:left;white-space:nowrap">☆ compute1</td>' in html
    assert ">Server<wbr>Group<wbr>Anti<wbr>Affinity</th>" in html
    long = Table(("because",), [("word " * 15,)], whole=("because",))._repr_html_()
    assert "nowrap" not in long


def test_dollars_and_backslashes_are_no_formula_to_a_notebook():
    html = Table(("name", "size"), [("a $x$", "big")])._repr_html_()
    assert '<td style="text-align:left" class="mathjax_ignore tex2jax_ignore">a $x$</td>' in html
    assert '<td style="text-align:left">big</td>' in html


def test_a_table_of_fifty_columns_stands_upright_without_those_that_are_null():
    names = [f"column_{number}" for number in range(50)]
    rows = [[None if n % 2 else (row, n) for n in range(50)] for row in range(6)]
    text = str(Table(names, rows, "nova_cell1.compute_nodes"))
    first, head, *lines = text.splitlines()
    assert first == "nova_cell1.compute_nodes: 4 of 6 rows, one a column"
    assert head.split() == ["column", "row", "1", "row", "2", "row", "3", "row", "4"]
    assert len(lines) == 1 + 25
    assert max(map(len, lines)) <= 100
    assert "column_49" in Table(names, rows)._repr_html_()


def test_an_empty_table_has_its_columns():
    assert str(Table(("a", "b"), [])) == "a  b\n-  -"


def test_rows_at_any_step_forwards_and_backwards(booted):
    every = [rows.at(booted, seq, "nova_cell1.instances") for seq in range(len(booted))]
    again = [rows.at(booted, seq, "nova_cell1.instances") for seq in reversed(range(len(booted)))]
    assert every == again[::-1]
    assert every[0] == []
    assert every[-1][0]["vm_state"] == "active"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("nova_cell1.instnces", "nova_cell1.instances"),
        ("instances", "nova_cell1.instances"),
        ("ports", "neutron.ports"),
    ],
)
def test_a_table_that_is_not_there_is_refused_with_the_nearest_name(booted, name, nearest):
    with pytest.raises(UsageError, match=rf"unknown table '{name}': .*{nearest}"):
        rows.table(booted, None, name)


def test_a_table_without_a_row_is_empty_in_every_cell(booted):
    for name in ("nova_cell0.instances", "nova_cell1.migrations", "neutron.ports"):
        assert len(rows.table(booted, None, name)) == 0


def test_the_tables_that_are_known_are_those_of_the_databases(real):
    there = {
        name: sorted(table.name for table in metadata.tables.values())
        for name, metadata in real.assembly.databases.metadata.items()
    }
    assert {name: sorted(own) for name, own in schema.TABLES.items()} == there


@pytest.mark.parametrize("seq", [-5, -1, 99999])
def test_a_step_that_is_not_there_is_refused(booted, seq):
    expected = f"there is no event {seq}: this journal has events 0 to {len(booted) - 1}"
    for look in (
        lambda: rows.table(booted, seq, "nova_cell1.instances"),
        lambda: rows.changed(booted, seq),
        lambda: causes.why(booted, seq),
        lambda: story.sentence(booted, seq),
    ):
        with pytest.raises(UsageError, match=expected):
            look()


def test_why_takes_a_step_or_its_event_and_nothing_else(booted):
    assert causes.why(booted, booted[20]) == causes.why(booted, 20)
    with pytest.raises(UsageError, match="'x' is no event: give one, such as"):
        causes.why(booted, "x")


def test_a_deleted_row_comes_back_when_one_steps_back(hand):
    made = hand.row("nova-api", "nova_api.build_requests", 4, id=4, instance_uuid="u")
    gone = hand(
        "nova-conductor",
        "db.delete",
        db="nova_api",
        table="build_requests",
        key=4,
        before={"id": 4, "instance_uuid": "u"},
        after=None,
    )
    assert rows.at(hand.journal, gone, "nova_api.build_requests") == []
    assert rows.at(hand.journal, made, "nova_api.build_requests") == [
        {"id": 4, "instance_uuid": "u"}
    ]


def test_the_rows_agree_with_the_kernels_timeline(booted):
    from simnova.kernel.timeline import Timeline

    for seq in (5, 30, len(booted) - 1):
        expected = Timeline(booted).rows(seq)
        found = follow(booted, rows.Cursor).to(seq)
        assert {name: len(some) for name, some in found.items() if some} == {
            name: sum(key[:2] == tuple(name.split(".")) for key in expected)
            for name in {f"{key[0]}.{key[1]}" for key in expected}
        }


def test_what_a_step_changed(booted):
    assert rows.changed(booted, len(booted) - 1).rows == [
        ("nova_cell1.instances", "1", "vm_state", "building", "active"),
        ("nova_cell1.instances", "1", "task_state", "spawning", None),
        ("nova_cell1.instances", "1", "power_state", 0, 1),
    ]
    assert len(rows.changed(booted, 0)) == 0


def test_a_message_is_in_its_queue_from_publish_to_ack(booted):
    publish = next(event.seq for event in booted if event.kind == "amqp.publish")
    states = [
        queues.contents(booted, seq, "conductor").column("state")
        for seq in range(publish, publish + 3)
    ]
    assert states == [["ready"], ["unacknowledged"], []]
    assert queues.at(booted, publish).rows == [("conductor", 1, 0)]
    assert queues.contents(booted, publish).column("carries") == [
        "cast schedule_and_build_instances"
    ]


def test_a_message_that_is_requeued_waits_again_and_a_dropped_one_does_not(hand):
    hand("rabbitmq", "amqp.publish", exchange="", routing_key="q", queues=["q"], message="b.1")
    hand("nova-api", "amqp.deliver", queue="q", message="b.1", redelivered=False)
    back = hand("rabbitmq", "amqp.requeue", queue="q", message="b.1")
    gone = hand("rabbitmq", "amqp.drop", queue="q", message="b.1", reason="expired")
    assert queues.at(hand.journal, back).rows == [("q", 1, 0)]
    assert queues.at(hand.journal, gone).rows == []
    assert queues.at(hand.journal, gone, empty=True).rows == [("q", 0, 0)]
    assert queues.depths(hand.journal, "q").column("ready") == [1, 0, 1, 0]


def test_why_leads_back_to_the_input(booted):
    chain = causes.why(booted, len(booted) - 1)
    told = [text for _, _, text in chain]
    assert told[0].startswith("The conductor sets server web1's vm_state from building to active")
    assert "The client asks the API to boot server web1." in told
    assert len(causes.why(booted, len(booted) - 1, everything=True)) == len(booted)
    assert causes.origin(booted, len(booted) - 1) == 0


def test_why_tells_of_the_message_that_was_lost(real):
    twin = real.fork()
    twin.lose("build_and_run_instance")
    twin.boot("lost")
    twin.run()
    end = [event for event in twin.journal if not event.background][-1]
    told = str(twin.why(end, only="rpc"))
    assert "The message of build_and_run_instance is lost on its way" in told
    twin.lose("select_destinations", reply=True)
    twin.boot("unanswered")
    twin.run()
    timeout = [event for event in twin.journal if event.kind == "rpc.timeout"][-1]
    told = [text for _, _, text in twin.why(timeout)]
    assert told[1].startswith("The reply to select_destinations is lost on its way")
    assert not [text for _, _, text in twin.why(timeout) if "build_and_run_instance" in text]
    with pytest.raises(UsageError, match="unknown kind of event 'rcp': did you mean 'rpc'"):
        twin.why(timeout, only="rcp")


def test_the_story_says_how_long_a_build_took(real):
    told = [text for _, _, text in real.story() if "after it was asked for" in text]
    assert any(re.search(r": it is ACTIVE \d\.\d\d s after it was asked for\.$", t) for t in told)


def test_a_log_line_is_in_openstacks_format(booted):
    line = logs.lines(booted, service="nova-compute@compute1")[-1]
    assert str(line) == (
        f"2026-01-01 00:00:00.049 {line.pid} INFO nova.compute.claims "
        "[None req-1 u1 p1 - - default default] "
        "[instance: 57624fe1-cdd8-49bf-a5f7-3020ffe601c2] Claim successful on node compute1"
    )


def test_lines_are_narrowed_by_level_request_and_server(hand, uuid):
    for level, about in (("DEBUG", None), ("WARNING", uuid)):
        hand("nova-api", "log", level=level, logger="nova", message=level, instance=about)
    journal = hand.journal
    assert [line.level for line in logs.lines(journal)] == ["DEBUG", "WARNING"]
    assert [line.level for line in logs.lines(journal, level="INFO")] == ["WARNING"]
    assert [line.level for line in logs.lines(journal, server=uuid)] == ["WARNING"]
    assert logs.lines(journal, request="req-2") == []
    assert [line.level for line in logs.lines(journal, upto=len(journal) - 2)] == ["DEBUG"]
    with pytest.raises(UsageError, match="log level 'info'"):
        logs.lines(journal, level="info")


def test_a_traceback_has_its_prefix_on_every_line_and_keeps_its_indentation(hand):
    hand("nova-api", "log", level="ERROR", logger="nova", message="failed\nTraceback:\n  File x")
    first, second, third = str(logs.lines(hand.journal)).splitlines()
    assert first.endswith("failed")
    assert second.endswith(" ERROR nova Traceback:")
    assert third.endswith(" ERROR nova   File x")


def test_a_process_id_is_the_same_in_every_run_and_another_after_a_restart(hand):
    assert logs.pid("nova-api", 1) == logs.pid("nova-api", 1)
    assert len({logs.pid("nova-api", life) for life in range(1, 9)}) == 8


def test_the_epoch_is_the_clocks():
    assert logs.EPOCH == clock.EPOCH


def test_a_log_shows_what_users_wrote_as_text(hostile):
    text = str(logs.lines(hostile))
    assert "\x1b" not in text
    assert "<script" not in logs.lines(hostile)._repr_html_()


def test_looking_writes_nothing_and_a_growing_journal_is_followed(hand):
    before = len(hand.journal)
    assert len(rows.at(hand.journal, None, "nova_cell1.services")) == 3
    assert len(hand.journal) == before
    hand.row("nova-conductor", "nova_cell1.services", 4, id=4, host="compute4")
    assert len(rows.at(hand.journal, None, "nova_cell1.services")) == 4


def test_importing_all_of_it_loads_nothing_heavy():
    program = (
        "import pkgutil, importlib, sys, simnova.observe as o\n"
        "for m in pkgutil.walk_packages(o.__path__, 'simnova.observe.'): importlib.import_module(m.name)\n"
        "print(*{name.split('.')[0] for name in sys.modules} & {'numpy', 'matplotlib', 'networkx', 'IPython', 'simpy'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.thorough
def test_one_step_of_a_hundred_thousand_events_needs_no_wait(hand, uuid):
    from simnova.observe import decision, hosts, sequence, steps

    boot = sys.modules[type(hand).__module__].boot
    while len(hand.journal) < 100_000:
        boot(hand)
    journal = hand.journal
    looks = [
        lambda seq: story.sentence(journal, seq),
        lambda seq: decision.latest(journal, seq),
        lambda seq: hosts.at(journal, seq),
        lambda seq: rows.changed(journal, seq),
        lambda seq: queues.at(journal, seq),
        lambda seq: logs.lines(journal, seq, first=seq - 50),
        lambda seq: sequence.arrows(journal, seq, first=seq - 200),
    ]
    for look in looks:
        look(50_000)
    steps.steps(journal)
    start = time.perf_counter()
    for look in looks:
        look(50_001)
    assert time.perf_counter() - start < 0.5


def test_a_kind_or_a_service_that_nothing_is_called_is_refused(booted):
    with pytest.raises(UsageError, match="unknown kind of event 'rcp': did you mean 'rpc'"):
        story.story(booted, only="rcp")
    with pytest.raises(UsageError, match="unknown service 'nova-apu': did you mean 'nova-api'"):
        logs.lines(booted, service="nova-apu")


def test_the_log_of_one_server_of_one_kind_of_service():
    cloud = Cloud(hosts=2)
    server = cloud.boot("web").wait()
    assert cloud.log(server="web") == cloud.log(server=server) == cloud.log(server=server.id)
    computes = cloud.log(service="nova-compute")
    assert {line.service for line in computes} == {f"nova-compute@{server.host}"}
    assert "Starting to schedule for instances" in str(cloud.log(server="web"))
    with pytest.raises(UsageError, match="did you mean 'web'"):
        cloud.log(server="wob")


def test_one_request_goes_through_the_logs_of_all_services():
    cloud = Cloud(hosts=2)
    server = cloud.boot("web").wait()
    lines = cloud.log()
    assert len({line.request_id for line in lines}) == 2
    assert [line.message for line in lines if line.request_id is None] == [
        "VM Started (Lifecycle Event)"  # the hypervisor's own news, of no request
    ]
    assert {line.service.partition("@")[0] for line in lines} == {
        "nova-api",
        "nova-conductor",
        "nova-scheduler",
        "nova-compute",
    }
    debug = next(line for line in lines if line.message == "Starting instance...")
    assert re.search(
        r"Starting instance\.\.\. _do_build_and_run_instance nova/\S+\.py:\d+$", str(debug)
    )
    said = [line.message for line in cloud.log(server=server, level="INFO")]
    claim = said.index(
        f"Attempting claim on node {server.host}: memory 2048 MB, disk 20 GB, vcpus 1 CPU"
    )
    assert said[claim + 1] == f"Claim successful on node {server.host}"


def test_an_image_is_converted_only_the_first_time_on_a_host():
    cloud = Cloud(hosts=1)
    for name in ("first", "second"):
        cloud.boot(name).wait()
    converted = [
        line for line in cloud.log() if line.message.endswith("was qcow2, converting to raw")
    ]
    assert len(converted) == 1
    files = [
        event.data["file"]
        for event in cloud.journal
        if event.kind == "virt.step" and event.data["step"] == "overlay"
    ]
    assert len(set(files)) == 2


def test_a_claim_in_a_classic_release_tells_the_totals_and_the_limits():
    cloud = Cloud(hosts=1, config=Config(release="mitaka"))
    cloud.boot("old").wait()
    said = [line.message for line in cloud.log(level="INFO")]
    assert "Total memory: 16384 MB, used: 512.00 MB" in said
    assert "memory limit: 24576.00 MB, free: 24064.00 MB" in said
    assert "vcpu limit not specified, defaulting to unlimited" in said

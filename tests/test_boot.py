"""A boot, from the request to the guest, and what it does when something is in its way."""

import json
from pathlib import Path

import pytest

from simnova import Cloud, Host
from simnova.observe.recording import lines

RECORDINGS = Path(__file__).parent.parent.parent / "shared" / "nova" / "recordings.jsonl"


UNLIMITED = {"quota": {"ram": -1}}


@pytest.fixture
def cloud():
    with Cloud(hosts=3, config=UNLIMITED) as made:
        yield made


def kinds(cloud, first=0):
    return [event.kind for event in cloud.journal.events[first:] if not event.background]


def test_a_server_is_accepted_at_once_and_active_when_the_cloud_has_run(cloud):
    server = cloud.boot("web")
    assert server.status == "BUILD"
    assert server.host is None
    cloud.run()
    assert server.status == "ACTIVE"
    assert server.host in cloud.assembly.hosts
    assert server.addresses == ["10.0.0.2"]


def test_until_it_has_a_cell_the_server_is_its_build_request(cloud):
    server = cloud.boot("web")
    assert len(cloud.sql("SELECT * FROM nova_api.build_requests")) == 1
    assert len(cloud.sql("SELECT * FROM nova_cell1.instances")) == 0
    cloud.run()
    assert len(cloud.sql("SELECT * FROM nova_api.build_requests")) == 0
    found = cloud.sql("SELECT uuid, vm_state, task_state, power_state FROM nova_cell1.instances")
    assert [list(row) for row in found.rows] == [[server.id, "active", None, 1]]


def test_the_states_of_a_boot_are_novas_in_novas_order(cloud):
    server = cloud.boot("web")
    cloud.run()
    states = [
        (line["vm"], line["task"]) for line in lines(cloud.journal) if line["kind"] == "state"
    ]
    assert states == [
        ("building", "scheduling"),
        ("building", None),
        ("building", None),
        ("building", "networking"),
        ("building", "block_device_mapping"),
        ("building", "spawning"),
        ("active", None),
    ]
    assert "state.unexpected" not in kinds(cloud)
    assert server.task_state is None


def test_one_request_id_goes_through_all_services(cloud):
    call = cloud.submit("web")
    cloud.run()
    seen = {event.actor for event in cloud.journal if event.request_id == call.request_id}
    host = call.server.host
    assert {"nova-api", "nova-conductor", "nova-scheduler", f"nova-compute@{host}"} <= seen
    assert {"placement", "glance", "neutron"} <= seen


def test_why_a_server_is_active_is_a_chain_back_to_the_request(cloud):
    cloud.boot("web")
    cloud.run()
    active = next(
        event
        for event in cloud.journal
        if event.kind == "db.update" and event.data["after"].get("vm_state") == "active"
    )
    chain = cloud.journal.causes(active.seq)
    assert chain[-1].kind == "input"
    assert chain[-1].data["verb"] == "request"
    methods = [
        event.data["method"] for event in reversed(chain) if event.kind in ("rpc.cast", "rpc.call")
    ]
    assert methods[0] == "schedule_and_build_instances"
    assert "build_and_run_instance" in methods


def test_two_boots_are_not_each_others_cause(cloud):
    first, second = cloud.submit("a"), cloud.submit("b")
    cloud.run()
    for event in cloud.journal:
        if event.request_id == second.request_id and not event.background:
            requests = {cause.request_id for cause in cloud.journal.causes(event.seq)}
            assert first.request_id not in requests


def test_nova_compute_reaches_no_database(cloud):
    """What a compute host changes, the conductor writes."""
    cloud.boot("web")
    cloud.run()
    actors = {
        event.actor
        for event in cloud.journal
        if event.kind.startswith("db.") and event.data["db"].startswith("nova_")
    }
    assert not any(actor.startswith("nova-compute") for actor in actors)
    assert "nova-conductor" in actors


def test_a_compute_that_tries_is_refused_in_novas_words(cloud):
    from simnova.db.exception import DBNotAllowed

    caught = []

    async def captured():
        try:
            await cloud.assembly.databases["nova_cell1"].select("instances")
        except DBNotAllowed as error:
            caught.append(str(error))

    cloud.clock.spawn(captured(), service=cloud.assembly.running["nova-compute@compute1"])
    cloud.run()
    assert caught == [
        "nova-compute attempted direct database access which is not allowed by policy"
    ]


def test_no_valid_host_buries_the_server_in_cell0(cloud):
    cloud.flavors.create("huge", vcpus=1, ram=10**8, disk=1)
    server = cloud.boot("big", flavor="huge")
    cloud.run()
    assert server.status == "ERROR"
    assert server.fault.startswith("No valid host was found.")
    found = cloud.sql("SELECT uuid, host FROM nova_cell0.instances")
    assert [list(row) for row in found.rows] == [[server.id, None]]
    assert len(cloud.sql("SELECT * FROM nova_cell1.instances")) == 0


def test_a_build_that_fails_goes_to_an_alternate_and_the_scheduler_is_not_asked_again(cloud):
    for host in cloud.assembly.hosts:
        cloud.fail(host, "start")
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ERROR"
    assert "Exceeded maximum number of retries" in server.fault
    methods = [event.data["method"] for event in cloud.journal if event.kind == "rpc.call"]
    assert methods.count("select_destinations") == 1
    casts = [
        event.data["server"]
        for event in cloud.journal
        if event.kind == "rpc.cast" and event.data["method"] == "build_and_run_instance"
    ]
    assert sorted(casts) == sorted(cloud.assembly.hosts)


def test_the_first_host_fails_the_second_builds_it_and_nothing_is_left_on_the_first(cloud):
    probe = cloud.fork()
    probed = probe.boot("web")
    first = probe.run() and probed.host
    cloud.fail(first, "start")
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ACTIVE"
    assert server.host != first
    used = cloud.sql("SELECT host, vcpus_used, running_vms FROM nova_cell1.compute_nodes")
    assert {row[0]: (row[1], row[2]) for row in used.rows}[first] == (0, 0)
    assert len(cloud.sql("SELECT * FROM placement.allocations")) == 3
    assert len(cloud.sql("SELECT * FROM neutron.ports")) == 1


def test_max_attempts_one_means_no_second_try():
    cloud = Cloud(hosts=3, config={"max_attempts": 1})
    for host in cloud.assembly.hosts:
        cloud.fail(host, "start")
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ERROR"
    casts = [
        e for e in cloud.journal if e.kind == "rpc.cast" and e.data["method"] == "build_instances"
    ]
    assert casts == []


def test_several_servers_of_one_request_are_all_or_nothing(cloud):
    servers = cloud.submit("web", count=4)
    cloud.run()
    assert [server.status for server in servers.servers] == ["ACTIVE"] * 4
    assert sorted(server.name for server in servers.servers) == ["web-1", "web-2", "web-3", "web-4"]
    small = Cloud(hosts=[Host("only", memory_mb=8192)])
    call = small.submit("web", flavor="m1.medium", count=3)
    small.run()
    assert [server.status for server in call.servers] == ["ERROR"] * 3
    assert len(small.sql("SELECT * FROM placement.allocations")) == 0


def test_a_deleted_server_gives_everything_back(cloud):
    server = cloud.boot("web")
    cloud.run()
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    assert len(cloud.servers) == 0
    for table in ("placement.allocations", "neutron.ports"):
        assert len(cloud.sql(f"SELECT * FROM {table}")) == 0
    used = cloud.sql("SELECT vcpus_used, memory_mb_used, running_vms FROM nova_cell1.compute_nodes")
    assert {tuple(row) for row in used.rows} == {(0, 512, 0)}


def test_a_server_deleted_before_it_was_scheduled_is_never_built(cloud):
    server = cloud.boot("web")
    server.delete()
    cloud.run()
    assert len(cloud.servers) == 0
    assert "virt.call" not in [
        event.kind for event in cloud.journal if event.data.get("method") == "spawn"
    ]
    assert len(cloud.sql("SELECT * FROM placement.allocations")) == 0


def test_a_forced_host_is_the_host_and_there_is_no_retry(cloud):
    server = cloud.boot("web", host="compute3")
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", "compute3")
    cloud.fail("compute3", "start")
    other = cloud.boot("other", host="compute3")
    cloud.run()
    assert other.status == "ERROR"


def test_computes_report_on_novas_intervals(cloud):
    start = cloud.now
    cloud.run(until=start + 125)
    reports = {}
    for event in cloud.journal:
        if event.kind == "db.update" and event.data["table"] == "services" and event.time > start:
            reports[event.data["key"]] = reports.get(event.data["key"], 0) + 1
    assert set(reports.values()) == {12}
    assert all(event.background for event in cloud.journal if event.time > start + 0.001)


def reduced(events):
    """Lines without what differs from run to run: ids, host names by first appearance, marks of unchanged fields."""
    names = {}

    def name(host):
        return None if host is None else names.setdefault(host, f"host{len(names) + 1}")

    found = []
    for event in events:
        if event["kind"] == "rpc":
            found.append(
                ("rpc", event["how"], event["method"], event["topic"], name(event["server"]))
            )
        elif event["kind"] == "state":
            found.append(
                (
                    "state",
                    event["op"],
                    event["vm"],
                    event["task"],
                    event["power"],
                    name(event["host"]),
                )
            )
        elif event["kind"] == "placement":
            path = event["url"].split("/")[1]
            resources = [
                sorted(allocation["resources"])
                for allocation in ((event["body"] or {}).get("allocations") or {}).values()
            ]
            found.append(("placement", event["m"], path, event["q"], event["status"], resources))
    return found


def recording(operation):
    if not RECORDINGS.exists():
        pytest.skip("the recordings of real Nova are not beside this checkout")
    for line in RECORDINGS.read_text().splitlines():
        found = json.loads(line)
        if found["operation"] == operation:
            return found
    raise AssertionError(operation)


def tiny(cloud, **sizes):
    cloud.flavors.create("recorded", **{"vcpus": 1, "ram": 512, "disk": 1, **sizes})
    return len(cloud.journal)


def actions(cloud, database="nova_cell1"):
    found = cloud.sql(f"SELECT event, result FROM {database}.instance_actions_events ORDER BY id")
    return [list(row) for row in found.rows]


class TestAsRealNova:
    """The journal, reduced to the lines in which real Nova was recorded, is the recording."""

    def test_create(self, cloud):
        expected = recording("create")
        first = tiny(cloud)
        cloud.boot("web", flavor="recorded")
        cloud.run()
        assert reduced(lines(cloud.journal, first)) == reduced(expected["events"])
        assert actions(cloud) == expected["action"]["events"]

    def test_create_no_valid_host(self, cloud):
        expected = recording("create: no valid host")
        first = tiny(cloud, ram=100_000_000)
        cloud.boot("web", flavor="recorded")
        cloud.run()
        assert reduced(lines(cloud.journal, first)) == reduced(expected["events"])
        assert actions(cloud, "nova_cell0") == expected["action"]["events"]

    def test_create_first_host_fails(self, cloud):
        expected = recording("create: first host fails, rescheduled to an alternate")
        first = tiny(cloud)
        probe = cloud.fork()
        host = probe.boot("web", flavor="recorded").wait().host
        cloud.fail(host, "spawn")
        cloud.boot("web", flavor="recorded")
        cloud.run()
        assert reduced(lines(cloud.journal, first)) == reduced(expected["events"])

    def test_delete(self, cloud):
        tiny(cloud)
        server = cloud.boot("web", flavor="recorded")
        cloud.run()
        first = len(cloud.journal)
        server.delete()
        cloud.run()
        found = reduced(lines(cloud.journal, first))
        assert [line[2] for line in found if line[0] == "rpc"] == [
            "terminate_instance",
            "delete_instance_info",
        ]
        assert [line[1:4] for line in found if line[0] == "state"] == [
            ("save", "active", "deleting"),
            ("save", "deleted", None),
            ("destroy", "deleted", None),
        ]

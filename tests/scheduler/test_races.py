"""Two schedulers, each with its own view of the hosts: both choose the last room, and one claim loses."""

import pytest

from simnova import Cloud, Host
from simnova.exceptions import UsageError
from simnova.nova import exception
from simnova.nova.objects.instance_group import InstanceGroup

SCHEDULERS = ["nova-scheduler", "nova-scheduler:2"]


def of_one_room(*names, **options):
    """Hosts on each of which one m1.small has room (512 MB are reserved), and two schedulers."""
    hosts = [Host(name, memory_mb=2048 + 512) for name in names]
    return Cloud(hosts=hosts, config={"scheduler.workers": 2, **options})


def both(cloud):
    """Two servers asked for at the same time."""
    calls = [cloud.submit(name) for name in ("one", "two")]
    cloud.run()
    return [call.server for call in calls]


def events(cloud, kind):
    return [event for event in cloud.journal if event.kind == kind]


def held(cloud):
    """How many servers hold an allocation."""
    return len(cloud.sql("SELECT DISTINCT consumer_id FROM placement.allocations").rows)


# --- two schedulers ---------------------------------------------------------------------------------------------


def test_two_workers_are_one_service_on_one_topic():
    with of_one_room("compute1") as cloud:
        assert [name for name in cloud.assembly.running if "scheduler" in name] == SCHEDULERS
        rows = cloud.sql(
            "SELECT host FROM nova_cell1.services WHERE binary = 'nova-scheduler'"
        ).rows
        assert len(rows) == 1


def test_they_take_the_calls_by_turns_and_all_hear_what_computes_cast():
    with of_one_room("compute1", "compute2") as cloud:
        both(cloud)
        assert [event.actor for event in events(cloud, "scheduler.select")] == SCHEDULERS
        told = [e for e in events(cloud, "amqp.deliver") if "scheduler_fanout" in e.data["queue"]]
        heard = [e.actor for e in told if not e.background]
        assert (heard.count(SCHEDULERS[0]), heard.count(SCHEDULERS[1])) == (2, 2)


def test_where_one_is_down_the_other_does_all_the_work():
    with of_one_room("compute1", "compute2") as cloud:
        cloud.crash("nova-scheduler:2")
        assert "nova-scheduler:2 is down" in repr(cloud)
        assert [server.status for server in both(cloud)] == ["ACTIVE", "ACTIVE"]
        assert {event.actor for event in events(cloud, "scheduler.select")} == {"nova-scheduler"}
        cloud.start("nova-scheduler:2")
        cloud.run()
        assert cloud.log(service="nova-scheduler:2", background=True)


def test_a_call_that_dies_with_its_scheduler_is_lost_and_the_next_is_not():
    with of_one_room("compute1", "compute2") as cloud:
        cloud.crash_at("scheduler.weigh", "nova-scheduler")
        first, second = both(cloud)
        assert second.status == "ACTIVE"
        assert first.fault.startswith("Timed out waiting for a reply to message ID")
        assert held(cloud) == 1


def test_a_worker_that_is_not_there_is_unknown():
    with (
        Cloud(hosts=1) as cloud,
        pytest.raises(UsageError, match="unknown running service 'nova-scheduler:2'"),
    ):
        cloud.crash("nova-scheduler:2")


# --- a claim that loses -----------------------------------------------------------------------------------------


def test_both_choose_the_same_host_and_the_claim_that_loses_goes_to_the_next():
    with of_one_room("compute1", "compute2") as cloud:
        servers = both(cloud)
        assert [server.status for server in servers] == ["ACTIVE", "ACTIVE"]
        assert [server.host for server in servers] == ["compute1", "compute2"]
        orders = [event.data["order"] for event in events(cloud, "scheduler.weigh")]
        assert orders == [["compute1", "compute2"]] * 2
        (refused,) = [e for e in events(cloud, "http.response") if e.data["status"] == 409]
        assert refused.data["to"] == "nova-scheduler:2"
        told = " ".join(cloud.sentence(refused.seq).split())
        start = (
            "Placement refuses the scheduler (2) the claim of 1 VCPU, 2048 MB and 20 GB on compute1"
        )
        assert told.startswith(f"{start} for server two with 409 Conflict: ")
        assert told.endswith("The requested amount would exceed the capacity.")
        assert "Placement refused the claim on compute1 (409)" in " ".join(
            str(cloud.decision()).split()
        )


def test_of_two_that_want_the_last_room_one_finds_no_valid_host():
    with of_one_room("compute1") as cloud:
        servers = both(cloud)
        assert [server.status for server in servers] == ["ACTIVE", "ERROR"]
        assert servers[1].fault == (
            "No valid host was found. There are not enough hosts available."
        )
        assert held(cloud) == 1
        lines = [event.data["message"] for event in events(cloud, "log")]
        assert "Unable to successfully claim against any host." in lines


def test_before_placement_both_land_on_the_host_and_its_claim_sends_one_back():
    hosts = [Host(f"compute{number}", memory_mb=3000) for number in (1, 2)]
    with Cloud(hosts=hosts, config={"release": "mitaka", "scheduler.workers": 2}) as cloud:
        servers = both(cloud)
        assert [server.status for server in servers] == ["ACTIVE", "ACTIVE"]
        assert {server.host for server in servers} == {"compute1", "compute2"}
        casts = [
            e for e in events(cloud, "rpc.cast") if e.data["method"] == "build_and_run_instance"
        ]
        assert [e.data["server"] for e in casts] == ["compute1", "compute1", "compute2"]
        lines = [event.data["message"] for event in events(cloud, "log")]
        assert any("Insufficient compute resources: Free memory" in line for line in lines)
        retried = [
            e.data["verdicts"]
            for e in events(cloud, "scheduler.filter")
            if e.data["filter"] == "RetryFilter"
        ]
        assert retried[-1] == {"compute1": "the build has failed here before", "compute2": True}
        chosen = [event.actor for event in events(cloud, "scheduler.select")]
        assert chosen[:2] == SCHEDULERS


def test_a_race_repeats_and_forks():
    with of_one_room("compute1", "compute2") as cloud:
        both(cloud)
        with cloud.fork() as twin:
            assert [e.digest() for e in twin.journal] == [e.digest() for e in cloud.journal]


# --- several servers in one request -----------------------------------------------------------------------------


def placed(nova, count, policy, **rules):
    """The hosts of so many servers of a group; they are its members before they are scheduled, as in Nova."""
    uuids = [nova.clock.uuid("member") for _ in range(count)]
    group = InstanceGroup(uuid="g1", policy=policy, rules=rules, members=list(uuids))
    spec = nova.spec(instance_group=group)
    found = nova.do(nova.scheduler().select_destinations(nova.context, spec, uuids))
    return sorted(selections[0].service_host for selections in found)


def hosts(nova, count, **node):
    for number in range(1, count + 1):
        nova.host(f"host{number}", **node)


def test_the_servers_of_one_request_see_each_other(nova):
    hosts(nova, 4)
    found = nova.select(nova.scheduler(), count=4)
    assert sorted(names[0] for names in found) == ["host1", "host2", "host3", "host4"]


def test_affinity_keeps_the_servers_of_one_request_together(nova):
    hosts(nova, 3)
    assert len(set(placed(nova, 3, "affinity"))) == 1


def test_anti_affinity_keeps_them_apart_or_none_is_placed(nova):
    hosts(nova, 3)
    with pytest.raises(exception.NoValidHost, match="There are not enough hosts available"):
        placed(nova, 4, "anti-affinity")
    assert nova.claimed() == {}
    assert placed(nova, 3, "anti-affinity") == ["host1", "host2", "host3"]


def test_max_server_per_host_loosens_it(nova):
    hosts(nova, 2)
    assert placed(nova, 4, "anti-affinity", max_server_per_host=2) == [
        "host1",
        "host1",
        "host2",
        "host2",
    ]
    with pytest.raises(exception.NoValidHost):
        placed(nova, 5, "anti-affinity", max_server_per_host=2)


def test_affinity_on_a_host_that_cannot_take_them_all_places_none(nova):
    hosts(nova, 2, memory_mb=2048, free_ram_mb=2048)
    with pytest.raises(exception.NoValidHost):
        placed(nova, 3, "affinity")
    assert nova.claimed() == {}


def test_all_or_nothing():
    with of_one_room("compute1", "compute2") as cloud:
        call = cloud.submit("many", count=3)
        cloud.run()
        assert [server.status for server in call.servers] == ["ERROR"] * 3
        assert held(cloud) == 0
        assert [server.status for server in both(cloud)] == ["ACTIVE", "ACTIVE"]

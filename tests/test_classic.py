"""A cloud as Nova was before Placement: filters reject, claims decide, and who loses goes back to the scheduler."""

import pytest

from simnova import Cloud, Host


def classic(*hosts, **config):
    """A cloud of Mitaka's time."""
    return Cloud(hosts=list(hosts), config={"release": "mitaka", **config})


@pytest.fixture
def alike():
    """Two hosts, each with room for one m1.small: 3000 MB x 1.5, 512 MB of it reserved."""
    with classic(Host("compute1", memory_mb=3000), Host("compute2", memory_mb=3000)) as made:
        yield made


def asked(cloud, service):
    """The requests that were made to a neighbour."""
    return [e for e in cloud.journal if e.kind == "http.request" and e.data["to"] == service]


def verdicts(cloud, name):
    """What a filter said each time it was asked."""
    return [
        event.data["verdicts"]
        for event in cloud.journal
        if event.kind == "scheduler.filter" and event.data["filter"] == name
    ]


def test_the_ram_filter_rejects_with_its_numbers_and_nobody_asks_placement():
    with classic(Host("small", memory_mb=1500), Host("big")) as cloud:
        server = cloud.boot("web", flavor="m1.small")
        cloud.run()
        assert (server.status, server.host) == ("ACTIVE", "big")
        assert verdicts(cloud, "RamFilter") == [
            {"small": "needs 2048 MB, more than the 1500 MB that the host has in all", "big": True}
        ]
        assert "placement" not in cloud.assembly.running
        assert asked(cloud, "placement") == []
        assert asked(cloud, "glance")


def test_memory_is_overcommitted_one_and_a_half_times(alike):
    servers = [alike.boot(name) for name in ("one", "two")]
    alike.run()
    third = alike.boot("three")
    alike.run()
    assert {server.status for server in servers} == {"ACTIVE"}
    assert third.status == "ERROR"
    assert third.fault == "No valid host was found. There are not enough hosts available."
    assert verdicts(alike, "RamFilter")[-1] == {
        "compute1": "needs 2048 MB, 1940 MB of 3000 x 1.5 free",
        "compute2": "needs 2048 MB, 1940 MB of 3000 x 1.5 free",
    }


def test_of_two_that_are_sent_to_one_host_the_claim_of_one_loses_and_the_retry_filter_passes_it_over(
    alike,
):
    calls = [alike.submit(name) for name in ("one", "two")]
    alike.run()
    servers = [call.server for call in calls]
    assert [server.status for server in servers] == ["ACTIVE", "ACTIVE"]
    assert {server.host for server in servers} == {"compute1", "compute2"}
    text = "Insufficient compute resources: Free memory 1940.00 MB < requested 2048 MB."
    assert any(text in e.data["message"] for e in alike.journal if e.kind == "log")
    first, second, again = verdicts(alike, "RetryFilter")
    assert first == second == {"compute1": True, "compute2": True}
    (loser,) = [host for host, said in again.items() if said is not True]
    assert again[loser] == "the build has failed here before"
    kinds = {event.kind for event in alike.journal}
    assert "state.unexpected" not in kinds


def test_who_has_tried_every_host_finds_none():
    with classic(Host("compute1", memory_mb=3000)) as cloud:
        calls = [cloud.submit(name) for name in ("one", "two")]
        cloud.run()
        assert sorted(call.server.status for call in calls) == ["ACTIVE", "ERROR"]
        (failed,) = [call.server for call in calls if call.server.status == "ERROR"]
        assert failed.host is None
        assert failed.fault.startswith("No valid host was found.")


def test_after_max_attempts_nobody_is_asked_any_more(alike):
    alike.set("scheduler.max_attempts", 1)
    for host in ("compute1", "compute2"):
        alike.fail(host, "spawn", times=1)
    server = alike.boot("web")
    alike.run()
    assert server.status == "ERROR"
    assert len(verdicts(alike, "RetryFilter")) == 1


def test_a_zone_is_a_matter_of_a_filter(alike):
    server = alike.boot("web", availability_zone="nova")
    alike.run()
    assert server.status == "ACTIVE"
    assert verdicts(alike, "AvailabilityZoneFilter")[-1] == {"compute1": True, "compute2": True}


def test_a_deleted_server_gives_back_what_it_had(alike):
    server = alike.boot("web")
    alike.run()
    server.delete()
    alike.run()
    nodes = alike.sql("SELECT DISTINCT free_ram_mb, running_vms FROM nova_cell1.compute_nodes")
    assert [list(row) for row in nodes.rows] == [[2488, 0]]


def test_a_classic_cloud_repeats_and_forks(alike):
    alike.boot("web")
    alike.run()
    with alike.fork() as twin:
        assert [str(e.data) for e in twin.journal] == [str(e.data) for e in alike.journal]
        server = twin.boot("another")
        twin.run()
        assert server.status == "ACTIVE"


def test_todays_cloud_keeps_the_hosts_it_has_tried_and_asks_the_scheduler_once():
    with Cloud(hosts=2) as cloud:
        for host in ("compute1", "compute2"):
            cloud.fail(host, "spawn", times=1)
        cloud.boot("web")
        cloud.run()
        messages = [e for e in cloud.journal if e.kind == "rpc.cast"]
        casts = [e for e in messages if e.data["method"] == "build_and_run_instance"]
        tried = '"hosts":[["compute1","compute1"],["compute2","compute2"]]'
        assert tried in casts[-1].data["body"]
        calls = [e for e in cloud.journal if e.kind == "rpc.call"]
        assert [e.data["method"] for e in calls].count("select_destinations") == 1

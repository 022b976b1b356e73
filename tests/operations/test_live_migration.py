"""Live migration: who takes the server, how its memory is copied, what ends the copy early, and what goes wrong."""

import pytest

from simnova import Cloud, Config, Refused, UsageError

pytestmark = pytest.mark.thorough

HELD = (
    "SELECT a.consumer_id, p.name FROM placement.allocations a "
    "JOIN placement.resource_providers p ON p.id = a.resource_provider_id "
    "WHERE a.used = 2048 ORDER BY a.consumer_id, p.name"
)
MIGRATE = "os-migrateLive"


def cloud_with_a_server(**options):
    cloud = Cloud(["host1", "host2", "host3"], seed=0, config=Config(**options))
    server = cloud.boot("web", flavor="m1.small", image="cirros", host="host1")
    cloud.run()
    return cloud, server


@pytest.fixture
def running():
    cloud, server = cloud_with_a_server()
    yield cloud, server
    unexpected = [event.data for event in cloud.journal if event.kind == "state.unexpected"]
    cloud.close()
    assert unexpected == []


def moves(server):
    """Type, status, source and destination of each migration of the server."""
    return [tuple(row[1:5]) for row in server.migrations.rows]


def held(cloud):
    return [tuple(row) for row in cloud.sql(HELD).rows]


def guests(cloud):
    return {host: len(door.driver.guests) for host, door in cloud.assembly.drivers.items()}


def steps(cloud, server, *names):
    found = [event.data for event in cloud.journal if event.kind == "virt.step"]
    return [one for one in found if one["instance"] == server.id and one["step"] in names]


def failures(cloud):
    """The texts of all faults, oldest first."""
    rows = cloud.sql("SELECT message FROM nova_cell1.instance_faults ORDER BY id").rows
    return [text for (text,) in rows]


def precopying(event):
    return event.kind == "virt.step" and event.data["step"] == "precopy"


# --- it arrives ---------------------------------------------------------------------------------------------------


def test_the_server_runs_on_another_host_and_never_stopped(running):
    cloud, server = running
    server.live_migrate()
    cloud.run()

    assert (server.status, server.host) == ("ACTIVE", moves(server)[0][3])
    assert moves(server) == [("live-migration", "completed", "host1", server.host)]
    assert guests(cloud) == {"host1": 0, "host2": 0, "host3": 0} | {server.host: 1}
    assert held(cloud) == [(server.id, server.host)]
    assert steps(cloud, server, "stop", "shutdown") == []


def test_each_round_sends_what_was_written_during_the_one_before(running):
    cloud, server = running
    server.write_memory(100)
    server.live_migrate(host="host2")
    cloud.run()

    rounds = steps(cloud, server, "precopy")
    assert rounds[0]["sent"] == 2048 + 20
    assert [one["left"] for one in rounds] == sorted((one["left"] for one in rounds), reverse=True)
    for one in rounds:
        assert one["left"] == pytest.approx(100 * one["seconds"], abs=1)
    (last,) = steps(cloud, server, "switchover")
    assert last["left"] == rounds[-1]["left"]
    assert last["seconds"] <= 0.05, "the first of the downtimes that grow to 500 ms"


def test_a_paused_server_moves_and_stays_paused(running):
    cloud, server = running
    server.pause()
    cloud.run()
    server.live_migrate(host="host2")
    cloud.run()
    assert (server.status, server.host) == ("PAUSED", "host2")
    assert [one["left"] for one in steps(cloud, server, "precopy")] == [0]
    server.unpause()
    cloud.run()
    assert server.status == "ACTIVE"


def test_how_far_it_is_can_be_asked_while_it_runs(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run(until=cloud.now + 8)

    (shown,) = cloud.request("GET", f"/v2.1/servers/{server.id}/migrations")["migrations"]
    assert (shown["status"], shown["dest_compute"]) == ("running", "host2")
    assert shown["memory_total_bytes"] == 2048 * 2**20
    assert shown["memory_processed_bytes"] > 2048 * 2**20
    assert 0 < shown["memory_remaining_bytes"] <= 2048 * 2**20
    assert (shown["disk_total_bytes"], shown["disk_remaining_bytes"]) == (21233664, 0)
    path = f"/v2.1/servers/{server.id}/migrations/{shown['id']}"
    assert cloud.request("GET", path)["migration"] == shown
    assert server.status == "MIGRATING"
    server.abort_migration()
    cloud.run()
    assert cloud.request("GET", f"/v2.1/servers/{server.id}/migrations")["migrations"] == []
    with pytest.raises(Refused, match=r"for server .* is not in progress"):
        cloud.request("GET", path)


def test_the_downtime_that_is_allowed_grows_until_it_is_enough():
    cloud, server = cloud_with_a_server(
        libvirt={"live_migration_downtime_delay": 3, "live_migration_bandwidth": 500}
    )
    server.write_memory(480)
    server.live_migrate(host="host2")
    cloud.run()
    (last,) = steps(cloud, server, "switchover")
    logged = [event.data["message"] for event in cloud.journal if event.kind == "log"]
    grown = [text for text in logged if text.startswith("Increasing downtime")]
    assert grown[:2] == [
        "Increasing downtime to 50 ms after 0 sec elapsed time",
        "Increasing downtime to 95 ms after 12 sec elapsed time",
    ]
    assert 0 < last["seconds"] <= int(grown[-1].split()[3]) / 1000
    cloud.close()


# --- it is helped, or called off ------------------------------------------------------------------------------------


def test_a_guest_that_writes_faster_than_is_sent_is_given_up_after_800_seconds_a_gib(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate()
    cloud.run()
    assert cloud.now == pytest.approx(4 * 800, rel=0.02), "2 GiB of memory, 2 at least for the disk"
    assert (server.status, server.host) == ("ACTIVE", "host1")
    assert moves(server)[0][1] == "cancelled"
    assert held(cloud) == [(server.id, "host1")]
    assert guests(cloud) == {"host1": 1, "host2": 0, "host3": 0}


def test_auto_converge_slows_the_guest_down_until_it_can_be_moved():
    cloud, server = cloud_with_a_server(libvirt={"live_migration_permit_auto_converge": True})
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run()
    throttles = [one["throttle"] for one in steps(cloud, server, "precopy")]
    assert throttles[:4] == [0.0, 0.0, 0.2, 0.3]
    assert server.host == "host2"
    cloud.close()


@pytest.mark.parametrize(("post_copy", "step"), [(False, "switchover"), (True, "postcopy")])
def test_the_timeout_can_force_it_to_its_end(post_copy, step):
    options = {
        "live_migration_timeout_action": "force_complete",
        "live_migration_completion_timeout": 10,
        "live_migration_permit_post_copy": post_copy,
    }
    cloud, server = cloud_with_a_server(libvirt=options)
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run()
    assert 40 < cloud.now < 60
    assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host2", "completed")
    assert len(steps(cloud, server, step)) == 1
    cloud.close()


def test_force_complete_pauses_the_guest_so_that_one_round_is_enough(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run(until=cloud.now + 10)
    server.force_complete()
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", "host2")
    assert [one["left"] for one in steps(cloud, server, "precopy")][-1] == 0
    shown = cloud.sql("SELECT action FROM nova_cell1.instance_actions ORDER BY id").rows
    assert shown[-1] == ("live_migration_force_complete",)


def test_in_post_copy_the_guest_runs_over_there_and_cannot_be_called_back():
    cloud, server = cloud_with_a_server(libvirt={"live_migration_permit_post_copy": True})
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run(until=cloud.now + 10)
    server.force_complete()
    cloud.run(lambda e: (e.data.get("after") or {}).get("status") == "running (post-copy)")
    assert guests(cloud) == {"host1": 0, "host2": 1, "host3": 0}
    with pytest.raises(Refused, match=r"is running \(post-copy\)\. Cannot abort live migration"):
        server.abort_migration()
    cloud.run()
    assert (server.host, moves(server)[0][1]) == ("host2", "completed")
    cloud.close()


def test_an_aborted_migration_leaves_the_server_where_it_was(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate()
    cloud.run(until=cloud.now + 10)
    server.abort_migration()
    cloud.run()
    assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host1", "cancelled")
    assert held(cloud) == [(server.id, "host1")]
    server.write_memory(10)
    server.live_migrate(host="host2")
    cloud.run()
    assert server.host == "host2"


def test_one_at_a_time_and_what_waits_can_be_taken_out_of_the_queue(running):
    cloud, server = running
    other = cloud.boot("db", flavor="m1.small", image="cirros", host="host1")
    cloud.run()
    for one in (server, other):
        one.write_memory(5000)
        one.live_migrate()
    cloud.run(until=cloud.now + 5)
    assert [moves(one)[0][1] for one in (server, other)] == ["running", "queued"]

    path = f"/v2.1/servers/{other.id}/migrations/{other.migrations.rows[0][0]}"
    with pytest.raises(Refused, match=r"is queued\. Cannot abort live migration while") as refused:
        cloud.request("DELETE", path, openstack_api_version="compute 2.64")
    assert refused.value.code == 400
    with pytest.raises(Refused, match=r"is queued\. Cannot force complete while"):
        other.force_complete()

    other.abort_migration()
    cloud.run(until=cloud.now + 1)
    assert (other.status, other.host, moves(other)[0][1]) == ("ACTIVE", "host1", "cancelled")
    server.force_complete()
    cloud.run()
    assert (server.status, moves(server)[0][1]) == ("ACTIVE", "completed")
    assert held(cloud) == sorted([(server.id, server.host), (other.id, "host1")])


def test_two_at_a_time_where_the_option_says_so():
    cloud, server = cloud_with_a_server(max_concurrent_live_migrations=2)
    other = cloud.boot("db", flavor="m1.small", image="cirros", host="host1")
    cloud.run()
    for one in (server, other):
        one.write_memory(5000)
        one.live_migrate()
    cloud.run(until=cloud.now + 5)
    assert [moves(one)[0][1] for one in (server, other)] == ["running", "running"]
    cloud.close()


# --- it is refused --------------------------------------------------------------------------------------------------


def test_what_cannot_be_asked_is_refused(running):
    cloud, server = running
    with pytest.raises(Refused, match="Compute host nix could not be found") as refused:
        server.live_migrate(host="nix")
    assert refused.value.code == 400
    with pytest.raises(Refused, match="block_migration"):
        server.live_migrate(block_migration="perhaps")
    with pytest.raises(UsageError, match="has no migration"):
        server.abort_migration()
    server.stop()
    cloud.run()
    with pytest.raises(Refused, match="while it is in vm_state stopped") as refused:
        server.live_migrate()
    assert refused.value.code == 409
    assert moves(server) == []


def test_a_server_that_moves_is_not_moved_twice(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate()
    cloud.run(precopying)
    with pytest.raises(Refused, match="while it is in task_state migrating"):
        server.live_migrate()


def forced(cloud, server, host):
    body = {MIGRATE: {"host": host, "block_migration": "auto", "force": True}}
    path = f"/v2.1/servers/{server.id}/action"
    cloud.request("POST", path, body, openstack_api_version="compute 2.67")
    cloud.run()


def refusals(cloud, server):
    """The server is as it was; why not, in Nova's words."""
    assert (server.status, server.host, moves(server)[-1][1]) == ("ACTIVE", "host1", "error")
    assert (server.id, "host1") in held(cloud)
    return failures(cloud)[-1]


def test_a_host_that_is_forced_must_be_up_another_one_and_have_room(running):
    cloud, server = running
    forced(cloud, server, "host1")
    assert refusals(cloud, server) == (
        f"Unable to migrate instance ({server.id}) to current host (host1)."
    )
    for number in range(7):
        cloud.boot(f"other{number}", flavor="m1.small", image="cirros", host="host2")
        cloud.run()
    forced(cloud, server, "host2")
    assert "Unable to move instance" in refusals(cloud, server) or (
        "Lack of memory" in refusals(cloud, server)
    )
    cloud.crash("nova-compute@host3")
    cloud.run(until=cloud.now + 90)
    forced(cloud, server, "host3")
    said = refusals(cloud, server)
    assert said == "Compute service of host3 is unavailable at this time."


@pytest.mark.parametrize("host", ["host1", "host3"])
def test_the_scheduler_finds_no_host_where_the_named_one_is_the_same_or_down(running, host):
    cloud, server = running
    cloud.crash("nova-compute@host3")
    cloud.run(until=cloud.now + 90)
    server.live_migrate(host=host)
    cloud.run()
    said = refusals(cloud, server)
    assert said == "No valid host was found. There are not enough hosts available."


def test_a_disk_that_would_stay_behind_is_refused_on_every_host(running):
    cloud, server = running
    server.live_migrate(block_migration=False)
    cloud.run()
    assert refusals(cloud, server).startswith("No valid host was found.")
    assert any(
        "Live migration can not be used without shared storage" in t for t in failures(cloud)
    )


# --- it goes wrong --------------------------------------------------------------------------------------------------


def test_a_destination_that_cannot_get_ready_leaves_the_server_where_it_was(running):
    cloud, server = running
    cloud.fail("host2", "pre_live_migration", "no room")
    server.live_migrate(host="host2")
    cloud.run()
    assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host1", "failed")
    assert held(cloud) == [(server.id, "host1")]


def test_a_copy_that_breaks_off_leaves_the_server_where_it_was(running):
    cloud, server = running
    cloud.fail("host1", "precopy", "operation failed: job 'migration out' unexpectedly failed")
    server.live_migrate(host="host2")
    cloud.run()
    assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host1", "failed")
    assert guests(cloud) == {"host1": 1, "host2": 0, "host3": 0}
    assert held(cloud) == [(server.id, "host1")]


def test_what_fails_over_there_afterwards_cannot_bring_the_server_back(running):
    cloud, server = running
    cloud.fail("host2", "post_live_migration_at_destination", "no such bridge")
    server.live_migrate(host="host2")
    cloud.run()
    assert (server.status, server.host, moves(server)[0][1]) == ("ERROR", "host2", "error")
    assert server.fault == "no such bridge"


def test_an_abort_that_comes_when_the_guest_has_left_is_an_error_of_its_action_only(running):
    cloud, server = running
    server.live_migrate(host="host2")
    cloud.run(
        lambda e: e.kind == "rpc.call" and e.data["method"] == "post_live_migration_at_destination"
    )
    server.abort_migration()
    cloud.run()
    assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host2", "completed")
    shown = cloud.sql(
        "SELECT event, result FROM nova_cell1.instance_actions_events WHERE result != 'Success'"
    ).rows
    assert shown == [("compute_live_migration_abort", "Error")]


def test_a_server_that_is_deleted_on_its_way_is_gone_from_both_hosts(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run(precopying)
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    assert guests(cloud) == {"host1": 0, "host2": 0, "host3": 0}
    assert moves(server)[0][1] == "error"


def test_a_source_that_dies_on_the_way_keeps_the_server_when_it_is_back(running):
    cloud, server = running
    server.write_memory(5000)
    server.live_migrate(host="host2")
    cloud.run(precopying)
    cloud.crash("nova-compute@host1")
    cloud.run()
    assert server.status == "MIGRATING"
    cloud.start("nova-compute@host1")
    cloud.run()
    assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host1", "error")
    assert guests(cloud) == {"host1": 1, "host2": 0, "host3": 0}


@pytest.mark.parametrize("rate", [-1, True, "much", float("nan")])
def test_a_rate_that_is_none_is_refused(running, rate):
    with pytest.raises(UsageError, match="give MB a second"):
        running[1].write_memory(rate)


@pytest.mark.libvirt
def test_libvirts_test_hypervisor_says_that_it_cannot():
    from simnova import Host

    hosts = [Host(name, driver="test:///") for name in ("host1", "host2")]
    with Cloud(hosts, seed=0) as cloud:
        server = cloud.boot("web", flavor="m1.tiny", image="cirros", host="host1")
        cloud.run()
        server.live_migrate()
        cloud.run()
        assert (server.status, server.host, moves(server)[0][1]) == ("ACTIVE", "host1", "error")
        (said, *_) = [text for text in failures(cloud) if "test hypervisor" in text]
        assert said == (
            "Migration pre-check error: libvirt's test hypervisor (test:///) cannot take a running guest"
        )

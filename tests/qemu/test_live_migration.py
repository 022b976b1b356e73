"""A running guest goes from one libvirt daemon to another, with its memory, its disk and its console."""

from __future__ import annotations

import pytest

from simnova import Cloud, Host
from simnova.nova.virt.tiny_guest import LOGIN

from .conftest import guests, log_of, soon, up


def driver(cloud, host):
    return cloud.assembly.drivers[host].driver


def other(cloud, server):
    return next(host for host in guests(cloud) if host != server.host)


def slow(cloud):
    """So slow that one sees how far it is, and can call it off."""
    cloud.set("libvirt.live_migration_bandwidth", 1)
    cloud.set("libvirt.live_migration_monitor_interval", 1)


def progress(cloud):
    return [one.data for one in cloud.journal if one.data.get("step") == "precopy"]


def slowed(cloud, gb, **more):
    """A server of so many GB of memory that it takes a while: about two seconds for each."""
    slow(cloud)
    cloud.flavors.create("large", vcpus=1, ram=gb * 1024, disk=1)
    booted = cloud.boot("web", flavor="large", **more).wait()
    cloud.run()
    up(booted)
    return booted


def as_large_as_may_be(cloud):
    """GB of memory that a host has for a guest: whoever calls a migration off must not be late."""
    _, memory_mb, *_ = driver(cloud, "compute1").connection.getInfo()
    return 8 if memory_mb > 10_000 else 3


@pytest.fixture
def large(cloud):
    return slowed(cloud, 3)


@pytest.fixture
def huge(cloud):
    return slowed(cloud, as_large_as_may_be(cloud))


def test_a_card_that_came_later_goes_along_with_its_wire(cloud, server):
    server.attach_interface()
    cloud.run()
    server.live_migrate()
    cloud.run()
    there = driver(cloud, server.host).connection.lookupByUUIDString(server.id)
    assert (server.status, len(server.addresses)) == ("ACTIVE", 2)
    assert there.XMLDesc().count("<interface type='user'>") == 2
    assert there.XMLDesc().count("filter-redirector,id=filter-out-") == 2


def test_a_guest_moves_while_it_runs_and_does_not_notice(cloud, server):
    source, there = server.host, other(cloud, server)
    assert server.type("before") == "before"
    server.live_migrate()
    cloud.run()
    assert (server.status, server.task_state, server.host) == ("ACTIVE", None, there)
    assert guests(cloud) == {source: [], there: [server.id]}
    assert server.type("after") == "after"
    assert LOGIN not in log_of(driver(cloud, there), server)  # it has not been started anew
    assert server.type("\r").endswith(LOGIN)
    assert not (driver(cloud, source).hypervisor.directory / server.id).exists()
    assert (driver(cloud, there).hypervisor.directory / server.id / "disk").exists()


def test_it_goes_on_being_an_ordinary_guest_there_and_can_come_back(cloud, server):
    source = server.host
    server.live_migrate()
    cloud.run()
    server.reboot("HARD")
    cloud.run()
    up(server)
    server.live_migrate()
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", source)
    server.stop()
    cloud.run()
    assert (server.status, server.fault) == ("SHUTOFF", None)


def test_it_leaves_no_wire_behind_when_it_is_deleted_there(cloud, server):
    switch = driver(cloud, "compute1").wires.switch
    [wire] = switch.wires
    server.live_migrate()
    cloud.run()
    assert switch.wires == [wire]
    server.delete()
    cloud.run()
    assert switch.wires == []
    assert not any(path.exists() for path in wire.paths)


def test_how_far_it_is_can_be_followed(cloud, large):
    large.live_migrate()
    cloud.run()
    assert large.status == "ACTIVE"
    told = progress(cloud)
    assert len(told) >= 2
    assert [one["left"] for one in told] == sorted((one["left"] for one in told), reverse=True)
    rows = cloud.sql("SELECT status, memory_total, memory_processed FROM nova_cell1.migrations")
    [(status, total, processed)] = rows.rows
    assert status == "completed"
    assert total >= 3 * 2**30
    assert processed > 0


def test_it_can_be_called_off_and_the_guest_stays(cloud, huge):
    source, there = huge.host, other(cloud, huge)
    huge.live_migrate()
    cloud.run(until=lambda event: event.data.get("step") == "precopy")
    huge.abort_migration()
    cloud.run()
    assert (huge.status, huge.task_state, huge.host) == ("ACTIVE", None, source)
    assert cloud.sql("SELECT status FROM nova_cell1.migrations").rows == [("cancelled",)]
    assert guests(cloud) == {source: [huge.id], there: []}
    assert not (driver(cloud, there).hypervisor.directory / huge.id).exists()
    assert huge.type("x") == "x"


def test_it_can_be_forced_to_its_end(cloud, large):
    there = other(cloud, large)
    large.live_migrate()
    cloud.run(until=lambda event: event.data.get("step") == "precopy")
    large.force_complete()
    cloud.run()
    assert (large.status, large.host) == ("ACTIVE", there)
    assert soon(lambda: large.type("x") == "x")


def test_a_paused_guest_arrives_paused(cloud, server):
    server.pause()
    cloud.run()
    server.live_migrate()
    cloud.run()
    assert server.status == "PAUSED"
    server.unpause()
    cloud.run()
    assert server.type("x") == "x"


def test_a_simulated_host_takes_no_real_guest(machines):
    with Cloud([machines.hosts[0], Host("numbers")]) as cloud:
        server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait()
        server.live_migrate()
        cloud.run()
        assert (server.status, server.host) == ("ACTIVE", "compute1")


def test_a_destination_that_dies_on_the_way_fails_it_and_the_guest_stays(machines_of_ones_own):
    machines = machines_of_ones_own
    with Cloud(machines.hosts) as cloud:
        server = slowed(cloud, as_large_as_may_be(cloud), host="compute1")
        server.live_migrate()
        cloud.run(until=lambda event: event.data.get("step") == "precopy")
        machines["compute2"].kill()
        cloud.run()
        assert (server.status, server.host) == ("ACTIVE", "compute1")
        assert server.type("x") == "x"
        machines["compute2"].revive()


def test_a_fork_replays_a_migration(cloud, server):
    server.live_migrate()
    cloud.run()
    twin = cloud.fork()
    assert twin.servers["web"].host == server.host
    assert [one.digest() for one in twin.journal] == [one.digest() for one in cloud.journal]
    twin.close()

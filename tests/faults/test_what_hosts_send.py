"""What one host sends another, memory and disks, needs both: a machine without power takes nothing."""

from broken import logged, replays


def sent(cloud, step):
    return [e for e in cloud.journal if e.kind == "virt.step" and e.data["step"] == step]


def migration(cloud):
    return list(cloud.sql("SELECT status FROM nova_cell1.migrations"))[-1][0]


def moving(cloud, *, live):
    """A server of compute1 that is on its way to compute2: its memory, or its disk."""
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    if live:
        server.live_migrate()
        cloud.run(until=lambda e: e.kind == "virt.call" and e.data["method"] == "live_migration")
    else:
        server.resize("m1.medium")
        cloud.run(until=lambda e: e.data.get("step") == "shutdown")
    return server


def test_a_live_migration_to_a_host_that_loses_power_fails_and_the_server_runs_on(cloud):
    server = moving(cloud, live=True)
    began = cloud.now
    cloud.power_off("compute2")
    cloud.run()
    assert logged(cloud, "Live Migration failure: operation failed: Lost connection to destination")
    assert cloud.now >= began + 30
    assert (server.status, server.host, migration(cloud)) == ("ACTIVE", "compute1", "failed")
    cloud.power_on("compute2")
    cloud.run()
    assert cloud.assembly.simulated("compute2").guests == {}
    assert replays(cloud)


def test_a_short_cut_only_holds_a_live_migration_up(cloud):
    server = moving(cloud, live=True)
    cloud.cut_off("compute2")
    cloud.run(cloud.now + 20)
    assert (server.task_state, sent(cloud, "switchover")) == ("migrating", [])
    cloud.reconnect("compute2")
    cloud.run()
    assert (server.status, server.host, migration(cloud)) == ("ACTIVE", "compute2", "completed")
    assert replays(cloud)


def test_a_live_migration_that_waits_for_the_other_host_can_be_called_off(cloud):
    server = moving(cloud, live=True)
    cloud.power_off("compute2")
    cloud.run(cloud.now + 5)
    server.abort_migration()
    cloud.run()
    assert (server.status, server.host, migration(cloud)) == ("ACTIVE", "compute1", "cancelled")


def test_a_resize_to_a_host_without_power_is_rolled_back_before_the_guest_is_stopped(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    server.resize("m1.medium")
    cloud.run(until=lambda e: e.data.get("method") == "resize_instance")
    cloud.power_off("compute2")
    cloud.run()
    assert (server.status, server.host, migration(cloud)) == ("ACTIVE", "compute1", "error")
    assert logged(cloud, "Resize error: not able to execute ssh command: Unexpected error while")
    assert not sent(cloud, "shutdown")


def test_a_disk_does_not_arrive_at_a_host_that_loses_power_while_it_is_copied(cloud):
    cloud.slow_disk("compute1", 100)
    server = moving(cloud, live=False)
    cloud.run(cloud.now + 1)
    began = cloud.now
    cloud.power_off("compute2")
    cloud.run()
    assert cloud.now > began + 900  # scp sends again what nobody acknowledges
    assert (server.status, server.host, migration(cloud)) == ("ERROR", "compute1", "error")
    assert "Command: scp -r /var/lib/nova/instances/" in server.fault
    assert logged(cloud, "oslo_concurrency.processutils.ProcessExecutionError")
    assert not sent(cloud, "copy")
    assert replays(cloud)


def test_a_disk_that_is_copied_to_a_host_that_was_cut_off_for_a_while_arrives(cloud):
    server = moving(cloud, live=False)
    cloud.run(cloud.now + 0.01)
    cloud.cut_off("compute2")
    cloud.run(cloud.now + 10)
    assert not sent(cloud, "copy")
    cloud.reconnect("compute2")
    cloud.run()
    assert (server.status, server.host) == ("VERIFY_RESIZE", "compute2")
    assert replays(cloud)

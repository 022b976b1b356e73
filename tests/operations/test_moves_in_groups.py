"""A server's group is looked at again by the host it moves to: two moves at once do not see each other."""

import pytest

from simnova import Cloud

VIOLATED = "Anti-affinity instance group policy was violated"


@pytest.fixture
def apart():
    """Two servers of one group on two hosts, and two hosts free."""
    cloud = Cloud(["host1", "host2", "host3", "host4"], seed=0)
    cloud.groups.create("web", policy="anti-affinity")
    for name, host in (("a", "host1"), ("b", "host2")):
        cloud.boot(name, flavor="m1.tiny", image="cirros", host=host, group="web")
        cloud.run()
    yield cloud
    cloud.close()


def force(cloud, name, action, host, version="2.67"):
    """Have a server moved to a host of which the scheduler is not asked."""
    body = {action: {"host": host, "force": True}}
    if action == "os-migrateLive":
        body[action]["block_migration"] = "auto"
    path = f"/v2.1/servers/{cloud.servers[name].id}/action"
    cloud.request("POST", path, body, openstack_api_version=f"compute {version}")


def test_the_scheduler_keeps_them_apart_when_one_moves(apart):
    apart.servers["a"].live_migrate()
    apart.run()
    assert apart.servers["a"].host in ("host3", "host4")


def test_a_forced_live_migration_to_the_other_ones_host_is_refused_there(apart):
    force(apart, "a", "os-migrateLive", "host2")
    apart.run()
    server = apart.servers["a"]
    assert (server.host, server.migrations.rows[-1][2]) == ("host1", "error")
    assert VIOLATED in str(apart.log(level="ERROR")) or VIOLATED in (server.fault or "")


def test_of_two_that_are_forced_to_one_host_at_once_each_sees_the_other_come(apart):
    for name in "ab":
        force(apart, name, "os-migrateLive", "host3")
    apart.run()
    hosts = sorted(apart.servers[name].host for name in "ab")
    assert hosts == ["host1", "host2"]


def test_an_evacuation_that_is_forced_to_the_other_ones_host_fails_there(apart):
    apart.crash("nova-compute@host1")
    apart.run(until=apart.now + 90)
    force(apart, "a", "evacuate", "host2")
    apart.run()
    server = apart.servers["a"]
    assert (server.status, server.host, server.migrations.rows[-1][2]) == (
        "ERROR",
        "host1",
        "failed",
    )
    assert server.fault == VIOLATED

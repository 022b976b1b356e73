"""Servers that move at random: when nobody works any more, hosts, guests, allocations, ports and books agree."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnova import Cloud, UsageError

HOSTS = ["host1", "host2", "host3"]
NAMES = ["a", "b"]

MOVES = {
    "resize": lambda server: server.resize("m1.small"),
    "shrink": lambda server: server.resize("m1.tiny"),
    "migrate": lambda server: server.migrate(),
    "confirm": lambda server: server.confirm_resize(),
    "revert": lambda server: server.revert_resize(),
    "live": lambda server: server.live_migrate(),
    "live to host2": lambda server: server.live_migrate(host="host2"),
    "abort": lambda server: server.abort_migration(),
    "force": lambda server: server.force_complete(),
    "write": lambda server: server.write_memory(4000),
    "rest": lambda server: server.write_memory(0),
    "stop": lambda server: server.stop(),
    "start": lambda server: server.start(),
    "pause": lambda server: server.pause(),
    "unpause": lambda server: server.unpause(),
}

steps = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(sorted(MOVES)), st.sampled_from([0, 3, None])
    ),
    max_size=14,
)


def held(cloud):
    """What Placement has of memory, by consumer and host."""
    rows = cloud.sql(
        "SELECT a.consumer_id, p.name, a.used FROM placement.allocations a "
        "JOIN placement.resource_providers p ON p.id = a.resource_provider_id "
        "WHERE a.resource_class_id = 1"
    ).rows
    return {(consumer, host): used for consumer, host, used in rows}


def expected(cloud, servers):
    """A server holds its flavor where it is; a resize that waits holds the old one where it came from."""
    found = {}
    for server in servers:
        [(memory, state)] = cloud.sql(
            f"SELECT memory_mb, vm_state FROM nova_cell1.instances WHERE uuid = '{server.id}'"
        ).rows
        found[server.id, server.host] = memory
        if state == "resized":
            *_, move = cloud.sql(
                "SELECT m.uuid, m.source_compute, f.memory_mb FROM nova_cell1.migrations m "
                "JOIN nova_api.flavors f ON f.id = m.old_instance_type_id "
                f"WHERE m.instance_uuid = '{server.id}' ORDER BY m.id"
            ).rows
            found[move[0], move[1]] = move[2]
    return found


def check(cloud):
    servers = [cloud.servers[name] for name in NAMES]
    assert [server.task_state for server in servers] == [None, None]
    assert held(cloud) == expected(cloud, servers)
    for server in servers:
        door = cloud.assembly.drivers[server.host]
        assert server.id in door.driver.guests
        ports = cloud.request("GET", "/v2.0/ports", service="neutron")["ports"]
        bound = {port["binding:host_id"] for port in ports if port["device_id"] == server.id}
        assert bound == {server.host}
    guests = sum(len(door.driver.guests) for door in cloud.assembly.drivers.values())
    waiting = sum(server.vm_state == "resized" for server in servers)
    assert guests == len(servers) + waiting
    assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []
    ended = {"confirmed", "reverted", "completed", "cancelled", "failed", "error"}
    rows = cloud.sql("SELECT status FROM nova_cell1.migrations").rows
    assert sum(status not in ended for (status,) in rows) == waiting
    events = cloud.sql("SELECT result FROM nova_cell1.instance_actions_events").rows
    assert all(result is not None for (result,) in events)


@pytest.mark.thorough
@settings(max_examples=15, deadline=None)
@given(steps)
def test_at_quiet_everything_agrees(done):
    with Cloud(HOSTS, seed=0) as cloud:
        for name in NAMES:
            cloud.boot(name, flavor="m1.tiny", image="cirros")
        cloud.run()
        for name, move, seconds in done:
            with suppress(UsageError):
                MOVES[move](cloud.servers[name])
            cloud.run(until=None if seconds is None else cloud.now + seconds)
        cloud.run()
        check(cloud)

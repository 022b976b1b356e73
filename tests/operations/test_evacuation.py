"""Evacuation: a server whose host is lost is made anew elsewhere; the host, when it is back, destroys what it had."""

import pytest

from simnova import Cloud, Refused

pytestmark = pytest.mark.thorough

HELD = (
    "SELECT a.consumer_id, p.name FROM placement.allocations a "
    "JOIN placement.resource_providers p ON p.id = a.resource_provider_id "
    "WHERE a.used = 2048 ORDER BY p.name"
)


def cloud_with_a_server():
    cloud = Cloud(["host1", "host2", "host3"], seed=0)
    server = cloud.boot("web", flavor="m1.small", image="cirros", host="host1")
    cloud.run()
    return cloud, server


def lose(cloud, host="host1"):
    cloud.crash(f"nova-compute@{host}")
    cloud.run(until=cloud.now + 90)


@pytest.fixture
def lost():
    cloud, server = cloud_with_a_server()
    lose(cloud)
    yield cloud, server
    unexpected = [event.data for event in cloud.journal if event.kind == "state.unexpected"]
    cloud.close()
    assert unexpected == []


def move(server):
    """Status, source and destination of the server's last migration, which is an evacuation."""
    _, kind, *rest = server.migrations.rows[-1][:5]
    assert kind == "evacuation"
    return tuple(rest)


def held(cloud, server):
    """The hosts on which Placement has something for the server."""
    rows = cloud.sql(HELD).rows
    assert {consumer for consumer, _ in rows} <= {server.id}
    return [host for _, host in rows]


def guests(cloud):
    found = {host: len(door.driver.guests) for host, door in cloud.assembly.drivers.items()}
    return {host: number for host, number in found.items() if number}


def asked(cloud, server, version, **how):
    path = f"/v2.1/servers/{server.id}/action"
    headers = {"openstack_api_version": f"compute {version}"}
    answer = cloud.request("POST", path, {"evacuate": how}, **headers)
    cloud.run()
    return answer


def spawning(event):
    return event.kind == "virt.call" and event.data["method"] == "spawn"


def test_it_is_made_anew_elsewhere_and_holds_both_hosts_until_its_own_is_back(lost):
    cloud, server = lost
    server.evacuate()
    cloud.run()
    there = server.host
    assert there in ("host2", "host3")
    assert (server.status, move(server)) == ("SHUTOFF", ("done", "host1", there))
    assert held(cloud, server) == ["host1", there]
    assert guests(cloud) == {"host1": 1, there: 1}

    cloud.start("nova-compute@host1")
    cloud.run()
    assert move(server) == ("completed", "host1", there)
    assert held(cloud, server) == [there]
    assert guests(cloud) == {there: 1}
    server.start()
    cloud.run()
    assert server.status == "ACTIVE"


def test_addresses_and_identity_stay(lost):
    cloud, server = lost
    before = (server.id, server.addresses, server.name)
    server.evacuate()
    cloud.run()
    assert (server.id, server.addresses, server.name) == before


@pytest.mark.parametrize(("version", "status"), [("2.94", "ACTIVE"), ("2.95", "SHUTOFF")])
def test_from_2_95_on_it_is_stopped_there(lost, version, status):
    cloud, server = lost
    asked(cloud, server, version)
    assert server.status == status


def test_a_named_host_is_asked_of_the_scheduler_a_forced_one_is_not(lost):
    cloud, server = lost
    first = len(cloud.journal)
    asked(cloud, server, "2.67", host="host3", force=True)
    asks = [e.data.get("method") for e in cloud.journal.events[first:] if e.kind == "rpc.call"]
    assert (server.host, "select_destinations" in asks) == ("host3", False)

    cloud.start("nova-compute@host1")
    cloud.run()
    lose(cloud, "host3")
    first = len(cloud.journal)
    server.evacuate(host="host2")
    cloud.run()
    asks = [e.data.get("method") for e in cloud.journal.events[first:] if e.kind == "rpc.call"]
    assert (server.host, "select_destinations" in asks) == ("host2", True)


def test_before_2_14_the_answer_tells_the_new_password(lost):
    cloud, server = lost
    assert len(asked(cloud, server, "2.13", onSharedStorage=False)["adminPass"]) == 12


def test_a_stopped_server_is_stopped_there_too(lost):
    cloud, server = lost
    other, server = server, cloud.boot("db", flavor="m1.small", image="cirros", host="host2")
    cloud.run()
    server.stop()
    cloud.run()
    lose(cloud, "host2")
    path = f"/v2.1/servers/{server.id}/action"
    cloud.request("POST", path, {"evacuate": {}}, openstack_api_version="compute 2.94")
    cloud.run()
    assert (server.status, server.host) == ("SHUTOFF", "host3")
    assert other.host == "host1"


def test_a_host_that_is_up_is_no_reason():
    cloud, server = cloud_with_a_server()
    with pytest.raises(Refused, match=r"Compute service of host1 is still in use\.") as refused:
        server.evacuate()
    assert refused.value.code == 400
    assert (server.task_state, server.migrations.rows) == (None, [])
    cloud.services.force_down("host1")
    server.evacuate()
    cloud.run()
    assert server.host != "host1"
    cloud.close()


def test_where_it_cannot_go_is_refused(lost):
    cloud, server = lost
    with pytest.raises(Refused, match=r"The target host can't be the same one\.") as refused:
        server.evacuate(host="host1")
    assert refused.value.code == 400
    with pytest.raises(Refused, match=r"Compute host nix not found\.") as refused:
        server.evacuate(host="nix")
    assert refused.value.code == 404
    with pytest.raises(Refused, match="Can't force to a non-provided destination"):
        asked(cloud, server, "2.29", force=True)
    assert (server.status, server.task_state) == ("ACTIVE", None)


@pytest.mark.parametrize("user", ["demo"])
def test_only_an_administrator_may(lost, user):
    cloud, server = lost
    path = f"/v2.1/servers/{server.id}/action"
    with pytest.raises(Refused) as refused:
        cloud.request("POST", path, {"evacuate": {}}, user=user)
    assert refused.value.code in (403, 404)


def test_without_room_anywhere_the_server_is_in_error(lost):
    cloud, server = lost
    for host in ("host2", "host3"):
        lose(cloud, host)
    server.evacuate()
    cloud.run()
    assert (server.status, server.host, move(server)[0]) == ("ERROR", "host1", "error")
    assert server.fault == "No valid host was found. There are not enough hosts available."
    assert held(cloud, server) == ["host1"]


def test_a_spawn_that_fails_there_gives_up_what_it_held_there(lost):
    cloud, server = lost
    for host in ("host2", "host3"):
        cloud.fail(host, "spawn", "no such machine type")
    server.evacuate()
    cloud.run()
    assert (server.status, server.host, move(server)[0]) == ("ERROR", "host1", "failed")
    assert held(cloud, server) == ["host1"]
    cloud.start("nova-compute@host1")
    cloud.run()
    assert guests(cloud) == {"host1": 1}, "a failed evacuation takes nothing from the source"


def test_a_host_that_is_back_too_early_loses_the_server_all_the_same(lost):
    cloud, server = lost
    server.evacuate()
    cloud.run(spawning)
    cloud.start("nova-compute@host1")
    cloud.run()
    there = server.host
    assert (server.status, there != "host1", server.fault) == ("SHUTOFF", True, None)
    assert (held(cloud, server), guests(cloud)) == ([there], {there: 1})


def test_what_was_deleted_meanwhile_is_destroyed_too(lost):
    cloud, server = lost
    server.evacuate()
    cloud.run()
    server.delete()
    cloud.run()
    assert guests(cloud) == {"host1": 1}
    cloud.start("nova-compute@host1")
    cloud.run()
    assert (guests(cloud), held(cloud, server)) == ({}, [])


@pytest.mark.libvirt
def test_real_domains_are_evacuated_and_destroyed_as_simulated_guests_are():
    from simnova import Host

    hosts = [Host(name, driver="test:///") for name in ("host1", "host2")]
    with Cloud(hosts, seed=0) as cloud:
        server = cloud.boot("web", flavor="m1.tiny", image="cirros", host="host1")
        cloud.run()
        lose(cloud)
        server.evacuate()
        cloud.run()
        assert (server.status, server.host) == ("SHUTOFF", "host2")
        cloud.start("nova-compute@host1")
        cloud.run()
        domains = {
            host: [one.UUIDString() for one in door.driver.connection.listAllDomains()]
            for host, door in cloud.assembly.drivers.items()
        }
        assert server.id not in domains["host1"]
        assert server.id in domains["host2"]

"""Networks that cannot be had: which errors end a build, and which send it to the next host.

As in `_build_resources` and `_build_and_run_instance` of `nova/compute/manager.py`.
"""

import pytest
from broken import logged, replays

from simnova import Cloud


@pytest.fixture
def cloud():
    with Cloud(hosts=2) as made:
        yield made


def until_the_host_has_it(cloud, **server):
    web = cloud.boot("web", **server)
    cloud.run(until="kind:rpc.cast to:compute")
    return web


def ports(cloud):
    return cloud.sql("SELECT id, device_id FROM neutron.ports").as_dicts()


def leave_one_port(cloud):
    """The project's quota of ports is used up by a first server."""
    cloud.boot("first").wait()
    (project,) = cloud.sql("SELECT DISTINCT project_id FROM neutron.ports").column("project_id")
    path = f"/v2.0/quotas/{project}"
    return lambda: cloud.request("PUT", path, {"quota": {"port": 1}}, service="neutron")


def test_each_host_is_tried_where_neutron_refuses_a_port(cloud):
    close = leave_one_port(cloud)
    web = until_the_host_has_it(cloud)
    close()
    cloud.run()
    assert web.status == "ERROR"
    assert web.fault.startswith("Exceeded maximum number of retries. Exhausted all hosts")
    assert len(logged(cloud, "Neutron error: Port quota exceeded in tenant")) == 2
    assert len(logged(cloud, "Instance failed network setup after 1 attempt(s)")) == 2
    assert len(logged(cloud, "Instance failed to spawn\n", "nova-compute")) == 2
    assert len(logged(cloud, "Failed to build and run instance", "nova-compute")) == 2
    assert len(ports(cloud)) == 1
    assert replays(cloud)


def test_the_image_is_there_before_the_missing_network_is_noticed(cloud):
    close = leave_one_port(cloud)
    web = until_the_host_has_it(cloud)
    close()
    cloud.run(until=lambda event: "Instance failed to spawn" in str(event.data.get("message")))
    assert web.task_state == "spawning"
    steps = [e.data["step"] for e in cloud.journal if e.kind == "virt.step"]
    assert steps[-2:] == ["overlay", "undefine"]


def test_no_more_fixed_ips_abort_the_build(cloud):
    cloud.networks.create("tiny", "192.168.0.0/30")
    cloud.boot("first", network="tiny").wait()
    web = until_the_host_has_it(cloud, network="tiny")
    cloud.run()
    said = "aborted: Failed to allocate the network(s) with error No fixed IP addresses available"
    assert said in web.fault
    assert not logged(cloud, "Rescheduling")
    assert len(logged(cloud, "Instance failed network setup after 1 attempt(s)")) == 1


def test_a_neutron_that_stays_away_ends_the_build_with_its_own_error(cloud):
    web = until_the_host_has_it(cloud)
    cloud.crash("neutron")
    cloud.run(until=cloud.now + 60)
    assert "aborted: Unable to establish connection to http://neutron/v2.0/networks" in web.fault
    (text,) = logged(cloud, "Could not clean up failed build, not rescheduling. Error: Unable to")
    assert text
    assert web.host is None


def test_a_neutron_that_is_back_for_the_clean_up_lets_the_next_host_try(cloud):
    web = until_the_host_has_it(cloud)
    cloud.crash("neutron")
    cloud.at(cloud.now + 4.2).start("neutron")
    cloud.run()
    assert web.status == "ACTIVE"
    assert web.host == "compute2"
    assert logged(cloud, "Instance failed to spawn")
    assert [port["device_id"] for port in ports(cloud)] == [web.id]


def test_it_is_tried_again_on_the_host_where_network_allocate_retries_says_so():
    with Cloud(hosts=2, config={"network_allocate_retries": 2}) as cloud:
        web = until_the_host_has_it(cloud)
        cloud.crash("neutron")
        cloud.at(cloud.now + 4).start("neutron")
        cloud.run()
        assert web.host == "compute1"
        assert logged(cloud, "Instance failed network setup (attempt 1 of 3)")
        assert not logged(cloud, "after 3 attempt(s)")


def test_ports_that_could_not_be_given_back_go_along_to_the_next_host(cloud):
    cloud.fail("compute1", "start")
    web = until_the_host_has_it(cloud)
    cloud.run(until=lambda event: web.task_state == "spawning")
    had = ports(cloud)
    cloud.crash("neutron")
    cloud.at(cloud.now + 4.6).start("neutron")
    cloud.run()
    assert logged(cloud, "Failed to deallocate networks")
    assert (web.status, web.host) == ("ACTIVE", "compute2")
    assert ports(cloud) == had
    assert cloud.sql("SELECT host FROM neutron.ml2_port_bindings").column("host") == ["compute2"]


def test_ports_that_cannot_be_brought_to_the_next_host_end_the_build(cloud):
    cloud.fail("compute1", "start")
    web = until_the_host_has_it(cloud)
    cloud.run(until=lambda event: web.task_state == "spawning")
    cloud.crash("neutron")
    cloud.run(until=cloud.now + 60)
    assert web.fault.endswith("Failed to allocate the network(s), not rescheduling.")


def test_the_conductor_takes_back_what_the_last_host_could_not(cloud):
    cloud.fail("compute1", "start")
    cloud.services.disable("compute2")
    web = until_the_host_has_it(cloud)
    cloud.run(until=lambda event: web.task_state == "spawning")
    cloud.crash("neutron")
    cloud.at(cloud.now + 4.6).start("neutron")
    cloud.run()
    assert logged(cloud, "Failed to deallocate networks", "nova-compute")
    assert web.fault.startswith("Exceeded maximum number of retries")
    assert ports(cloud) == []


def test_a_port_of_the_user_outlives_the_build(cloud):
    (network,) = cloud.request("GET", "/v2.0/networks", service="neutron")["networks"]
    body = {"port": {"network_id": network["id"]}}
    port = cloud.request("POST", "/v2.0/ports", body, service="neutron")["port"]
    server = {
        "name": "web",
        "flavorRef": cloud.flavors.id_of("m1.tiny"),
        "imageRef": cloud.images.id_of("cirros"),
        "networks": [{"port": port["id"]}],
    }
    cloud.request("POST", "/v2.1/servers", {"server": server})
    cloud.run(until=lambda event: event.kind == "http.response" and event.data["method"] == "PUT")
    cloud.crash("neutron")
    cloud.at(cloud.now + 4.2).start("neutron")
    cloud.run()
    (web,) = cloud.servers
    assert logged(cloud, "Instance failed to spawn")
    assert web.host == "compute2"
    assert [one["id"] for one in ports(cloud)] == [port["id"]]


def test_a_forced_host_that_fails_is_given_up_without_an_unexpected_failure(cloud):
    cloud.fail("compute1", "start")
    web = cloud.boot("web", host="compute1")
    cloud.run()
    assert web.status == "ERROR"
    assert logged(cloud, "Retry info not present, will not reschedule")
    assert not logged(cloud, "Unexpected build failure")


def test_a_host_can_do_nothing_for_a_group(cloud):
    cloud.groups.create("web", policy="anti-affinity")
    cloud.boot("a", host="compute1", group="web").wait()
    second = cloud.boot("b", host="compute1", group="web")
    cloud.run(until=cloud.now + 120)
    assert second.fault == "Anti-affinity instance group policy was violated"
    stats, _ = cloud.sql("SELECT stats FROM nova_cell1.compute_nodes ORDER BY host").column("stats")
    assert '"failed_builds": "0"' in stats
    held = cloud.sql("SELECT DISTINCT consumer_id FROM placement.allocations").column("consumer_id")
    assert second.id in held

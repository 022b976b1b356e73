"""Hosts that no cell has yet, cells that take no new servers, and what a cell's own services cannot reach."""

import pytest

from simnova import Cloud, Host, UsageError

LARGE = {"vcpus": 64, "memory_mb": 65536, "local_gb": 2000}


@pytest.fixture
def cloud():
    cloud = Cloud(4, cells=2)
    cloud.flavors.create("huge", vcpus=12, ram=2048, disk=1000)
    return cloud


def add(cloud, **more):
    cloud.add_host(Host("compute9", cell="cell2", **LARGE, **more))
    cloud.run()


def logged(cloud, text):
    return [e for e in cloud.journal if e.kind == "log" and text in e.data["message"]]


def test_a_host_that_nobody_has_discovered_is_chosen_and_its_server_buried_in_cell0(cloud):
    add(cloud)
    assert "compute9" not in cloud.cells.hosts().column("Hostname")
    server = cloud.boot("web", flavor="huge")
    cloud.run()
    assert (server.status, server.host) == ("ERROR", None)
    assert server.fault == "Host 'compute9' is not mapped to any cell"
    assert logged(cloud, "No host-to-cell mapping found for selected host compute9")
    assert cloud.sql("SELECT uuid FROM nova_cell0.instances").column("uuid") == [server.id]
    held = "SELECT consumer_id FROM placement.allocations"
    assert set(cloud.sql(held).column("consumer_id")) == {server.id}
    server.delete()
    cloud.run()
    assert cloud.sql(held).rows == []
    assert len(cloud.servers) == 0
    cloud.fork().close()


def test_discover_hosts_maps_it_and_says_so(cloud):
    add(cloud)
    said = cloud.cells.discover_hosts().column("nova-manage")
    assert said[:2] == [
        "Found 3 cell mappings.",
        "Skipping cell0 since it does not contain hosts.",
    ]
    assert any(
        line.startswith("Creating host mapping for compute host 'compute9'") for line in said
    )
    assert cloud.cells.hosts().rows[-1][0::2] == ["cell2", "compute9"]
    server = cloud.boot("web", flavor="huge")
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", "compute9")
    again = cloud.cells.discover_hosts().column("nova-manage")
    assert not any("Creating" in line for line in again)
    cloud.fork().close()


def test_a_scheduler_that_looks_for_new_hosts_finds_it():
    cloud = Cloud(2, cells=2, config={"discover_hosts_in_cells_interval": 30})
    add(cloud)
    cloud.run(until=cloud.now + 100)
    assert "compute9" in cloud.cells.hosts().column("Hostname")
    assert logged(cloud, "Discovered 1 new hosts: cell2:compute9")
    assert len(logged(cloud, "Discovered")) == 1


def test_a_host_is_added_where_cells_are_not_split_off():
    cloud = Cloud(1)
    cloud.add_host("compute2")
    cloud.run()
    cloud.cells.discover_hosts()
    cloud.services.disable("compute1")
    server = cloud.boot("web").wait()
    assert server.host == "compute2"
    cloud.fork().close()


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("compute1", "there is a host 'compute1' already"),
        ("compute9", "host 'compute9' needs a cell=…, one of cell1, cell2"),
        (Host("compute9", cell="cell3"), "unknown cell 'cell3'"),
    ],
)
def test_hosts_that_cannot_be_added(cloud, host, text):
    with pytest.raises(UsageError, match=text):
        cloud.add_host(host)


def test_a_disabled_cell_takes_no_servers_once_the_scheduler_has_read_the_cells(cloud):
    server = cloud.boot("old", host="compute1").wait()
    with pytest.warns(UserWarning, match="nova-scheduler reads the cells when it starts"):
        cloud.cells.disable("cell1")
    assert cloud.boot("still", host="compute2").wait().host == "compute2"
    cloud.cells.reload()
    cloud.run()
    assert {cloud.boot(f"s{n}", flavor="m1.tiny").wait().host for n in range(4)} == {
        "compute3",
        "compute4",
    }
    assert [row["disabled"] for row in cloud.cells.rows()] == [False, True, False]
    server.stop()
    cloud.run()
    assert server.status == "SHUTOFF"
    assert len(cloud.request("GET", "/v2.1/servers")["servers"]) == 6
    with pytest.warns(UserWarning, match="cell1 is enabled"):
        cloud.cells.enable("cell1")
    cloud.stop("nova-scheduler")
    cloud.start("nova-scheduler")
    cloud.run()
    assert cloud.boot("again", host="compute2").wait().status == "ACTIVE"
    cloud.fork().close()


def test_cell0_cannot_be_disabled(cloud):
    with pytest.raises(UsageError, match="Cell0 cannot be disabled"):
        cloud.cells.disable("cell0")
    with pytest.raises(UsageError, match="unknown cell 'cell7'"):
        cloud.cells.disable("cell7")


def test_without_upcalls_the_late_affinity_check_fails(cloud):
    cloud.groups.create("apart", policy="anti-affinity")
    server = cloud.boot("web", group="apart")
    cloud.run()
    assert server.status == "ERROR"
    assert "Exhausted all hosts available for retrying build failures" in server.fault
    assert logged(cloud, "No sql_connection parameter is established")


@pytest.mark.parametrize(
    "config",
    [
        {"workarounds": {"disable_group_policy_check_upcall": True}},
        {"api_database": {"connection": "sqlite:///nova_api"}},
    ],
)
def test_with_upcalls_or_without_that_check_groups_are_kept_apart(config):
    cloud = Cloud(4, cells=2, config=config)
    cloud.groups.create("apart", policy="anti-affinity")
    hosts = [cloud.boot(f"s{n}", group="apart").wait().host for n in range(4)]
    assert len(set(hosts)) == 4


def test_a_cells_conductor_that_is_gone_holds_up_only_its_own_cell(cloud):
    cloud.crash("nova-conductor@cell2")
    here = cloud.boot("here", host="compute1")
    there = cloud.boot("there", host="compute3")
    cloud.run(until=cloud.now + 30)
    assert (here.status, there.status) == ("ACTIVE", "BUILD")
    assert cloud.queues().column("queue") == ["rabbitmq-cell2: conductor"]
    cloud.start("nova-conductor@cell2")
    cloud.run()
    assert there.status == "ACTIVE"
    cloud.fork().close()


def test_the_services_of_a_cell_without_a_conductor_go_down(cloud):
    cloud.crash("nova-conductor@cell2")
    cloud.run(until=cloud.now + 80)
    down = [s["host"] for s in cloud.services.rows() if s["state"] == "down"]
    assert sorted(down) == ["compute3", "compute4", "controller-cell2"]

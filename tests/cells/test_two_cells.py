"""Two cells: who has which bus and database, and a server's way into its cell."""

import pytest
from life import LIFE, MOVED_AND_BACK

from simnova import Cloud, Host, Refused, UsageError

NO_UPCALLS = {"workarounds": {"disable_group_policy_check_upcall": True}}


@pytest.fixture
def cloud():
    return Cloud(4, cells=2)


@pytest.fixture(scope="module")
def booted():
    """A server in each cell."""
    cloud = Cloud(4, cells=2, seed=1)
    for name, host in {"first": "compute1", "second": "compute4"}.items():
        cloud.boot(name, host=host).wait()
        cloud.run(until=cloud.now + 1)
    return cloud


def cast(cloud, method):
    kinds = ("rpc.call", "rpc.cast")
    return [e for e in cloud.journal if e.kind in kinds and e.data["method"] == method]


def buses(cloud, event):
    """The brokers that a message of this event came to."""
    return {e.actor for e in cloud.journal if e.kind == "amqp.publish" and e.cause == event.seq}


def test_without_cells_there_is_one_bus_and_one_conductor():
    cloud = Cloud(2)
    assert list(cloud.assembly.brokers) == ["rabbitmq"]
    assert [name for name in cloud.assembly.names if "conductor" in name] == ["nova-conductor"]
    assert [row["name"] for row in cloud.cells.rows()] == ["cell0", "cell1"]


def test_each_cell_has_a_bus_a_database_and_a_conductor(cloud):
    assert list(cloud.assembly.brokers) == ["rabbitmq", "rabbitmq-cell1", "rabbitmq-cell2"]
    running = [name for name in cloud.assembly.names if "conductor" in name]
    assert running == ["nova-conductor", "nova-conductor@cell1", "nova-conductor@cell2"]
    (_, one, two) = cloud.cells.rows()
    assert one["transport_url"] == "rabbit://nova@rabbitmq-cell1:5672/"
    assert two["database_connection"] == "sqlite:///nova_cell2"
    assert cloud.cells.hosts().only("Cell Name", "Hostname").rows == [
        ["cell1", "compute1"],
        ["cell1", "compute2"],
        ["cell2", "compute3"],
        ["cell2", "compute4"],
    ]


def test_the_rows_of_services_are_in_the_cells_where_they_run(cloud):
    def services(cell):
        return sorted(map(tuple, cloud.sql(f"SELECT host, binary FROM {cell}.services").rows))

    assert services("nova_cell0") == [
        ("controller", "nova-conductor"),
        ("controller", "nova-scheduler"),
    ]
    assert services("nova_cell2") == [
        ("compute3", "nova-compute"),
        ("compute4", "nova-compute"),
        ("controller-cell2", "nova-conductor"),
    ]


def test_hosts_say_their_cell_or_come_in_blocks():
    hosts = [Host("a", cell="cell3"), "b", "c", "d", "e"]
    cloud = Cloud(hosts, cells=3)
    assert {host.name: host.cell for host in cloud.assembly.hosts.values()} == {
        "a": "cell3",
        "b": "cell1",
        "c": "cell1",
        "d": "cell2",
        "e": "cell3",
    }


def test_a_host_that_names_a_cell_is_enough_to_split_cells_off():
    cloud = Cloud([Host("a", cell="cell2"), "b"])
    assert [cell.name for cell in cloud.assembly.layout.cells] == ["cell1", "cell2"]
    assert cloud.assembly.hosts["b"].cell == "cell1"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"cells": 0}, "cells=0 is no number of cells"),
        ({"cells": True}, "cells=True is no number of cells"),
        ({"hosts": [Host("a", cell="west")]}, "cell='west' is no cell: cell1, cell2"),
        ({"hosts": [Host("a", cell="cell3")], "cells": 2}, "unknown cell 'cell3'"),
    ],
)
def test_cells_that_there_cannot_be(wrong, text):
    with pytest.raises(UsageError, match=text):
        Cloud(**wrong)


def test_a_boot_crosses_from_the_api_level_bus_to_the_cells(booted):
    (scheduled, *_) = cast(booted, "schedule_and_build_instances")
    assert (scheduled.actor, buses(booted, scheduled)) == ("nova-api", {"rabbitmq"})
    builds = cast(booted, "build_and_run_instance")
    sent = {one.data["server"]: (one.actor, buses(booted, one)) for one in builds}
    assert sent["compute1"] == ("nova-conductor", {"rabbitmq-cell1"})
    assert sent["compute4"] == ("nova-conductor", {"rabbitmq-cell2"})


def test_a_server_is_a_row_of_its_cell_and_a_mapping_above(booted):
    sql = "SELECT display_name, host FROM {}.instances"
    assert [list(r) for r in booted.sql(sql.format("nova_cell1")).rows] == [["first", "compute1"]]
    assert [list(r) for r in booted.sql(sql.format("nova_cell2")).rows] == [["second", "compute4"]]
    cells = booted.sql(
        "SELECT c.name FROM nova_api.instance_mappings m JOIN nova_api.cell_mappings c "
        "ON c.id = m.cell_id ORDER BY m.id"
    )
    assert cells.column("name") == ["cell1", "cell2"]


def test_computes_save_through_the_conductor_of_their_cell(booted):
    saves = [e for e in booted.journal if e.kind == "db.update" and e.data["db"] == "nova_cell2"]
    writers = {e.actor for e in saves if e.data["table"] == "instances"}
    assert writers == {"nova-conductor@cell2"}
    assert not {e.actor for e in saves} & {"nova-conductor@cell1", "nova-compute@compute4"}


def test_what_computes_tell_schedulers_stays_on_their_bus(booted):
    told = cast(booted, "update_instance_info")
    assert {bus for one in told for bus in buses(booted, one)} == {
        "rabbitmq-cell1",
        "rabbitmq-cell2",
    }
    assert not [
        e
        for e in booted.journal
        if e.kind == "amqp.deliver" and "scheduler_fanout" in e.data["queue"]
    ]


def test_lists_are_merged_across_cells_newest_first_page_by_page(booted):
    def names(path):
        return [one["name"] for one in booted.request("GET", path)["servers"]]

    assert names("/v2.1/servers") == ["second", "first"]
    assert names("/v2.1/servers?sort_key=display_name&sort_dir=asc") == ["first", "second"]
    page = booted.request("GET", "/v2.1/servers?limit=1")
    assert [one["name"] for one in page["servers"]] == ["second"]
    assert names(f"/v2.1/servers?limit=1&marker={page['servers'][0]['id']}") == ["first"]
    hypervisors = booted.request("GET", "/v2.1/os-hypervisors")["hypervisors"]
    assert sorted(one["hypervisor_hostname"] for one in hypervisors) == [
        f"compute{n}" for n in range(1, 5)
    ]
    assert booted.request("GET", "/v2.1/limits")["limits"]["absolute"]["totalInstancesUsed"] == 2


def test_a_build_that_fails_goes_to_an_alternate_of_the_same_cell_through_its_conductor(cloud):
    cloud.services.disable("compute1")
    cloud.services.disable("compute2")
    for host in ("compute3", "compute4"):
        cloud.fail(host, "start", times=1)
    server = cloud.boot("web")
    cloud.run()
    again = cast(cloud, "build_instances")
    assert {one.actor.partition("@")[0] for one in again} == {"nova-compute"}
    builds = cast(cloud, "build_and_run_instance")
    assert [one.actor for one in builds] == ["nova-conductor", "nova-conductor@cell2"]
    assert {one.data["server"] for one in builds} == {"compute3", "compute4"}
    assert len(cast(cloud, "select_destinations")) == 1
    assert server.status == "ERROR"
    assert "Exhausted all hosts available" in server.fault


def test_alternates_are_of_the_chosen_hosts_cell(cloud):
    cloud.boot("web")
    cloud.run()
    (build,) = cast(cloud, "build_and_run_instance")
    chosen = cloud.assembly.hosts[build.data["server"]].cell
    alike = [name for name, host in cloud.assembly.hosts.items() if host.cell == chosen]
    (twin,) = set(alike) - {build.data["server"]}
    others = set(cloud.assembly.hosts) - set(alike)
    body = str(build.data["body"])
    assert twin in body
    assert not [name for name in others if name in body]


def test_a_server_moves_within_its_cell_only():
    cloud = Cloud(4, cells=2, config=NO_UPCALLS)
    server = cloud.boot("web", host="compute1")
    cloud.run()
    with pytest.raises(Refused, match="Compute host compute3 could not be found"):
        server.migrate("compute3")
    server.migrate()
    cloud.run()
    assert (server.status, server.host) == ("VERIFY_RESIZE", "compute2")
    server.confirm_resize()
    cloud.run()
    server.live_migrate()
    cloud.run()
    assert server.host == "compute1"
    server.shelve()
    cloud.run()
    server.unshelve()
    cloud.run()
    assert server.host in ("compute1", "compute2")
    cloud.fork().close()


def test_a_decision_about_a_move_says_why_hosts_of_another_cell_were_not_asked():
    with Cloud(4, cells=2) as cloud:
        web = cloud.boot("web", host="compute1").wait("ACTIVE")
        web.resize("m1.medium")
        cloud.run()
        (cell,) = cloud.sql("SELECT uuid FROM nova_api.cell_mappings WHERE name = 'cell1'").rows[0]
        told = " ".join(str(cloud.decision("web")).split())
        assert "compute1 fell at Request: the request ignores compute1" in told
        for host in ("compute3", "compute4"):
            why = f"{host} fell at Request: a server moves within its cell only, which is {cell}"
            assert why in told


def test_tasks_go_to_the_super_conductor_whichever_cell_the_server_is_in():
    cloud = Cloud(4, cells=2, config=NO_UPCALLS)
    server = cloud.boot("web", host="compute4")
    cloud.run()
    server.resize("m1.medium")
    cloud.run()
    (asked,) = cast(cloud, "migrate_server")
    assert buses(cloud, asked) == {"rabbitmq"}
    assert server.status == "VERIFY_RESIZE"


def test_a_console_has_a_proxy_in_its_cell(cloud):
    server = cloud.boot("web", host="compute4")
    cloud.run()
    server.open_console(server.console())
    assert cloud.assembly.running["nova-novncproxy@cell2"].alive
    with pytest.raises(Refused, match="403"):
        cloud.request("GET", "/?token=none", service="nova-novncproxy@cell2")


def test_workers_of_a_cells_conductor_share_its_topic():
    cloud = Cloud(2, cells=2, config={"conductor": {"workers": 2}})
    names = [name for name in cloud.assembly.names if name.startswith("nova-conductor@cell2")]
    assert names == ["nova-conductor@cell2", "nova-conductor@cell2:2"]
    server = cloud.boot("web", host="compute2").wait()
    actors = {
        e.actor for e in cloud.journal if e.kind == "db.update" and e.data["db"] == "nova_cell2"
    }
    assert server.status == "ACTIVE"
    assert actors >= set(names)


def test_more_cells_than_one_connection_of_sqlite_takes():
    cloud = Cloud(12, cells=12)
    servers = [cloud.boot(f"s{n}", flavor="m1.tiny", host=f"compute{n}") for n in (1, 12)]
    cloud.run()
    assert [server.status for server in servers] == ["ACTIVE", "ACTIVE"]
    assert len(servers[1].actions) == 1
    assert len(cloud.servers) == 2


def test_two_cells_repeat_and_fork():
    def run():
        cloud = Cloud(4, cells=2, seed=3)
        cloud.boot("web")
        cloud.boot("db")
        cloud.run()
        return cloud

    one, two = run(), run()
    assert [e.data for e in one.journal] == [e.data for e in two.journal]
    (first, _) = cast(one, "build_and_run_instance")
    twin = one.fork(at=first.seq)
    twin.run()
    assert [s.status for s in twin.servers] == ["ACTIVE", "ACTIVE"]


def test_every_operation_goes_its_way_into_the_second_cell():
    cloud = Cloud(4, cells=2, config=NO_UPCALLS)
    server = cloud.boot("web", host="compute3").wait()
    steps = {**LIFE, **MOVED_AND_BACK, "live_migrate": "ACTIVE"}
    for name, status in steps.items():
        getattr(server, name)()
        cloud.run()
        assert (name, server.status, server.task_state) == (name, status, None)
        assert server.host in (None, "compute3", "compute4")
    old = server.host
    cloud.crash(f"nova-compute@{old}")
    cloud.run(until=cloud.now + 90)
    server.evacuate()
    cloud.run()
    assert {server.host, old} == {"compute3", "compute4"}
    assert server.migrations.column("type")[-1] == "evacuation"
    cloud.start(f"nova-compute@{old}")
    cloud.run()
    assert server.id not in cloud.assembly.simulated(old).guests
    server.delete()
    cloud.run()
    assert len(cloud.servers) == 0
    assert cloud.sql("SELECT * FROM placement.allocations").rows == []
    assert cloud.sql("SELECT * FROM nova_cell1.instances").rows == []


def test_the_picture_shows_who_has_what_and_what_is_gone(cloud):
    cloud.crash("nova-compute@compute4")
    cloud.refuse("nova_cell1")
    text, drawn = repr(cloud.cells.picture()), cloud.cells.picture()._repr_svg_()
    assert "cell2: rabbitmq-cell2; nova_cell2; nova-conductor@cell2, nova-compute@compute3" in text
    for gone in ("nova-compute@compute4", "nova_cell1"):
        assert f"{gone} is gone" in text
        assert f"✗ {gone}" in drawn


def test_a_server_that_fits_no_host_is_kept_in_cell0_until_it_is_deleted(cloud):
    cloud.flavors.create("vast", vcpus=20, ram=2048, disk=10)
    server = cloud.boot("web", flavor="vast", count=1)
    cloud.run()
    assert server.status == "ERROR"
    assert cloud.sql("SELECT display_name FROM nova_cell0.instances").column("display_name") == [
        "web"
    ]
    assert [a[0] for a in server.actions] == ["create"]
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    assert len(cloud.servers) == 0

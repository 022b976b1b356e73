"""A cell whose database or broker is gone: what the API still shows, and how; what waits, what fails."""

import pytest

from simnova import Cloud, NovaError, Refused

GONE = "Can't connect to MySQL server"
V2_69 = {"openstack_api_version": "compute 2.69"}
V2_68 = {"openstack_api_version": "compute 2.68"}


def two_cells(**config):
    """A server of each cell, and of demo one more in the second."""
    cloud = Cloud(4, cells=2, config=config)
    cloud.boot("here", host="compute1").wait()
    cloud.boot("there", host="compute3").wait()
    cloud.run()
    return cloud


@pytest.fixture(scope="module")
def built():
    return two_cells()


@pytest.fixture
def cloud(built):
    """Each test has a fork of the same cloud."""
    twin = built.fork()
    yield twin
    twin.close()


def down(cloud, how):
    cloud.refuse("nova_cell2", hang=how == "hangs")
    return cloud


def get(cloud, path, **headers):
    return cloud.request("GET", f"/v2.1{path}", **headers)


def logged(cloud, text):
    return [e for e in cloud.journal if e.kind == "log" and text in e.data["message"]]


HOW = pytest.mark.parametrize(("how", "seconds"), [("refuses", 0), ("hangs", 60)])


@HOW
def test_a_list_shows_what_is_known_of_servers_in_a_cell_that_is_down(cloud, how, seconds):
    there = cloud.servers["there"]
    started = cloud.now
    found = get(down(cloud, how), "/servers", **V2_69)["servers"]
    assert cloud.now - started == pytest.approx(seconds, abs=0.1)
    unknown, here = found
    assert sorted(unknown) == ["id", "links", "status"]
    assert (unknown["id"], unknown["status"]) == (there.id, "UNKNOWN")
    assert here["name"] == "here"
    assert logged(cloud, "is not responding and hence is being omitted from the results")
    cloud.fork().close()


def test_the_list_in_detail_and_the_server_itself(cloud):
    there = cloud.servers["there"]
    down(cloud, "refuses")
    (unknown, _) = get(cloud, "/servers/detail", **V2_69)["servers"]
    assert sorted(unknown) == ["created", "id", "links", "status", "tenant_id"]
    shown = get(cloud, f"/servers/{there.id}", **V2_69)["server"]
    assert (shown["status"], shown["OS-EXT-STS:power_state"]) == ("UNKNOWN", 0)
    assert shown["flavor"]["original_name"] == "m1.small"
    assert shown["OS-EXT-AZ:availability_zone"] == "nova"
    assert not {"server_groups", "name"} & set(shown)
    latest = get(cloud, f"/servers/{there.id}", openstack_api_version="compute 2.71")["server"]
    assert latest["server_groups"] == []


def test_before_2_69_a_list_leaves_them_out_and_a_server_cannot_be_shown(cloud):
    there = cloud.servers["there"]
    down(cloud, "refuses")
    assert [one["name"] for one in get(cloud, "/servers", **V2_68)["servers"]] == ["here"]
    with pytest.raises(NovaError, match="Unexpected API Error"):
        get(cloud, f"/servers/{there.id}", **V2_68)


@pytest.mark.parametrize(
    "query", ["?limit=5", "?sort_key=uuid", "?status=ACTIVE", "?host=compute3"]
)
def test_what_filters_sorts_or_pages_leaves_them_out(cloud, query):
    down(cloud, "refuses")
    found = get(cloud, f"/servers{query}", **V2_69)["servers"]
    assert "UNKNOWN" not in [one.get("status") for one in found]


def test_a_page_cannot_begin_after_a_server_that_cannot_be_read(cloud):
    there = cloud.servers["there"]
    down(cloud, "refuses")
    with pytest.raises(NovaError, match="Unexpected API Error"):
        get(cloud, f"/servers?marker={there.id}", **V2_69)


def test_with_the_option_off_a_list_fails_instead():
    cloud = two_cells(list_records_by_skipping_down_cells=False)
    down(cloud, "refuses")
    with pytest.raises(NovaError, match="Unexpected API Error"):
        get(cloud, "/servers", **V2_68)
    assert len(get(cloud, "/servers", **V2_69)["servers"]) == 2
    with pytest.raises(NovaError, match="Unexpected API Error"):
        get(cloud, "/servers?limit=5", **V2_69)


@HOW
def test_services_of_the_cell_are_unknown_and_its_conductor_is_left_out(cloud, how, seconds):
    started = cloud.now
    found = get(down(cloud, how), "/os-services", **V2_69)["services"]
    assert cloud.now - started == pytest.approx(seconds, abs=0.1)
    unknown = [one for one in found if one["status"] == "UNKNOWN"]
    assert sorted(unknown, key=lambda one: one["host"]) == [
        {"binary": "nova-compute", "host": host, "status": "UNKNOWN"}
        for host in ("compute3", "compute4")
    ]
    assert "controller-cell2" not in {one["host"] for one in found}
    before = get(cloud, "/os-services", **V2_68)["services"]
    assert {one["host"] for one in before} == {
        "controller",
        "controller-cell1",
        "compute1",
        "compute2",
    }


def test_hypervisors_cannot_be_listed_at_all(cloud):
    down(cloud, "refuses")
    with pytest.raises(NovaError, match="Unexpected API Error"):
        get(cloud, "/os-hypervisors")


@pytest.mark.parametrize("action", ["stop", "delete", "migrate", "rebuild"])
def test_nothing_can_be_done_to_a_server_in_a_cell_that_is_down(cloud, action):
    there = cloud.servers["there"]
    down(cloud, "refuses")
    with pytest.raises(NovaError, match="Unexpected API Error"):
        getattr(there, action)()
    here = cloud.servers["here"]
    here.stop()
    cloud.run()
    assert here.status == "SHUTOFF"


def test_new_servers_go_to_the_cells_that_answer(cloud):
    down(cloud, "refuses")
    hosts = {cloud.boot(f"s{n}", flavor="m1.tiny").wait().host for n in range(3)}
    assert hosts <= {"compute1", "compute2"}
    assert logged(cloud, "Failed to get computes for cell")


def test_a_cell_that_hangs_takes_the_others_with_it(cloud):
    """What the scheduler has read of their services is as old as service_down_time when it has waited for the cell."""
    down(cloud, "hangs")
    server = cloud.boot("web")
    cloud.run()
    assert logged(cloud, "Timeout getting computes for cell")
    assert (server.status, server.fault) == (
        "ERROR",
        "No valid host was found. There are not enough hosts available.",
    )
    cloud.set("service_down_time", 120)
    assert cloud.boot("again").wait().host in ("compute1", "compute2")


def test_what_is_in_a_cell_that_is_down_does_not_count(cloud):
    def used():
        return get(cloud, "/limits")["limits"]["absolute"]["totalInstancesUsed"]

    assert used() == 2
    down(cloud, "refuses")
    assert used() == 1
    cloud.set("quota.count_usage_from_placement", True)
    assert used() == 2


def test_when_the_database_is_back_all_is_as_before(cloud):
    down(cloud, "hangs")
    call = cloud.send("GET", "/v2.1/servers", **V2_69)
    cloud.run(until=cloud.now + 30)
    assert not call.done
    cloud.accept("nova_cell2")
    cloud.run()
    assert sorted(one["name"] for one in call.result().body["servers"]) == ["here", "there"]
    cloud.servers["there"].stop()
    cloud.run()
    assert cloud.servers["there"].status == "SHUTOFF"
    cloud.fork().close()


def test_with_a_cells_broker_gone_the_api_still_shows_everything(cloud):
    cloud.crash("rabbitmq-cell2")
    shown = get(cloud, "/servers/detail")["servers"]
    assert {one["name"]: one["status"] for one in shown} == {"here": "ACTIVE", "there": "ACTIVE"}


def test_with_a_cells_broker_gone_casts_wait_and_the_other_cell_works(cloud):
    cloud.crash("rabbitmq-cell2")
    there, here = cloud.servers["there"], cloud.servers["here"]
    call = cloud.send("POST", f"/v2.1/servers/{there.id}/action", {"os-stop": None})
    here.stop()
    cloud.run(until=cloud.now + 20)
    assert here.status == "SHUTOFF"
    assert (there.status, there.task_state) == ("ACTIVE", "powering-off")
    cloud.start("rabbitmq-cell2")
    cloud.run()
    assert call.done
    assert there.status == "SHUTOFF"
    cloud.fork().close()


def test_with_a_cells_broker_gone_its_services_go_down(cloud):
    cloud.crash("rabbitmq-cell2")
    cloud.run(until=cloud.now + 100)
    rows = {row["host"]: row["state"] for row in cloud.services.rows()}
    assert (rows["compute3"], rows["compute1"]) == ("down", "up")
    assert rows["controller-cell2"] == "up"


def test_a_call_into_a_cell_without_a_broker_times_out(cloud):
    cloud.crash("rabbitmq-cell2")
    there = cloud.servers["there"]
    started = cloud.now
    with pytest.raises((NovaError, Refused)):
        there.console_output()
    assert cloud.now - started == pytest.approx(60, abs=2)

"""Up and down, on Nova's clock."""

import pytest

from simnova import Cloud, Refused
from simnova.nova.servicegroup import last_report

pytestmark = pytest.mark.thorough


def last_seen(cloud, name="nova-compute@compute1"):
    return last_report(
        {"last_seen_up": f"{cloud.services[name].updated_at.removesuffix('.000000')}+00:00"}, 0
    )


def state(cloud, name="nova-compute@compute1"):
    return cloud.services[name].state


def test_the_table_is_that_of_openstack_compute_service_list(cloud):
    table = cloud.services.table()
    assert table.columns == ["ID", "Binary", "Host", "Zone", "Status", "State", "Updated At"]
    assert [row[1:6] for row in table.rows] == [
        ["nova-conductor", "controller", "internal", "enabled", "up"],
        ["nova-scheduler", "controller", "internal", "enabled", "up"],
        ["nova-compute", "compute1", "nova", "enabled", "up"],
        ["nova-compute", "compute2", "nova", "enabled", "up"],
    ]
    cloud.services.disable("compute2", reason="new disk")
    cloud.services.force_down("compute1")
    table = cloud.services.table()
    assert table.columns[-2:] == ["Disabled Reason", "Forced Down"]
    assert [row[4:6] + row[7:] for row in table.rows][2:] == [
        ["enabled", "down", None, True],
        ["disabled", "up", "new disk", False],
    ]
    listed = cloud.request("GET", "/v2.1/os-services")["services"]
    assert [row["id"] for row in cloud.services.rows()] == [one["id"] for one in listed]


def test_sixty_seconds_without_a_report_is_down_and_not_a_moment_before(cloud):
    cloud.crash("nova-compute@compute1")
    seen = last_seen(cloud)
    cloud.run(until=seen + 60)
    assert (state(cloud), state(cloud, "nova-compute@compute2")) == ("up", "up")
    cloud.run(until=seen + 60.001)
    assert (state(cloud), state(cloud, "nova-compute@compute2")) == ("down", "up")
    cloud.start("nova-compute@compute1")
    cloud.run(until=cloud.now + 30)
    assert state(cloud) == "up"


@pytest.mark.parametrize(
    ("interval", "down", "limit"), [(10, 60, 60), (10, 25, 25), (60, 60, 150), (70, 60, 175)]
)
def test_the_limit_is_always_more_than_the_interval(interval, down, limit):
    """`nova.service`'s correction: two and a half intervals, where the limit is no longer than one."""
    cloud = Cloud(hosts=1, config={"report_interval": interval, "service_down_time": down})
    cloud.crash("nova-compute@compute1")
    seen = last_seen(cloud)
    cloud.run(until=seen + limit)
    assert state(cloud) == "up"
    cloud.run(until=seen + limit + 0.001)
    assert state(cloud) == "down"


def test_forced_down_wins_over_every_report(cloud):
    cloud.services.force_down("compute1")
    cloud.run(until=cloud.now + 100)
    assert cloud.now - last_seen(cloud) <= 10
    assert state(cloud) == "down"


@pytest.mark.parametrize("version", ["2.1", "2.29", "2.68", "2.95"])
def test_evacuate_is_refused_while_the_host_is_up(cloud, version):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    seen = last_seen(cloud)

    def evacuate():
        body = {"evacuate": {} if version != "2.1" else {"onSharedStorage": False}}
        path = f"/v2.1/servers/{server.id}/action"
        cloud.request("POST", path, body, openstack_api_version=f"compute {version}")

    cloud.crash("nova-compute@compute1")
    cloud.run(until=max(cloud.now, seen + 59))
    with pytest.raises(Refused, match="Compute service of compute1 is still in use") as refused:
        evacuate()
    assert refused.value.code == 400
    cloud.run(until=seen + 61)
    evacuate()
    cloud.run()
    assert server.host == "compute2"


def test_evacuate_is_allowed_at_once_where_the_host_is_forced_down(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.services.force_down("compute1")
    server.evacuate()
    cloud.run()
    assert server.host == "compute2"
    cloud.crash("nova-compute@compute1")
    with pytest.raises(Refused, match="Unable to force up host compute1 as `done` evacuation"):
        cloud.services.force_down("compute1", False)
    cloud.start("nova-compute@compute1")
    cloud.run()
    cloud.services.force_down("compute1", False)
    assert state(cloud) == "up"

"""A service that will not come back is deleted."""

import pytest

from simnova import Cloud, Refused, UsageError

from .conftest import hosts_of

pytestmark = pytest.mark.thorough


def providers(cloud):
    return cloud.sql("SELECT name FROM placement.resource_providers ORDER BY name").column("name")


def live(cloud, table):
    return cloud.sql(f"SELECT host FROM nova_cell1.{table} WHERE deleted = 0 ORDER BY id").column(
        "host"
    )


def test_with_a_dead_host_go_its_node_its_provider_its_mapping_and_its_aggregates(cloud):
    cloud.aggregates.create("rack", hosts=["compute1", "compute2"])
    cloud.crash("nova-compute@compute1")
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]
    assert live(cloud, "services") == ["controller", "controller", "compute2"]
    assert live(cloud, "compute_nodes") == ["compute2"]
    assert cloud.sql("SELECT host FROM nova_api.host_mappings").column("host") == ["compute2"]
    assert cloud.aggregates["rack"].hosts == ["compute2"]
    assert hosts_of(cloud) == {"compute2"}
    with pytest.raises(UsageError, match="unknown service 'compute1'"):
        cloud.services.delete("compute1")


def test_it_stays_while_servers_are_on_it(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    with pytest.raises(Refused, match=r"hosting instances. Migrate or delete") as refused:
        cloud.services.delete("compute1")
    assert refused.value.code == 409
    server.delete()
    cloud.run()
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]


def test_it_stays_while_servers_may_come_back_to_it(cloud):
    server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait("ACTIVE")
    server.migrate()
    cloud.run()
    assert (server.status, server.host) == ("VERIFY_RESIZE", "compute2")
    with pytest.raises(Refused, match=r"has in-progress migrations. Complete the") as refused:
        cloud.services.delete("compute1")
    assert refused.value.code == 409
    server.confirm_resize()
    cloud.run()
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]


def test_what_evacuated_servers_hold_of_it_goes_with_it(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.crash("nova-compute@compute1")
    cloud.services.force_down("compute1")
    server.evacuate()
    cloud.run()
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]
    held = cloud.sql("SELECT DISTINCT consumer_id FROM placement.allocations").column("consumer_id")
    assert held == [server.id]


@pytest.mark.parametrize(
    ("version", "id", "code", "words"),
    [
        ("2.53", "17", 400, "Invalid uuid 17"),
        ("2.52", "seventeen", 400, "id must be an integer"),
        ("2.52", "99", 404, "Service 99 not found."),
        ("2.53", "00000000-0000-4000-8000-000000000000", 404, "not found."),
    ],
)
def test_what_nova_does_not_delete(asked, version, id, code, words):
    with pytest.raises(Refused) as refused:
        asked.request(
            "DELETE", f"/v2.1/os-services/{id}", openstack_api_version=f"compute {version}"
        )
    assert refused.value.code == code
    assert words in refused.value.message


def test_a_control_service_is_deleted_by_its_number_as_before_253():
    cloud = Cloud(hosts=1)
    listed = cloud.request("GET", "/v2.1/os-services", openstack_api_version="compute 2.52")
    ids = {one["binary"]: one["id"] for one in listed["services"]}
    path = f"/v2.1/os-services/{ids['nova-scheduler']}"
    cloud.request("DELETE", path, openstack_api_version="compute 2.52")
    assert [one.binary for one in cloud.services] == ["nova-conductor", "nova-compute"]
    cloud.fork().close()

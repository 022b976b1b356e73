"""Flavors over HTTP: which of them a list shows, in which order; changed, deleted, private."""

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused


@pytest.fixture
def cloud():
    with Cloud(hosts=2) as made:
        yield made


def names(cloud, query="", user="admin"):
    found = cloud.request("GET", f"/v2.1/flavors{query}", user=user)["flavors"]
    return [flavor["name"] for flavor in found]


def test_a_deleted_flavor_is_gone_and_its_servers_are_not(cloud):
    big = cloud.flavors.create("big", vcpus=2, extra_specs={"ssd": "true"})
    web = cloud.boot("web", flavor="big").wait()
    cloud.flavors.delete("big")
    with pytest.raises(Refused, match=f"Flavor {big.id} could not be found") as refused:
        cloud.request("GET", f"/v2.1/flavors/{big.id}")
    assert refused.value.code == 404
    with pytest.raises(Refused, match=f"Flavor {big.id} could not be found"):
        big.delete()
    assert cloud.sql("SELECT * FROM nova_api.flavor_extra_specs").rows == []
    web.reboot("HARD")
    cloud.run()
    assert web.status == "ACTIVE"
    web.resize("m1.small")
    cloud.run()
    assert web.status == "VERIFY_RESIZE"


def test_a_flavor_is_deleted_and_changed_by_administrators(cloud):
    for method, body in (("DELETE", None), ("PUT", {"flavor": {"description": "no"}})):
        with pytest.raises(Refused, match="os_compute_api:os-flavor-manage") as refused:
            cloud.request(
                method, "/v2.1/flavors/1", body, user="demo", openstack_api_version="compute 2.55"
            )
        assert refused.value.code == 403


def test_only_the_description_changes_and_from_2_55_on(cloud):
    body = {"flavor": {"description": "the smallest"}}
    with pytest.raises(Refused) as refused:
        cloud.request("PUT", "/v2.1/flavors/1", body, openstack_api_version="compute 2.54")
    assert refused.value.code == 404
    changed = cloud.request("PUT", "/v2.1/flavors/1", body, openstack_api_version="compute 2.55")
    assert changed["flavor"]["description"] == "the smallest"
    with pytest.raises(Refused, match="'ram' was unexpected"):
        cloud.request(
            "PUT",
            "/v2.1/flavors/1",
            {"flavor": {"description": "", "ram": 1}},
            openstack_api_version="compute 2.55",
        )


def test_an_id_or_a_name_is_given_once(cloud):
    body = {"name": "other", "ram": 1, "vcpus": 1, "disk": 1}
    with pytest.raises(Refused, match="Flavor with ID 1 already exists"):
        cloud.request("POST", "/v2.1/flavors", {"flavor": {**body, "id": "1"}})
    with pytest.raises(Refused, match=r"Flavor with name m1.tiny already exists."):
        cloud.request("POST", "/v2.1/flavors", {"flavor": {**body, "name": "m1.tiny"}})


def test_a_list_is_filtered_sorted_and_has_pages(cloud):
    assert names(cloud) == ["m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"]
    assert names(cloud, "?minRam=8192") == ["m1.large", "m1.xlarge"]
    assert names(cloud, "?minDisk=41") == ["m1.large", "m1.xlarge"]
    assert names(cloud, "?sort_key=memory_mb&sort_dir=desc&limit=2") == ["m1.xlarge", "m1.large"]
    page = cloud.request("GET", "/v2.1/flavors?limit=2")
    (link,) = page["flavors_links"]
    assert link["href"].endswith("limit=2&marker=2")
    assert names(cloud, "?limit=2&marker=2") == ["m1.medium", "m1.large"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("minRam=much", r"Invalid minRam filter \[much\]"),
        ("minDisk=x", r"Invalid minDisk filter \[x\]"),
        ("is_public=perhaps", r"Invalid is_public filter \[perhaps\]"),
        ("marker=nosuch", r"marker \[nosuch\] not found"),
        ("sort_key=colour", "Invalid input for query parameters sort_key. Value: colour."),
        ("sort_dir=up", "Invalid input for query parameters sort_dir. Value: up."),
        ("limit=-1", "Invalid input for query parameters limit. Value: -1."),
    ],
)
def test_a_query_that_makes_no_sense(cloud, query, words):
    with pytest.raises(Refused, match=words) as refused:
        names(cloud, f"?{query}")
    assert refused.value.code == 400


def test_a_private_flavor_is_for_administrators(cloud):
    body = {
        "name": "private",
        "ram": 512,
        "vcpus": 1,
        "disk": 1,
        "os-flavor-access:is_public": "no",
    }
    private = cloud.request("POST", "/v2.1/flavors", {"flavor": body})["flavor"]["id"]
    assert "private" not in names(cloud)
    assert names(cloud, "?is_public=no") == ["private"]
    assert "private" in names(cloud, "?is_public=None")
    assert "private" not in names(cloud, "?is_public=None", user="demo")
    with pytest.raises(Refused, match=f"Flavor {private} could not be found.") as refused:
        cloud.boot("web", flavor="private", user="demo")
    assert refused.value.code == 400
    assert cloud.boot("web", flavor="private").wait().status == "ACTIVE"


@pytest.mark.parametrize(
    ("version", "more", "swap"),
    [
        ("2.54", {"rxtx_factor", "OS-FLV-DISABLED:disabled"}, ""),
        ("2.60", {"rxtx_factor", "OS-FLV-DISABLED:disabled", "description"}, ""),
        ("2.75", {"rxtx_factor", "OS-FLV-DISABLED:disabled", "description", "extra_specs"}, 0),
        ("2.102", {"description", "extra_specs"}, 0),
    ],
)
def test_what_is_told_of_a_flavor_by_microversion(cloud, version, more, swap):
    """`nova/api/openstack/compute/views/flavors.py`."""
    header = {"openstack_api_version": f"compute {version}"}
    shown = cloud.request("GET", "/v2.1/flavors/1", **header)["flavor"]
    always = {"id", "name", "ram", "disk", "vcpus", "swap", "links"}
    always |= {"OS-FLV-EXT-DATA:ephemeral", "os-flavor-access:is_public"}
    assert set(shown) == always | more
    assert shown["swap"] == swap
    assert cloud.request("GET", "/v2.1/flavors/detail", **header)["flavors"][0] == shown

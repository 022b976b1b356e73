"""`/os-hypervisors`, as `nova/api/openstack/compute/hypervisors.py` shows it at each microversion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud(hosts=2) as made:
        made.boot("web", host="compute1").wait("ACTIVE")
        made.run()
        yield made


def get(cloud: Cloud, path: str, version: str = "2.104", **more: str) -> Any:
    header = f"compute {version}"
    return cloud.request("GET", f"/v2.1/os-hypervisors{path}", openstack_api_version=header, **more)


def test_each_has_its_name_and_state_by_uuid_from_2_53_on(cloud: Cloud) -> None:
    new, old = get(cloud, "")["hypervisors"], get(cloud, "", "2.52")["hypervisors"]
    assert [(one["hypervisor_hostname"], one["state"], one["status"]) for one in new] == [
        ("compute1", "up", "enabled"),
        ("compute2", "up", "enabled"),
    ]
    assert [one["id"] for one in old] == [1, 2]
    uuids = cloud.sql("SELECT uuid FROM nova_cell1.compute_nodes ORDER BY id").column("uuid")
    assert [one["id"] for one in new] == uuids


def test_sizes_are_shown_up_to_2_87(cloud: Cloud) -> None:
    old = get(cloud, "/detail", "2.87")["hypervisors"][0]
    assert (old["vcpus_used"], old["running_vms"]) == (1, 1)
    assert old["cpu_info"]["vendor"] == "Intel"
    new = get(cloud, "/detail", "2.88")["hypervisors"][0]
    assert "vcpus" not in new
    assert new["uptime"] is None
    assert new["service"]["host"] == "compute1"


def test_their_statistics_are_gone_since_2_88(cloud: Cloud) -> None:
    found = get(cloud, "/statistics", "2.87")["hypervisor_statistics"]
    assert (found["count"], found["vcpus"], found["running_vms"]) == (2, 16, 1)
    with pytest.raises(Refused) as refused:
        get(cloud, "/statistics", "2.88")
    assert refused.value.code == 404


def test_servers_are_shown_where_they_are_asked_for(cloud: Cloud) -> None:
    query = "?with_servers=true&hypervisor_hostname_pattern=compute"
    one, two = get(cloud, query)["hypervisors"]
    assert [server["name"] for server in one["servers"]] == ["instance-00000001"]
    assert two["servers"] == []


def test_one_is_shown_by_its_id(cloud: Cloud) -> None:
    (one, _) = get(cloud, "")["hypervisors"]
    assert get(cloud, f"/{one['id']}")["hypervisor"]["hypervisor_hostname"] == "compute1"
    assert get(cloud, "/1", "2.52")["hypervisor"]["hypervisor_hostname"] == "compute1"


@pytest.mark.parametrize(
    ("path", "version", "code", "words"),
    [
        ("/1", "2.53", 400, "Invalid uuid 1"),
        ("/x", "2.52", 404, "Hypervisor with ID 'x' could not be found."),
        ("/9", "2.52", 404, "Hypervisor with ID '9' could not be found."),
        (
            "?hypervisor_hostname_pattern=nix",
            "2.53",
            404,
            "No hypervisor matching 'nix' could be found.",
        ),
    ],
)
def test_what_is_not_there_has_novas_words(
    cloud: Cloud, path: str, version: str, code: int, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        get(cloud, path, version)
    assert (refused.value.code, refused.value.message) == (code, words)


def test_only_administrators_may_look(cloud: Cloud) -> None:
    with pytest.raises(Refused) as refused:
        get(cloud, "", user="demo")
    assert refused.value.code == 403

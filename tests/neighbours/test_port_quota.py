"""Servers of one request and the quota of ports of their project (`API._create_instance` of `nova/compute/api.py`)."""

from __future__ import annotations

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused


@pytest.fixture
def cloud() -> Cloud:
    """Two ports are left."""
    made = Cloud(hosts=1)
    made.boot("first")
    made.run()
    project = made.sql("SELECT project_id FROM nova_cell1.instances").rows[0][0]
    made.request("PUT", f"/v2.0/quotas/{project}", {"quota": {"port": 3}}, service="neutron")
    return made


def test_fewer_ports_than_min_count_refuse_the_request(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="Maximum number of ports exceeded") as refused:
        cloud.boot("web", count=3)
    assert refused.value.code == 403


def test_as_many_servers_are_made_as_there_are_ports_up_to_max_count(cloud: Cloud) -> None:
    server = {
        "name": "web",
        "flavorRef": cloud.flavors.id_of("m1.tiny"),
        "imageRef": cloud.images.id_of("cirros"),
        "networks": "auto",
        "min_count": 1,
        "max_count": 3,
    }
    cloud.request("POST", "/v2.1/servers", {"server": server})
    cloud.run()
    assert [server.status for server in cloud.servers] == ["ACTIVE"] * 3
    (line,) = [event for event in cloud.journal if "port quota" in str(event.data.get("message"))]
    assert line.data["message"] == "max count reduced from 3 to 2 due to network port quota"

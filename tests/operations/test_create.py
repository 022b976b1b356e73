"""What a server can be asked for with: keys, user data, security groups, zones, several at once."""

import base64

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused


@pytest.fixture(scope="module")
def cloud():
    with Cloud(hosts=3, config={"quota": {"instances": -1, "ram": -1, "cores": -1}}) as made:
        yield made


def ask(cloud, **more):
    server = {
        "name": "web",
        "flavorRef": cloud.flavors.id_of("m1.tiny"),
        "imageRef": cloud.images.id_of("cirros"),
        "networks": "auto",
    }
    call = cloud.send("POST", "/v2.1/servers", {"server": {**server, **more}})
    cloud.run()
    call.result()
    return call


def refusal(cloud, **more):
    before = len(cloud.sql("SELECT id FROM nova_api.instance_mappings"))
    with pytest.raises(Refused) as caught:
        ask(cloud, **more)
    assert len(cloud.sql("SELECT id FROM nova_api.instance_mappings")) == before
    return caught.value.code, caught.value.message


def test_user_data_reach_the_row(cloud):
    data = base64.b64encode(b"#!/bin/sh\necho hello\n").decode()
    server = ask(cloud, user_data=data).server
    sql = f"SELECT user_data FROM nova_cell1.instances WHERE uuid = '{server.id}'"
    assert [list(row) for row in cloud.sql(sql).rows] == [[data]]
    assert server.status == "ACTIVE"


def test_a_security_group_by_name_is_on_the_port(cloud):
    body = {"security_group": {"name": "front"}}
    path = "/v2.0/security-groups"
    group = cloud.request("POST", path, body, service="neutron")["security_group"]["id"]
    server = ask(cloud, security_groups=[{"name": "front"}]).server
    assert server.status == "ACTIVE"
    ports = cloud.request("GET", f"/v2.0/ports?device_id={server.id}", service="neutron")["ports"]
    assert [port["security_groups"] for port in ports] == [[group]]


def test_a_security_group_that_is_not_there(cloud):
    said = refusal(cloud, security_groups=[{"name": "nope"}])
    assert said == (400, "Unable to find security_group with name or id 'nope'")


def test_a_zone_that_is_not_there(cloud):
    said = refusal(cloud, availability_zone="nope")
    assert said == (400, "The requested availability zone is not available")


def test_a_key_that_is_not_there(cloud):
    assert refusal(cloud, key_name="nope") == (400, "Invalid key_name provided.")


def test_several_at_once(cloud):
    call = ask(cloud, min_count=2, max_count=3, return_reservation_id=True)
    assert [server.name for server in call.servers] == ["web-1", "web-2", "web-3"]
    assert {server.status for server in call.servers} == {"ACTIVE"}
    assert refusal(cloud, min_count=3, max_count=2) == (400, "min_count must be <= max_count")

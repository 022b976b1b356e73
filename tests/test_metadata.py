"""The metadata service, as guests ask it: nova/api/metadata, for OpenStack's pages and EC2's."""

from __future__ import annotations

import base64
import json

import pytest

from simnova import Cloud, Refused, UsageError
from simnova.nova.api.metadata.base import OPENSTACK_VERSIONS, VERSIONS
from simnova.nova.api.metadata.handler import REMOTE, sign

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEnDB6EAAkotdJP+74PkLsuWGW0yHYarssO+Jk1MGHcF me"
SCRIPT = "#!/bin/sh\necho hello\n"


def made(cloud: Cloud, **more):
    cloud.keypairs.create("mine", KEY)
    given = {"user_data": SCRIPT, "key_name": "mine", "metadata": {"role": "db"}, **more}
    return cloud.boot("web", **given).wait()


@pytest.fixture(scope="module")
def cloud():
    with Cloud(hosts=1) as cloud:
        made(cloud)
        yield cloud


@pytest.fixture
def server(cloud):
    return cloud.servers["web"]


def test_meta_data_say_who_the_server_is(server):
    found = server.metadata("/openstack/latest/meta_data.json")
    assert len(base64.b64decode(found.pop("random_seed"))) == 512
    assert found == {
        "uuid": server.id,
        "meta": {"role": "db"},
        "public_keys": {"mine": KEY},
        "keys": [{"name": "mine", "type": "ssh", "data": KEY}],
        "hostname": "web.novalocal",
        "name": "web",
        "launch_index": 0,
        "availability_zone": "nova",
        "project_id": server.show()["tenant_id"],
        "devices": [],
        "dedicated_cpus": [],
    }


def test_user_data_come_back_as_they_were_given(cloud, server):
    assert server.metadata("/openstack/latest/user_data") == SCRIPT
    assert server.metadata("/latest/user-data") == SCRIPT
    stored = base64.b64encode(SCRIPT.encode()).decode()
    assert server.show()["OS-EXT-SRV-ATTR:user_data"] == stored


def test_network_data_are_neutrons_port(cloud, server):
    found = server.metadata("/openstack/latest/network_data.json")
    (link,) = found["links"]
    shown = cloud.request("GET", "/v2.0/ports", service="neutron")["ports"][0]
    assert (link["vif_id"], link["ethernet_mac_address"]) == (shown["id"], shown["mac_address"])
    assert (link["type"], link["mtu"]) == ("ovs", 1450)
    (network,) = found["networks"]
    assert (network["type"], network["link"]) == ("ipv4_dhcp", link["id"])


def test_a_version_has_the_pages_of_its_time(server):
    pages = {version: server.metadata(f"/openstack/{version}") for version in OPENSTACK_VERSIONS}
    assert pages["2012-08-10"].splitlines() == ["meta_data.json", "user_data"]
    assert pages["2025-04-04"].splitlines() == [
        *("meta_data.json", "user_data", "password"),
        *("vendor_data.json", "network_data.json", "vendor_data2.json"),
    ]
    old = server.metadata("/openstack/2012-08-10/meta_data.json")
    assert {"random_seed", "project_id", "devices"}.isdisjoint(old)


def test_ec2s_tree_can_be_walked(server):
    assert server.metadata("/").splitlines() == [*VERSIONS, "latest"]
    assert server.metadata("/latest").splitlines() == ["meta-data/", "user-data"]
    assert "public-keys/" in server.metadata("/latest/meta-data/").splitlines()
    assert server.metadata("/latest/meta-data/public-keys/") == "0=mine"
    assert server.metadata("/latest/meta-data/public-keys/0/openssh-key") == KEY
    assert server.metadata("/latest/meta-data/local-ipv4") == server.addresses[0]
    assert server.metadata("/latest/meta-data/instance-id") == "i-00000001"
    assert server.metadata("/latest/meta-data/instance-type") == "m1.small"
    assert server.metadata("/latest/meta-data/placement/availability-zone") == "nova"
    assert server.metadata("/latest/meta-data/security-groups") == "default"
    assert server.metadata("/2009-04-04/meta-data/block-device-mapping/root") == "/dev/vda"


def test_an_old_version_of_ec2_lacks_what_came_later(server):
    assert "instance-type" not in server.metadata("/2007-03-01/meta-data")
    assert "instance-type" in server.metadata("/2007-08-29/meta-data")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/openstack/1999-01-01",
        "/openstack/2012-08-10/network_data.json",
        "/openstack/latest/meta_data.json/uuid",
        "/openstack/content/0000",
        "/latest/meta-data/nothing",
    ],
)
def test_what_is_not_there_is_not_found(server, path):
    with pytest.raises(Refused, match="404"):
        server.metadata(path)


def test_an_address_of_nobodys_is_not_found_and_logged(cloud, server):
    with pytest.raises(Refused, match="404"):
        cloud.request("GET", "/openstack", service="nova-api-metadata", **{REMOTE: "10.0.9.9"})
    assert "Failed to get metadata for IP 10.0.9.9: no metadata" in str(cloud.log())
    with pytest.raises(UsageError, match=r"unknown address '10\.0\.9\.9'"):
        server.metadata(address="10.0.9.9")


def test_what_was_found_is_remembered_for_15_seconds():
    with Cloud(hosts=1) as cloud:
        server = made(cloud)
        before = server.metadata()
        server.set_metadata(role="web")
        assert server.metadata()["meta"] == before["meta"] == {"role": "db"}
        cloud.run(cloud.now + 15)
        assert server.metadata()["meta"] == {"role": "web"}


def test_nothing_is_remembered_where_the_cache_is_off():
    with Cloud(hosts=1, config={"metadata_cache_expiration": 0}) as cloud:
        server = made(cloud)
        server.metadata()
        server.set_metadata(role="web")
        assert server.metadata()["meta"] == {"role": "web"}


def test_a_guest_can_leave_its_password_once():
    with Cloud(hosts=1, config={"metadata_cache_expiration": 0}) as cloud:
        server, path = made(cloud), "/openstack/latest/password"
        assert server.metadata(path) == ""
        server.metadata(path, method="POST", body="x" * 300)
        assert server.metadata(path) == "x" * 300
        with pytest.raises(Refused, match="409"):
            server.metadata(path, method="POST", body="again")
        with pytest.raises(Refused, match="GET and POST only are supported"):
            server.metadata(path, method="PUT", body="other")


def test_a_password_that_is_too_long_is_refused(server):
    with pytest.raises(Refused, match="Request is too large"):
        server.metadata("/openstack/latest/password", method="POST", body="x" * 1021)


def test_two_servers_of_one_address_are_told_apart_only_by_neutrons_agent():
    for proxy in (False, True):
        secret = {"service_metadata_proxy": proxy, "metadata_proxy_shared_secret": "hush"}
        with Cloud(hosts=1, config={"neutron": secret}) as cloud:
            cloud.networks.create("other", cidr="10.0.0.0/16")
            twins = [cloud.boot(name, network=name).wait() for name in ("private", "other")]
            assert twins[0].addresses == twins[1].addresses
            if proxy:
                assert [one.metadata()["name"] for one in twins] == ["private", "other"]
            else:
                with pytest.raises(Exception, match="An unknown error has occurred"):
                    twins[0].metadata()
                assert "More than one instance is associated" in str(cloud.log())


def test_a_signature_that_is_wrong_is_refused():
    secret = {"service_metadata_proxy": True, "metadata_proxy_shared_secret": "hush"}
    with Cloud(hosts=1, config={"neutron": secret}) as cloud:
        server = made(cloud)
        project = server.show()["tenant_id"]
        assert server.metadata()["uuid"] == server.id

        def ask(uuid, signature, project):
            shown = {"x-instance-id": uuid, "x-tenant-id": project}
            shown["x-instance-id-signature"] = signature
            path = "/openstack/latest/user_data"
            return cloud.send("GET", path, service="nova-api-metadata", **shown)

        good = sign("hush", server.id)
        calls = [
            ask(server.id, good, project),
            ask(server.id, sign("other", server.id), project),
            ask(server.id, good, "somebody-else"),
        ]
        cloud.run()
        assert [call.answer.status for call in calls] == [200, 403, 404]
        with pytest.raises(Refused, match="X-Instance-ID header is missing from request"):
            cloud.request("GET", "/openstack", service="nova-api-metadata")


def test_vendor_data_are_the_operators_file(tmp_path):
    file = tmp_path / "vendor.json"
    file.write_text(json.dumps({"repository": "http://mirror"}))
    with Cloud(hosts=1, config={"vendordata_jsonfile_path": str(file)}) as cloud:
        server = made(cloud)
        assert server.metadata("/openstack/latest/vendor_data.json") == {
            "repository": "http://mirror"
        }
        assert server.metadata("/openstack/latest/vendor_data2.json") == {
            "static": {"repository": "http://mirror"}
        }


def test_a_metadata_service_that_is_down_answers_nobody():
    with Cloud(hosts=1) as cloud:
        server = made(cloud)
        server.metadata()
        cloud.crash("nova-api-metadata")
        with pytest.raises(Exception, match="Unable to establish connection"):
            server.metadata()
        cloud.start("nova-api-metadata")
        assert server.metadata()["uuid"] == server.id


def test_guests_of_every_cell_are_answered():
    with Cloud(hosts=2, cells=2) as cloud:
        for host in ("compute1", "compute2"):
            server = cloud.boot(host, host=host).wait()
            assert server.metadata()["name"] == host


def test_what_guests_ask_is_replayed():
    with Cloud(hosts=1) as cloud:
        server = made(cloud)
        server.metadata("/openstack/latest/user_data")
        server.metadata("/openstack/latest/password", method="POST", body="secret")
        with cloud.fork() as twin:
            cloud.run(cloud.now + 15)
            twin.run(twin.now + 15)
            for one in (cloud, twin):
                assert one.servers["web"].metadata("/openstack/latest/password") == "secret"


def test_a_request_is_told(cloud, server):
    server.metadata("/openstack/latest/user_data")
    told = " ".join(str(cloud.story()).split())
    assert f"The guest at {server.addresses[0]} asks 169.254.169.254: GET /openstack/lat" in told
    assert "Neutron's metadata agent asks the metadata service for the server's user data" in told
    assert "asks Neutron for ports with the address 10.0.0.2" in told

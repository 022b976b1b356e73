"""Neutron: addresses and hardware addresses are given out once, bindings, quotas, who sees what."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnova.keystone.schema import fixed_id

from .conftest import ADMIN, Neighbours

DEMO_PROJECT = fixed_id("project", "demo")
DEMO = {"X_Roles": "member", "X_Project_Id": DEMO_PROJECT}
OTHER = {"X_Roles": "member", "X_Project_Id": "f" * 32}
AS_ADMIN = {name.replace("-", "_"): value for name, value in ADMIN.items()}


@pytest.fixture
def neutron(neighbours):
    return neighbours.serve("neutron")


def make(neutron, resource, headers=DEMO, status=201, **values):
    path = f"/v2.0/{resource.replace('_', '-')}s"
    answer = neutron.ask("neutron", "POST", path, {resource: values}, **headers)
    assert answer.status == status, answer.text
    return answer.body[resource] if status < 400 else answer.body["NeutronError"]


def network_with(neutron, cidr="10.0.0.0/29", **subnet):
    network = make(neutron, "network", name="private")
    make(neutron, "subnet", network_id=network["id"], cidr=cidr, **subnet)
    return network["id"]


def addresses(port):
    return [fixed["ip_address"] for fixed in port["fixed_ips"]]


def test_a_subnet_gives_its_first_address_to_the_gateway_and_the_rest_to_ports(neutron):
    network = network_with(neutron)
    subnet = neutron.ask("neutron", "GET", "/v2.0/subnets", **DEMO).body["subnets"][0]
    assert subnet["gateway_ip"] == "10.0.0.1"
    assert subnet["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.0.6"}]
    shown = neutron.ask("neutron", "GET", f"/v2.0/networks/{network}", **DEMO).body["network"]
    assert shown["subnets"] == [subnet["id"]]


def test_the_lowest_free_address_until_there_is_none(neutron):
    network = network_with(neutron)
    ports = [make(neutron, "port", network_id=network) for _ in range(5)]
    assert [addresses(port) for port in ports] == [[f"10.0.0.{n}"] for n in range(2, 7)]
    error = make(neutron, "port", status=409, network_id=network)
    assert error["type"] == "IpAddressGenerationFailure"
    assert error["message"] == f"No more IP addresses available on network {network}."
    neutron.ask("neutron", "DELETE", f"/v2.0/ports/{ports[2]['id']}", **DEMO)
    assert addresses(make(neutron, "port", network_id=network)) == ["10.0.0.4"]


def test_hardware_addresses_are_neutrons_and_unique(neutron):
    network = network_with(neutron, "10.0.0.0/24")
    macs = [make(neutron, "port", network_id=network)["mac_address"] for _ in range(20)]
    assert all(mac.startswith("fa:16:3e:") and len(mac) == 17 for mac in macs)
    assert len(set(macs)) == 20
    error = make(neutron, "port", status=409, network_id=network, mac_address=macs[0])
    assert error["type"] == "MacAddressInUse"


def test_an_address_that_is_asked_for(neutron):
    network = network_with(neutron)
    wanted = {"network_id": network, "fixed_ips": [{"ip_address": "10.0.0.5"}]}
    assert addresses(make(neutron, "port", **wanted)) == ["10.0.0.5"]
    assert make(neutron, "port", status=409, **wanted)["type"] == "IpAddressAlreadyAllocated"
    for wrong in ("192.168.0.1", "ten", ""):
        wanted["fixed_ips"] = [{"ip_address": wrong}]
        assert make(neutron, "port", status=400, **wanted)["type"] == "InvalidIpForNetwork"
    taken = [addresses(make(neutron, "port", network_id=network))[0] for _ in range(4)]
    assert taken == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.6"]


def test_a_network_with_both_versions_gives_one_address_of_each(neutron):
    network = network_with(neutron)
    make(neutron, "subnet", network_id=network, cidr="fd00::/64", ip_version=6)
    port = make(neutron, "port", network_id=network)
    assert addresses(port) == ["10.0.0.2", "fd00::2"]


def test_the_second_subnet_serves_when_the_first_is_full(neutron):
    network = network_with(neutron, "10.0.0.0/30")
    neutron.clock.advance(1)
    make(neutron, "subnet", network_id=network, cidr="10.0.1.0/30")
    found = [addresses(make(neutron, "port", network_id=network))[0] for _ in range(2)]
    assert found == ["10.0.0.2", "10.0.1.2"]


def test_a_network_without_subnets_gives_no_address(neutron):
    network = make(neutron, "network")["id"]
    assert make(neutron, "port", network_id=network)["fixed_ips"] == []


@pytest.mark.parametrize(
    ("subnet", "kind"),
    [
        ({"cidr": "10.0.0.0/33"}, "InvalidInput"),
        ({"cidr": None}, "InvalidInput"),
        ({"cidr": "10.0.0.0/24", "ip_version": 6}, "InvalidInput"),
        ({"cidr": "10.0.0.0/24", "gateway_ip": "10.0.1.1"}, "InvalidInput"),
        (
            {"cidr": "10.0.0.0/24", "allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.2"}]},
            "InvalidAllocationPool",
        ),
        (
            {"cidr": "10.0.0.0/24", "allocation_pools": [{"start": "10.0.1.2", "end": "10.0.1.9"}]},
            "OutOfBoundsAllocationPool",
        ),
        ({"cidr": "10.0.0.0/24", "colour": "blue"}, "HTTPBadRequest"),
    ],
)
def test_subnets_that_make_no_sense(neutron, subnet, kind):
    network = make(neutron, "network")["id"]
    assert make(neutron, "subnet", status=400, network_id=network, **subnet)["type"] == kind
    assert neutron.sql("SELECT * FROM neutron.subnets") == []


def test_pools_that_are_asked_for(neutron):
    pools = [{"start": "10.0.0.20", "end": "10.0.0.20"}, {"start": "10.0.0.10", "end": "10.0.0.11"}]
    network = network_with(neutron, "10.0.0.0/24", allocation_pools=pools)
    found = [addresses(make(neutron, "port", network_id=network))[0] for _ in range(3)]
    assert found == ["10.0.0.10", "10.0.0.11", "10.0.0.20"]
    make(neutron, "port", status=409, network_id=network)


def test_subnets_of_a_network_do_not_overlap(neutron):
    network = network_with(neutron, "10.0.0.0/24")
    error = make(neutron, "subnet", status=400, network_id=network, cidr="10.0.0.128/25")
    assert error["message"].endswith(f"for network: {network} overlaps with another subnet.")


def test_a_port_is_bound_to_a_host_and_released(neutron):
    network = network_with(neutron)
    port = make(neutron, "port", network_id=network, device_id="server")
    path = f"/v2.0/ports/{port['id']}"
    binding = {"port": {"binding:host_id": "compute1", "device_owner": "compute:nova"}}
    assert neutron.ask("neutron", "PUT", path, binding, **DEMO).status == 403
    bound = neutron.ask("neutron", "PUT", path, binding, **AS_ADMIN).body["port"]
    assert (bound["status"], bound["binding:vif_type"]) == ("ACTIVE", "ovs")
    assert bound["binding:vif_details"]["bridge_name"] == "br-int"
    assert bound["device_owner"] == "compute:nova"
    free = {"port": {"binding:host_id": None}}
    unbound = neutron.ask("neutron", "PUT", path, free, **AS_ADMIN).body["port"]
    assert (unbound["status"], unbound["binding:vif_type"]) == ("DOWN", "unbound")
    assert (unbound["binding:host_id"], unbound["device_id"]) == ("", "server")
    mine = neutron.ask("neutron", "GET", path, **DEMO).body["port"]
    assert "binding:host_id" not in mine


def test_a_port_changes_its_addresses(neutron):
    network = network_with(neutron)
    port = make(neutron, "port", network_id=network)
    body = {"port": {"fixed_ips": [{"ip_address": "10.0.0.6"}]}}
    path = f"/v2.0/ports/{port['id']}"
    changed = neutron.ask("neutron", "PUT", path, body, **DEMO).body["port"]
    assert addresses(changed) == ["10.0.0.6"]
    assert addresses(make(neutron, "port", network_id=network)) == ["10.0.0.2"]


def test_a_refused_change_leaves_the_port_as_it_was(neutron):
    network = network_with(neutron)
    port = make(neutron, "port", network_id=network)
    make(neutron, "port", network_id=network)
    path = f"/v2.0/ports/{port['id']}"
    body = {"port": {"name": "new", "fixed_ips": [{"ip_address": "10.0.0.3"}]}}
    assert neutron.ask("neutron", "PUT", path, body, **DEMO).status == 409
    shown = neutron.ask("neutron", "GET", path, **DEMO).body["port"]
    assert (shown["name"], addresses(shown)) == ("", ["10.0.0.2"])
    assert addresses(make(neutron, "port", network_id=network)) == ["10.0.0.4"]


def test_quotas_of_ports(neutron):
    network = network_with(neutron)
    path = f"/v2.0/quotas/{DEMO_PROJECT}"
    assert neutron.ask("neutron", "GET", path, **DEMO).body["quota"]["port"] == 500
    assert neutron.ask("neutron", "GET", path, **OTHER).status == 403
    assert neutron.ask("neutron", "PUT", path, {"quota": {"port": 1}}, **DEMO).status == 403
    answer = neutron.ask("neutron", "PUT", path, {"quota": {"port": 1}}, **AS_ADMIN)
    assert answer.body["quota"]["port"] == 1
    make(neutron, "port", network_id=network)
    error = make(neutron, "port", status=409, network_id=network)
    assert error == {
        "type": "OverQuota",
        "message": "Quota exceeded for resources: ['port'].",
        "detail": "",
    }
    for wrong in (-2, "many", True):
        body = {"quota": {"port": wrong}}
        assert neutron.ask("neutron", "PUT", path, body, **AS_ADMIN).status == 400


def test_the_default_security_group_is_there_as_soon_as_it_is_needed(neutron):
    port = make(neutron, "port", network_id=network_with(neutron))
    [group] = neutron.ask("neutron", "GET", "/v2.0/security-groups", **DEMO).body["security_groups"]
    assert (group["name"], port["security_groups"]) == ("default", [group["id"]])
    kinds = [(rule["direction"], rule["ethertype"]) for rule in group["security_group_rules"]]
    assert sorted(kinds) == [
        ("egress", "IPv4"),
        ("egress", "IPv6"),
        ("ingress", "IPv4"),
        ("ingress", "IPv6"),
    ]
    path = f"/v2.0/security-groups/{group['id']}"
    answer = neutron.ask("neutron", "DELETE", path, **DEMO)
    assert answer.body["NeutronError"]["type"] == "SecurityGroupInUse"


def test_a_security_group_with_a_rule(neutron):
    network = network_with(neutron)
    group = make(neutron, "security_group", name="web")
    make(
        neutron,
        "security_group_rule",
        security_group_id=group["id"],
        protocol="tcp",
        port_range_min=80,
        port_range_max=80,
    )
    port = make(neutron, "port", network_id=network, security_groups=[group["id"]])
    assert port["security_groups"] == [group["id"]]
    error = make(neutron, "port", status=404, network_id=network, security_groups=["none"])
    assert error["message"] == "Security group none does not exist"


def test_who_sees_a_network(neutron):
    private = make(neutron, "network", name="private")["id"]
    shared = make(neutron, "network", AS_ADMIN, name="shared", shared=True)["id"]
    make(neutron, "network", DEMO, 403, name="x", shared=True)

    def seen(headers, query=""):
        found = neutron.ask("neutron", "GET", f"/v2.0/networks{query}", **headers).body["networks"]
        return {network["id"] for network in found}

    assert seen(DEMO) == {private, shared}
    assert seen(OTHER) == {shared}
    assert seen(OTHER, "?shared=False") == set()
    assert seen(DEMO, f"?id={private}&id={shared}") == {private, shared}
    assert seen(DEMO, f"?tenant_id={DEMO_PROJECT}&shared=False") == {private}
    answer = neutron.ask("neutron", "GET", f"/v2.0/networks/{private}", **OTHER)
    assert answer.body["NeutronError"]["message"] == f"Network {private} could not be found."


def test_what_is_in_use_is_not_deleted(neutron):
    network = network_with(neutron)
    port = make(neutron, "port", network_id=network)
    [subnet] = neutron.ask("neutron", "GET", "/v2.0/subnets", **DEMO).body["subnets"]
    for path, kind in (
        (f"networks/{network}", "NetworkInUse"),
        (f"subnets/{subnet['id']}", "SubnetInUse"),
    ):
        answer = neutron.ask("neutron", "DELETE", f"/v2.0/{path}", **DEMO)
        assert (answer.status, answer.body["NeutronError"]["type"]) == (409, kind)
    assert neutron.ask("neutron", "DELETE", f"/v2.0/ports/{port['id']}", **DEMO).status == 204
    assert neutron.ask("neutron", "DELETE", f"/v2.0/networks/{network}", **DEMO).status == 204
    for table in ("subnets", "ipallocationpools", "ipallocations", "ml2_port_bindings"):
        assert neutron.sql(f"SELECT * FROM neutron.{table}") == []


def test_fields_and_filters_of_ports(neutron):
    network = network_with(neutron)
    port = make(neutron, "port", network_id=network, device_id="server")
    make(neutron, "port", network_id=network)

    def ports(query):
        return neutron.ask("neutron", "GET", f"/v2.0/ports?{query}", **DEMO).body["ports"]

    assert ports("device_id=server&fields=id") == [{"id": port["id"]}]
    assert len(ports(f"tenant_id={DEMO_PROJECT}&fields=id")) == 2
    assert ports("fixed_ips=ip_address%3D10.0.0.2&fields=device_id") == [{"device_id": "server"}]
    assert ports("device_id=nobody") == []


def test_bad_bodies(neutron):
    for body in (None, [], {"net": {}}, {"network": 5}):
        assert neutron.ask("neutron", "POST", "/v2.0/networks", body, **DEMO).status == 400
    make(neutron, "network", status=400, name="x" * 256)
    make(neutron, "network", status=400, name=5)
    assert neutron.ask("neutron", "GET", "/v2.0/nothing", **DEMO).status == 404


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.none(), st.integers(0, 6)), max_size=25))
def test_no_address_is_given_twice_and_none_is_lost(steps):
    """None makes a port, a number deletes one: what Neutron gives is always the lowest that is free."""
    neutron = Neighbours().serve("neutron")
    network, held = network_with(neutron), {}
    for step in steps:
        if step is None:
            free = [n for n in range(2, 7) if f"10.0.0.{n}" not in held.values()]
            port = make(neutron, "port", status=201 if free else 409, network_id=network)
            if free:
                held[port["id"]] = addresses(port)[0]
                assert held[port["id"]] == f"10.0.0.{free[0]}"
        elif held:
            ident = list(held)[step % len(held)]
            neutron.ask("neutron", "DELETE", f"/v2.0/ports/{ident}", **DEMO)
            del held[ident]
    rows = neutron.sql("SELECT ip_address FROM neutron.ipallocations")
    assert sorted(row["ip_address"] for row in rows) == sorted(held.values())

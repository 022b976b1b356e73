"""Nova's network API: what it asks of Neutron, what it makes of refusals, and that it cleans up."""

import pytest

from simnova.messaging.rest import ConnectFailure
from simnova.nova import exception
from simnova.nova.network.neutron import API
from simnova.nova.objects.network_request import NetworkRequest

from .conftest import ADMIN, make_instance

SERVER = "5e7e0000-0000-4000-8000-000000000001"
OTHER = "5e7e0000-0000-4000-8000-000000000002"


@pytest.fixture
def neutron(neighbours):
    return neighbours.serve("neutron")


@pytest.fixture
def api(neighbours):
    return API(neighbours.rest)


@pytest.fixture
def make(neutron, context):
    def make(resource, **values):
        who = {"X_Roles": "admin", "X_Project_Id": context.project_id}
        body = {resource: values}
        answer = neutron.ask("neutron", "POST", f"/v2.0/{resource.replace('_', '-')}s", body, **who)
        assert answer.status == 201, answer.text
        return answer.body[resource]["id"]

    return make


@pytest.fixture
def private(make):
    network = make("network", name="private")
    make("subnet", network_id=network, cidr="10.0.0.0/29", dns_nameservers=["10.9.9.9"])
    return network


def requests(neutron, start=0):
    events = list(neutron.clock.journal)[start:]
    return [
        f"{e.data['method']} {e.data['path'].removeprefix('/v2.0/')}"
        for e in events
        if e.kind == "http.request"
    ]


def ports(neutron):
    return neutron.sql("SELECT * FROM neutron.ports")


def wanted(**request):
    return [NetworkRequest(**request)]


class TestValidate:
    """`validate_networks`: before anything is made."""

    def validate(self, neutron, api, context, requested, count=1):
        return neutron.do(api.validate_networks(context, requested, count))

    def test_automatic_with_one_network(self, neutron, api, context, private):
        assert self.validate(neutron, api, context, None, 3) == 3

    def test_automatic_with_none_at_all(self, neutron, api, context):
        assert self.validate(neutron, api, context, None, 3) == 3

    def test_no_network_needs_no_port(self, neutron, api, context, private):
        start = len(neutron.clock.journal)
        assert self.validate(neutron, api, context, [], 1000) == 1000
        assert requests(neutron, start) == []

    def test_automatic_with_two_networks_is_ambiguous(self, neutron, api, context, private, make):
        make("network", name="second")
        with pytest.raises(exception.NetworkAmbiguous) as caught:
            self.validate(neutron, api, context, None)
        text = "Multiple possible networks found, use a Network ID to be more specific."
        assert str(caught.value) == text

    def test_an_unknown_network(self, neutron, api, context, private):
        with pytest.raises(exception.NetworkNotFound, match="Network nope could not be found"):
            self.validate(neutron, api, context, wanted(network_id="nope"))

    def test_a_network_without_subnet(self, neutron, api, context, make):
        bare = make("network", name="bare")
        with pytest.raises(exception.NetworkRequiresSubnet, match="requires a subnet"):
            self.validate(neutron, api, context, wanted(network_id=bare))

    def test_an_address_that_somebody_has(self, neutron, api, context, private, make):
        taken = [{"ip_address": "10.0.0.4"}]
        make("port", network_id=private, fixed_ips=taken, device_id=OTHER)
        request = wanted(network_id=private, address="10.0.0.4")
        with pytest.raises(exception.FixedIpAlreadyInUse) as caught:
            self.validate(neutron, api, context, request)
        text = f"Fixed IP address 10.0.0.4 is already in use on instance {OTHER}."
        assert str(caught.value) == text

    def test_ports(self, neutron, api, context, private, make):
        free = make("port", network_id=private)
        used = make("port", network_id=private, device_id=OTHER)
        bare = make("port", network_id=make("network", name="bare"))
        assert self.validate(neutron, api, context, wanted(port_id=free)) == 1
        with pytest.raises(exception.PortNotFound, match="Port id nope could not be found"):
            self.validate(neutron, api, context, wanted(port_id="nope"))
        with pytest.raises(exception.PortInUse, match=f"Port {used} is still in use."):
            self.validate(neutron, api, context, wanted(port_id=used))
        with pytest.raises(exception.PortRequiresFixedIP):
            self.validate(neutron, api, context, wanted(port_id=bare))

    def test_the_quota_says_how_many(self, neutron, api, context, private, make):
        def set_quota(ports):
            admin = {name.replace("-", "_"): value for name, value in ADMIN.items()}
            path = f"/v2.0/quotas/{context.project_id}"
            assert neutron.ask("neutron", "PUT", path, {"quota": {"port": ports}}, **admin)

        set_quota(3)
        make("port", network_id=private)
        assert self.validate(neutron, api, context, None, 5) == 2
        twice = [NetworkRequest(network_id=private), NetworkRequest(network_id=private)]
        assert self.validate(neutron, api, context, twice, 5) == 1
        set_quota(-1)
        assert self.validate(neutron, api, context, None, 5) == 5
        set_quota(0)
        with pytest.raises(exception.PortLimitExceeded, match="ports: 1 is over the limit: 0"):
            self.validate(neutron, api, context, None)


@pytest.fixture
def allocate(neutron, api, context):
    def allocate(requested=None, uuid=SERVER, groups=("default",)):
        instance = make_instance(context, uuid)
        work = api.allocate_for_instance(
            context, instance, requested, groups, bind_host_id="compute1"
        )
        instance.network_info = neutron.do(work)
        return instance

    return allocate


def test_the_requests_of_a_boot_without_a_named_network(neutron, allocate, private):
    start = len(neutron.clock.journal)
    [vif] = allocate().network_info
    assert requests(neutron, start) == [
        "GET networks",
        "GET networks",
        "POST ports",
        f"PUT ports/{vif['id']}",
        "GET ports",
        "GET subnets",
        "GET ports",
        f"GET networks/{private}",
    ]


def test_the_port_belongs_to_the_server_on_its_host(neutron, allocate, private, context):
    [vif] = allocate().network_info
    [port] = ports(neutron)
    assert port["id"] == vif["id"]
    assert (port["device_id"], port["device_owner"]) == (SERVER, "compute:nova")
    assert (port["project_id"], port["status"]) == (context.project_id, "ACTIVE")
    [binding] = neutron.sql("SELECT host, vif_type FROM neutron.ml2_port_bindings")
    assert binding == {"host": "compute1", "vif_type": "ovs"}


def test_the_vif_has_the_shape_of_novas_network_model(allocate, private, context):
    [vif] = allocate().network_info
    assert vif["address"].startswith("fa:16:3e:")
    assert (vif["type"], vif["active"], vif["vnic_type"]) == ("ovs", True, "normal")
    assert vif["devname"] == f"tap{vif['id'][:11]}"
    assert vif["ovs_interfaceid"] == vif["id"]
    network = vif["network"]
    assert (network["id"], network["label"], network["bridge"]) == (private, "private", "br-int")
    assert network["meta"] == {
        "injected": False,
        "tenant_id": context.project_id,
        "mtu": 1450,
        "physical_network": None,
        "tunneled": True,
    }
    [subnet] = network["subnets"]
    assert (subnet["cidr"], subnet["version"]) == ("10.0.0.0/29", 4)
    assert subnet["gateway"] == {"address": "10.0.0.1", "type": "gateway", "version": 4, "meta": {}}
    assert [ip["address"] for ip in subnet["ips"]] == ["10.0.0.2"]
    assert [ip["address"] for ip in subnet["dns"]] == ["10.9.9.9"]


def test_no_network(neutron, allocate, private):
    assert allocate([]).network_info == []
    assert ports(neutron) == []


def test_no_network_is_available(neutron, allocate):
    assert allocate(None).network_info == []


def test_networks_ports_and_addresses_in_the_order_of_the_request(neutron, allocate, private, make):
    second = make("network", name="second")
    make("subnet", network_id=second, cidr="10.0.1.0/29")
    port = make("port", network_id=second)
    requested = [
        NetworkRequest(port_id=port),
        NetworkRequest(network_id=private, address="10.0.0.5"),
        NetworkRequest(network_id=private),
    ]
    vifs = allocate(requested).network_info
    found = [vif["network"]["subnets"][0]["ips"][0]["address"] for vif in vifs]
    assert found == ["10.0.1.2", "10.0.0.5", "10.0.0.2"]
    assert [vif["preserve_on_delete"] for vif in vifs] == [True, False, False]


def test_named_security_groups(neutron, allocate, private, make):
    web = make("security_group", name="web")
    allocate(groups=["web"])
    rows = neutron.sql("SELECT security_group_id FROM neutron.securitygroupportbindings")
    assert [row["security_group_id"] for row in rows] == [web]
    with pytest.raises(exception.SecurityGroupNotFound, match="Security group nope not found"):
        allocate(groups=["nope"], uuid=OTHER)


def test_the_pool_is_exhausted(neutron, allocate, private, make):
    for _ in range(5):
        make("port", network_id=private)
    with pytest.raises(exception.NoMoreFixedIps) as caught:
        allocate()
    assert str(caught.value) == f"No fixed IP addresses available for network: {private}"


def test_what_was_made_goes_when_the_next_port_fails(neutron, allocate, private, make):
    make("port", network_id=private, fixed_ips=[{"ip_address": "10.0.0.5"}])
    requested = [
        NetworkRequest(network_id=private),
        NetworkRequest(network_id=private, address="10.0.0.5"),
    ]
    with pytest.raises(
        exception.FixedIpAlreadyInUse, match=r"Fixed IP 10\.0\.0\.5 is already in use\."
    ):
        allocate(requested)
    assert len(ports(neutron)) == 1


def test_an_address_that_is_not_of_the_network(neutron, allocate, private):
    with pytest.raises(exception.InvalidInput, match="is not a valid ip address for network"):
        allocate(wanted(network_id=private, address="192.168.1.1"))
    assert ports(neutron) == []


def test_a_port_of_another_project(neutron, allocate, private, make):
    theirs = make("port", network_id=private, project_id="f" * 32)
    with pytest.raises(exception.PortNotUsable, match=f"Port {theirs} not usable for instance"):
        allocate(wanted(port_id=theirs))


def test_an_external_network_is_for_administrators(neutron, allocate, make):
    outside = make("network", **{"name": "public", "router:external": True})
    make("subnet", network_id=outside, cidr="203.0.113.0/24")
    with pytest.raises(exception.ExternalNetworkAttachForbidden):
        allocate(wanted(network_id=outside))


def test_ports_go_with_the_server_but_those_that_it_was_given_stay(
    neutron, api, context, allocate, private, make
):
    given = make("port", network_id=private)
    instance = allocate([NetworkRequest(port_id=given), NetworkRequest(network_id=private)])
    assert len(ports(neutron)) == 2
    neutron.do(api.deallocate_for_instance(context, instance))
    [left] = ports(neutron)
    assert left["id"] == given
    assert (left["device_id"], left["device_owner"], left["status"]) == ("", "", "DOWN")
    neutron.do(api.deallocate_for_instance(context, make_instance(context, OTHER)))


def test_a_server_that_moves_takes_its_ports_along(neutron, api, context, allocate, private):
    instance = allocate()
    neutron.do(api.setup_instance_network_on_host(context, instance, "compute2"))
    [binding] = neutron.sql("SELECT host FROM neutron.ml2_port_bindings")
    assert binding["host"] == "compute2"


def test_what_neutron_has_now_is_what_was_cached(neutron, api, context, allocate, private):
    instance = allocate()
    assert neutron.do(api.get_instance_nw_info(context, instance)) == instance.network_info


def test_neutron_is_down(neutron, api, context, allocate, private):
    neutron.clock.stop(neutron.services["neutron"])
    with pytest.raises(ConnectFailure, match="Unable to establish connection to http://neutron"):
        allocate()
    with pytest.raises(ConnectFailure):
        neutron.do(api.validate_networks(context, None, 1))


def test_neutron_dies_between_making_a_port_and_binding_it(neutron, api, context, private):
    """The port stays in Neutron, unbound, as it would: nobody is there to delete it."""
    clock = neutron.clock
    seen = []

    def crash(event):
        if event.kind == "http.response" and event.data["method"] == "POST":
            seen.append(event)
            clock.after(0, clock.crash, neutron.services["neutron"])

    clock.journal.after.append(crash)
    instance = make_instance(context, SERVER)
    with pytest.raises(ConnectFailure):
        neutron.do(api.allocate_for_instance(context, instance, None, bind_host_id="compute1"))
    assert len(seen) == 1
    [port] = ports(neutron)
    assert (port["device_id"], port["device_owner"]) == (SERVER, "")

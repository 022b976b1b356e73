"""Bad input to the scheduler: Nova's answer or a clear sentence, and the cloud goes on."""

import json

import pytest

from simnova import Cloud, Host, Refused, UsageError

pytestmark = pytest.mark.thorough

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def cloud():
    filters = [
        *("ComputeFilter", "ComputeCapabilitiesFilter", "AggregateInstanceExtraSpecsFilter"),
        *("JsonFilter", "SameHostFilter", "DifferentHostFilter", "SimpleCIDRAffinityFilter"),
        *("ServerGroupAntiAffinityFilter", "ServerGroupAffinityFilter"),
    ]
    made = Cloud(hosts=2, config={"enabled_filters": filters})
    made.aggregates.create("rack1", zone="az1", hosts=["compute1"])
    return made


@pytest.fixture(autouse=True)
def the_cloud_goes_on(cloud):
    yield
    server = cloud.boot("afterwards", flavor="m1.tiny")
    assert server.wait().status == "ACTIVE"
    server.delete()
    cloud.run()


def ends(cloud, **request):
    server = cloud.boot("web", **{"flavor": "m1.tiny", **request})
    cloud.run()
    status, fault = server.status, server.fault
    server.delete()
    cloud.run()
    return status, fault


# --- hints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        ({"group": "web"}, "Invalid input for field/attribute group. Value: web."),
        ({"group": {"a": 1}}, "Invalid input for field/attribute group."),
        ({"same_host": "web"}, "attribute same_host"),
        (
            {"same_host": ["web"]},
            "Invalid input for field/attribute 0. Value: web. 'web' is not a 'uuid'",
        ),
        ({"same_host": 5}, "Value: 5. 5 is not of type 'string', 'array'"),
        ({"different_host": 5}, "Invalid input for field/attribute different_host. Value: 5."),
        ({"query": 5}, "Value: 5. 5 is not of type 'string', 'object'"),
        ({"target_cell": ""}, "attribute target_cell"),
        ({"different_cell": [1]}, "Value: 1. 1 is not of type 'string'"),
        ({"build_near_host_ip": "here"}, "attribute build_near_host_ip. Value: here."),
        ({"cidr": "24"}, "Invalid input for field/attribute cidr. Value: 24. '24' does not match"),
        ({"group": NOWHERE}, f"Instance group {NOWHERE} could not be found."),
    ],
)
def test_a_hint_of_the_wrong_shape(cloud, hints, words):
    if words == "attribute same_host":
        assert ends(cloud, hints=hints)[0] == "ERROR"
        return
    with pytest.raises(Refused) as refused:
        cloud.boot("web", hints=hints)
    assert refused.value.code == 400
    assert words in refused.value.message


def test_hints_that_are_no_hints(cloud):
    with pytest.raises(UsageError, match="hints='same_host': give a dict"):
        cloud.boot("web", hints="same_host")
    with pytest.raises(UsageError, match="hints: this cannot be sent as JSON"):
        cloud.boot("web", hints={"mine": object()})
    with pytest.raises(UsageError, match="unknown argument 'hintz': did you mean 'hints'"):
        cloud.boot("web", hintz={})


def test_a_hint_of_ones_own_is_kept_and_one_of_novas_own_is_dropped(cloud):
    server = cloud.boot(
        "web", flavor="m1.tiny", hints={"mine": "x", "_nova_check_type": ["rebuild"]}
    )
    rows = cloud.assembly.databases.sql(
        f"SELECT spec FROM nova_api.request_specs WHERE instance_uuid = '{server.id}'"
    )
    (spec,) = rows.column("spec")
    spec = spec if isinstance(spec, dict) else json.loads(spec)
    assert spec["nova_object.data"]["scheduler_hints"] == {"mine": ["x"]}
    server.wait().delete()


def deep(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "query",
    [
        '[">=", "$free_ram_mb", 1]',
        '[">=", "$no_such_variable", 1]',
        '[">=", "$stats.no_such_key", 1]',
        '["nearly", "$free_ram_mb", 1]',
        '[">=", "$free_ram_mb", "many"]',
        '[">=", ["nearly"], 1]',
        "[]",
        "{}",
        '"text"',
        "5",
        "null",
        "no JSON",
        deep(5000),
        '["not", ' * 5000 + '["=", 1, 1]' + "]" * 5000,
        '["and", ' * 300 + '["=", 1, 1]' + "]" * 300,
    ],
    ids=lambda query: query[:40],
)
def test_whatever_the_query_the_request_ends(cloud, query):
    status, fault = ends(cloud, hints={"query": query})
    assert status == "ACTIVE" or fault
    assert "RecursionError" not in str(fault)


def test_a_query_can_be_given_as_a_list(cloud):
    assert ends(cloud, hints={"query": ["=", "$host", "compute2"]})[0] == "ACTIVE"
    nested = ["=", 1, 1]
    for _ in range(5000):
        nested = ["and", nested]
    with pytest.raises(UsageError, match="hints: this is nested too deeply"):
        cloud.boot("web", hints={"query": nested})


# --- zones, hosts, nodes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("az9", "The requested availability zone is not available"),
        ("internal", ""),
        ("a:b:c:d", "Unable to parse availability_zone"),
        ("", "'' is too short|'' should be non-empty"),
    ],
)
def test_a_zone_that_is_not_there(cloud, zone, words):
    if zone == "internal":
        assert ends(cloud, availability_zone=zone)[0] in ("ACTIVE", "ERROR")
        return
    with pytest.raises(Refused) as refused:
        cloud.boot("web", availability_zone=zone)
    assert refused.value.code == 400
    assert any(word in refused.value.message for word in words.split("|"))


@pytest.mark.parametrize(
    ("zone", "host"),
    [
        ("az1", "compute1"),
        ("az1:compute1", "compute1"),
        ("nova:compute2:compute2", "compute2"),
        ("nova::compute2", "compute2"),
        (":compute2", "compute2"),
        ("az1:compute2", "compute2"),
        ("nova:compute1", "compute1"),
    ],
)
def test_the_forms_of_a_zone(cloud, zone, host):
    server = cloud.boot("web", flavor="m1.tiny", availability_zone=zone).wait()
    assert server.host == host
    zone = {"compute1": "az1", "compute2": "nova"}[host]
    assert server.show()["OS-EXT-AZ:availability_zone"] == zone
    server.delete()


@pytest.mark.parametrize("zone", ["nova:compute9", "nova::compute9", "nova:compute1:compute2"])
def test_a_forced_host_or_node_that_is_not_there_ends_in_no_valid_host(cloud, zone):
    status, fault = ends(cloud, availability_zone=zone)
    assert status == "ERROR"
    assert fault.startswith("No valid host was found.")


def test_a_host_that_the_learner_misspells(cloud):
    with pytest.raises(UsageError, match="unknown host 'compute9': did you mean 'compute"):
        cloud.boot("web", host="compute9")


@pytest.mark.parametrize("place", [{"host": "nowhere"}, {"hypervisor_hostname": "nowhere"}])
def test_a_requested_destination_that_is_not_there(cloud, place):
    server = {
        "name": "web",
        "flavorRef": cloud.flavors.id_of("m1.tiny"),
        "imageRef": cloud.images.id_of("cirros"),
        "networks": "auto",
    }
    words = r"Compute host nowhere could not be found. \(HTTP 400\)"
    with pytest.raises(Refused, match=words):
        cloud.request("POST", "/v2.1/servers", {"server": server | place})
    both = {"availability_zone": "nova:compute1", "host": "compute1"}
    with pytest.raises(Refused, match="mutually exclusive"):
        cloud.request("POST", "/v2.1/servers", {"server": server | both})
    old = {"openstack_api_version": "compute 2.73"}
    with pytest.raises(Refused, match="Additional properties are not allowed"):
        cloud.request("POST", "/v2.1/servers", {"server": server | place}, **old)


def test_a_requested_destination_still_asks_the_filters(cloud):
    server = cloud.boot("web", flavor="m1.tiny", host="compute2", forced=False).wait()
    assert server.host == "compute2"
    server.delete()
    query = {"query": ["=", "$host", "compute1"]}
    assert ends(cloud, host="compute2", forced=False, hints=query)[0] == "ERROR"
    assert ends(cloud, host="compute2", hints=query)[0] == "ACTIVE"


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        ({"host": "compute1"}, "os_compute_api:servers:create:forced_host"),
        ({"node": "compute1"}, "os_compute_api:servers:create:forced_host"),
        ({"host": "compute1", "forced": False}, "compute:servers:create:requested_destination"),
    ],
)
def test_only_administrators_choose_the_host(cloud, request_, rule):
    with pytest.raises(Refused, match=f"Policy doesn't allow {rule} to be performed") as refused:
        cloud.boot("web", user="demo", **request_)
    assert refused.value.code == 403


# --- extra specs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ">=",
        ">= many",
        "<or>",
        "<or> <or>",
        "<in>",
        "<all-in>",
        "== ==",
        "~= 4",
        "=>4",
        "s==",
    ],
)
@pytest.mark.parametrize("name", ["capabilities:vcpus", "aggregate_instance_extra_specs:ssd"])
def test_a_broken_operator_lets_no_request_hang(cloud, name, value):
    if name.startswith("aggregate"):
        cloud.aggregates["rack1"].set_metadata(ssd="8")
    flavor = cloud.flavors.create(f"f{len(cloud.flavors)}", extra_specs={name: value})
    status, fault = ends(cloud, flavor=flavor.name)
    assert status == "ACTIVE" or fault


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["cpu_allocation_ratio", "initial_ram_allocation_ratio"])
@pytest.mark.parametrize("value", [-1.0, "much"])
def test_a_ratio_that_is_none(option, value):
    with pytest.raises(UsageError, match=option):
        Cloud(hosts=1, config={option: value})


def test_a_ratio_of_zero_means_the_initial_one():
    made = Cloud(hosts=1, config={"cpu_allocation_ratio": 0.0})
    rows = made.assembly.databases.sql("SELECT cpu_allocation_ratio FROM nova_cell1.compute_nodes")
    assert rows.column("cpu_allocation_ratio") == [4.0]
    assert made.boot("web", flavor="m1.tiny").wait().status == "ACTIVE"


def test_a_filter_that_is_not_there():
    with pytest.raises(UsageError, match=r"'ComputFilter'.*'ComputeFilter'"):
        Cloud(hosts=1, config={"enabled_filters": ["ComputFilter"]})
    with pytest.raises(UsageError, match=r"'RamFiltre'.*'RamFilter'"):
        Cloud(hosts=1, filters=["RamFiltre"])


@pytest.mark.parametrize("sizes", [{"vcpus": 0}, {"memory_mb": -1}, {"local_gb": 0.5}])
def test_a_host_without_size(sizes):
    with pytest.raises(UsageError, match="is no size"):
        Host("h", **sizes)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{nope", 'the hint query is {nope, which is no JSON: write it as [">=", "$free_ram_mb"'),
        (["=~", "$free_ram_mb", 3], "its operators are = < > <= >= in not or and"),
        ([">", "$free_ram_mb", "x"], "this cannot be asked of a host"),
        ([">", "$free_ram", 3], "$free_ram is None (did you mean $free_ram_mb?)"),
        ([">", "$free_ram_mb", "$nothing_like_it"], "$nothing_like_it is None"),
    ],
)
def test_a_query_that_goes_wrong_is_told_with_the_hint_and_what_it_may_hold(cloud, query, said):
    assert ends(cloud, hints={"query": query})[0] == "ERROR"
    decision = cloud.decision()
    assert said in " ".join(str(decision).split())


def test_a_server_is_named_by_its_id(cloud):
    server = cloud.boot("near", flavor="m1.tiny")
    cloud.run()
    with pytest.raises(UsageError, match=r"hints: same_host is 'near', the name of a server"):
        cloud.boot("web", flavor="m1.tiny", hints={"same_host": "near"})
    assert ends(cloud, hints={"same_host": server.id}) == ("ACTIVE", None)
    server.delete()
    cloud.run()

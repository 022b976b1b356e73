"""Extra specs of flavors through the API: kept, checked from 2.86 on, and used by the scheduler."""

import pytest

from simnova import Cloud, Refused, UsageError

OLD = {"openstack_api_version": "compute 2.85"}


@pytest.fixture(scope="module")
def cloud():
    return Cloud(hosts=2)


@pytest.fixture
def flavor(cloud):
    return cloud.flavors.create(f"f{len(cloud.flavors)}", extra_specs={"ssd": "true"})


def path(flavor, key=""):
    return f"/v2.1/flavors/{flavor.id}/os-extra_specs{key and '/'}{key}"


def test_they_are_kept_with_their_flavor(cloud, flavor):
    assert flavor.extra_specs == {"ssd": "true"}
    assert cloud.request("GET", path(flavor)) == {"extra_specs": {"ssd": "true"}}
    assert cloud.request("GET", path(flavor, "ssd"), user="demo") == {"ssd": "true"}
    assert cloud.request("PUT", path(flavor, "ssd"), {"ssd": "no"}) == {"ssd": "no"}
    assert cloud.flavors[flavor.name].extra_specs == {"ssd": "no"}
    changed = flavor.set({"hw:numa_nodes": 2}, ssd="yes")
    assert changed.extra_specs == {"ssd": "yes", "hw:numa_nodes": "2"}
    assert changed.unset("ssd").extra_specs == {"hw:numa_nodes": "2"}
    shown = cloud.request("GET", f"/v2.1/flavors/{flavor.id}")["flavor"]
    assert shown["extra_specs"] == {"hw:numa_nodes": "2"}


@pytest.mark.parametrize(
    "specs",
    [
        {"hw:numa_nodes": "2", "hw:numa_cpus.0": "0,1", "hw:numa_mem.1": "512"},
        {"hw:cpu_policy": "dedicated", "hw:mem_page_size": "2MB", "hw:boot_menu": "Yes"},
        {"resources:VCPU": "2", "resources1:CUSTOM_GOLD": "1", "group_policy": "none"},
        {"trait:HW_CPU_X86_AVX2": "required", "trait_A:CUSTOM_X": "forbidden"},
        {"capabilities:hypervisor_type": "s== QEMU", "capabilities:cpu_info:vendor": "Intel"},
        {"aggregate_instance_extra_specs:ssd": "<or> true <or> yes"},
        {"quota:cpu_quota": "-1", "quota:disk_read_iops_sec": "10", "quota:vif_inbound_peak": "1"},
        {"pci_passthrough:alias": "gpu:1, nic:2", "os:secure_boot": "required"},
        {"mine": "as I like", "mine:too": "as I like"},
    ],
)
def test_what_nova_takes(flavor, specs):
    assert specs.items() <= flavor.set(specs).extra_specs.items()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("hw:numa_nodes", "two", "'two' is not a valid integer value."),
        ("hw:numa_nodes", "0", "'0' is less than the min value of '1'."),
        ("hw:redirected_usb_ports", "16", "'16' is greater than the max value of '15'."),
        ("hw:cpu_policy", "pinned", "'pinned' is not one of: dedicated, shared, mixed."),
        ("hw:boot_menu", "maybe", "'maybe' is not a valid boolean-like value."),
        (
            "hw:numa_cpus.0",
            "a",
            "'a' is not of the format '\\^?\\d+((-\\d+)?(,\\^?\\d+(-\\d+)?)?)*'.",
        ),
        (
            "pci_passthrough:alias",
            "gpu",
            "'gpu' is not of the format '[^:]+:\\d+(?:\\s*,\\s*[^:]+:\\d+)*'.",
        ),
        ("trait:CUSTOM_X", "wanted", "'wanted' is not one of: required, forbidden."),
        ("resources:VCPU", "many", "'many' is not a valid integer value."),
        (
            "resources:VCPUS",
            "1",
            "extra spec 'resources:VCPUS' does not appear to be a valid extra spec.",
        ),
        ("hw:numa", "1", "extra spec 'hw:numa' does not appear to be a valid extra spec."),
        (
            "capabilities:colour",
            "red",
            "extra spec 'capabilities:colour' does not appear to be a valid",
        ),
        ("quota:cpu", "1", "extra spec 'quota:cpu' does not appear to be a valid extra spec."),
        ("os:type", "x", "extra spec 'os:type' does not appear to be a valid extra spec."),
    ],
)
def test_what_nova_knows_better_from_286_on(cloud, flavor, name, value, words):
    with pytest.raises(Refused) as refused:
        flavor.set({name: value})
    assert refused.value.code == 400
    assert refused.value.message == f"Validation failed; {words}" or words in refused.value.message
    assert cloud.request("POST", path(flavor), {"extra_specs": {name: value}}, **OLD)


@pytest.mark.parametrize(
    ("method", "key", "body", "code", "words"),
    [
        ("GET", "hdd", None, 404, "has no extra specs with key hdd."),
        ("DELETE", "hdd", None, 404, "has no extra specs with key hdd."),
        ("PUT", "hdd", {"ssd": "no"}, 400, "Request body and URI mismatch"),
        ("PUT", "ssd", {"ssd": "no", "hdd": "no"}, 400, "too many properties"),
        ("PUT", "ssd", {}, 400, "not enough properties|non-empty"),
        ("POST", "", {"extra_specs": {"a/b": "1"}}, 400, "does not match"),
        ("POST", "", {"extra_specs": {"a": ["1"]}}, 400, "is not of type 'string', 'number'"),
        ("POST", "", {"extra_specs": {"a": "x" * 256}}, 400, "is too long"),
        ("POST", "", {}, 400, "'extra_specs' is a required property"),
    ],
)
def test_what_nova_refuses(cloud, flavor, method, key, body, code, words):
    with pytest.raises(Refused) as refused:
        cloud.request(method, path(flavor, key), body)
    assert refused.value.code == code
    assert any(word in refused.value.message for word in words.split("|"))


def test_a_new_flavor_can_be_booted_and_resized_to_as_it_is():
    cloud = Cloud(hosts=2)
    small = cloud.flavors.create("s", ram=64, extra_specs={"trait:HW_CPU_X86_AVX2": "forbidden"})
    large = cloud.flavors.create("l", ram=128)
    server = cloud.boot("web", flavor=small, image=cloud.images["cirros"]).wait()
    server.resize(large)
    cloud.run()
    assert server.status == "VERIFY_RESIZE"
    with pytest.raises(UsageError, match="unknown image"):
        cloud.boot("db", image=small)


def test_only_administrators_change_them(cloud, flavor):
    for method, key in (("POST", ""), ("PUT", "ssd"), ("DELETE", "ssd")):
        with pytest.raises(Refused, match="os_compute_api:os-flavor-extra-specs"):
            cloud.request(method, path(flavor, key), {}, user="demo")


def test_a_flavor_that_is_not_there(cloud):
    with pytest.raises(Refused, match=r"Flavor 99 could not be found. \(HTTP 404\)"):
        cloud.request("GET", "/v2.1/flavors/99/os-extra_specs")


def test_the_scheduler_asks_for_what_they_say():
    cloud = Cloud(hosts=3, config={"enabled_filters": ["AggregateInstanceExtraSpecsFilter"]})
    cloud.aggregates.create("ssd", hosts=["compute3"], metadata={"ssd": "true"})
    specs = {"aggregate_instance_extra_specs:ssd": "true"}
    cloud.flavors.create("fast", vcpus=1, ram=512, disk=1, extra_specs=specs)
    assert cloud.boot("web", flavor="fast").wait().host == "compute3"

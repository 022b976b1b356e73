"""Hosts with traits, metrics, NUMA nodes, PCI devices and ratios: told to the database and Placement, and asked for."""

import json

import pytest

from simnova import Cloud, Host, UsageError

ALIAS = json.dumps({"name": "gpu", "vendor_id": "10de", "product_id": "1db4"})


def rows(cloud, what):
    return cloud.assembly.databases.sql(what)


def boot(cloud, name, flavor, **request):
    server = cloud.boot(name, flavor=flavor, **request)
    cloud.run()
    return server


def test_a_trait_is_asked_for_in_placement():
    hosts = [Host("plain"), Host("fast", traits=["HW_CPU_X86_AVX2", "CUSTOM_RACK_7"])]
    cloud = Cloud(hosts=hosts)
    specs = {"trait:CUSTOM_RACK_7": "required", "trait:HW_CPU_X86_AVX2": "required"}
    cloud.flavors.create("fast", extra_specs=specs)
    assert boot(cloud, "web", "fast").host == "fast"
    cloud.flavors.create("slow", extra_specs={"trait:CUSTOM_RACK_7": "forbidden"})
    assert boot(cloud, "db", "slow").host == "plain"


def test_numa_nodes_fill_up_and_are_given_back():
    config = {"enabled_filters": ["NUMATopologyFilter"], "cpu_allocation_ratio": 1.0}
    hosts = [Host("flat"), Host("two", vcpus=8, memory_mb=16384, numa=2)]
    cloud = Cloud(hosts=hosts, config=config)
    cloud.flavors.create("wide", vcpus=4, ram=1024, disk=1, extra_specs={"hw:numa_nodes": 2})
    cloud.flavors.create("half", vcpus=4, ram=1024, disk=1, extra_specs={"hw:numa_nodes": 1})
    first = boot(cloud, "a", "wide")
    assert first.host == "two"
    refused = boot(cloud, "b", "half")
    assert refused.status == "ERROR"
    fell = cloud.decision().fell("two")
    assert fell.name == "NUMATopologyFilter"
    first.delete()
    cloud.run()
    servers = [boot(cloud, name, "half") for name in "cd"]
    assert [server.host for server in servers] == ["two", "two"]
    found = rows(cloud, "SELECT numa_topology FROM nova_cell1.compute_nodes WHERE host = 'two'")
    cells = json.loads(found.column("numa_topology")[0])["nova_object.data"]["cells"]
    assert [cell["nova_object.data"]["cpu_usage"] for cell in cells] == [4, 4]


def test_a_host_without_devices_says_so_where_no_filter_has():
    cloud = Cloud(hosts=[Host("plain")], config={"pci": {"alias": [ALIAS]}})
    cloud.flavors.create("gpu", extra_specs={"pci_passthrough:alias": "gpu:1"})
    assert boot(cloud, "web", "gpu").status == "ERROR"
    assert "Insufficient compute resources: Claim pci failed." in str(cloud.log(level="DEBUG"))


def test_a_server_with_a_device_does_not_move_live():
    """`_check_can_migrate_pci` of `nova/conductor/tasks/live_migrate.py`."""
    config = {"enabled_filters": ["PciPassthroughFilter"], "pci": {"alias": [ALIAS]}}
    cloud = Cloud(hosts=[Host(name, pci=["10de:1db4"]) for name in ("a", "b")], config=config)
    cloud.flavors.create("gpu", extra_specs={"pci_passthrough:alias": "gpu:1"})
    web = boot(cloud, "web", "gpu")
    was = web.host
    web.live_migrate()
    cloud.run()
    assert (web.status, web.host) == ("ACTIVE", was)
    said = "Migration pre-check failed: The request does not explicitly request live-migratable"
    assert said in str(cloud.log(level="WARNING"))
    held = cloud.sql("SELECT consumer_id FROM placement.allocations").column("consumer_id")
    assert set(held) == {web.id}


def test_pci_devices_are_counted():
    config = {"enabled_filters": ["PciPassthroughFilter"], "pci": {"alias": [ALIAS]}}
    cloud = Cloud(hosts=[Host("plain"), Host("gpus", pci=["10de:1db4"] * 2)], config=config)
    cloud.flavors.create("gpu", extra_specs={"pci_passthrough:alias": "gpu:1"})
    servers = [boot(cloud, name, "gpu") for name in "abc"]
    assert [server.host for server in servers] == ["gpus", "gpus", None]
    assert cloud.decision().fell("gpus").name == "PciPassthroughFilter"
    servers[0].delete()
    cloud.run()
    assert boot(cloud, "d", "gpu").host == "gpus"


def test_devices_are_counted_again_when_the_compute_comes_back():
    config = {"enabled_filters": ["PciPassthroughFilter"], "pci": {"alias": [ALIAS]}}
    cloud = Cloud(hosts=[Host("gpus", pci=["10de:1db4"])], config=config)
    cloud.flavors.create("gpu", extra_specs={"pci_passthrough:alias": "gpu:1"})
    assert boot(cloud, "a", "gpu").status == "ACTIVE"
    cloud.crash("nova-compute@gpus")
    cloud.start("nova-compute@gpus")
    cloud.run()
    assert boot(cloud, "b", "gpu").status == "ERROR"


def test_a_claim_tests_the_nodes_where_no_filter_has():
    cloud = Cloud(hosts=[Host("two", vcpus=8, numa=2)])
    cloud.flavors.create("six", vcpus=6, ram=512, disk=1, extra_specs={"hw:numa_nodes": 1})
    server = boot(cloud, "a", "six", host="two")
    words = "Requested instance NUMA topology cannot fit the given host NUMA topology"
    assert words in server.fault
    assert rows(cloud, "SELECT vcpus_used FROM nova_cell1.compute_nodes").column("vcpus_used") == [
        0
    ]


def test_metrics_are_weighed():
    config = {
        "weight_classes": ["nova.scheduler.weights.metrics.MetricsWeigher"],
        "metrics": {"weight_setting": ["cpu.percent=-1.0"]},
    }
    hosts = [Host("busy", metrics={"cpu.percent": 0.9}), Host("idle", metrics={"cpu.percent": 0.1})]
    cloud = Cloud(hosts=hosts, config=config)
    assert [boot(cloud, name, "m1.tiny").host for name in "ab"] == ["idle", "idle"]


def test_a_host_that_measures_nothing_falls_out():
    config = {"enabled_filters": ["MetricsFilter"], "metrics": {"weight_setting": ["load=1.0"]}}
    cloud = Cloud(hosts=[Host("mute"), Host("told", metrics={"load": 3})], config=config)
    assert boot(cloud, "a", "m1.tiny").host == "told"
    assert cloud.decision().fell("mute").name == "MetricsFilter"


def test_what_an_image_is_made_for():
    cloud = Cloud(hosts=2, config={"enabled_filters": ["ImagePropertiesFilter"]})
    cloud.images.create("arm", hw_architecture="aarch64")
    cloud.images.create("kvm", hw_architecture="x86_64", img_hv_type="kvm")
    assert boot(cloud, "a", "m1.tiny", image="kvm").status == "ACTIVE"
    assert boot(cloud, "b", "m1.tiny", image="arm").status == "ERROR"
    assert cloud.decision().fell("compute1").name == "ImagePropertiesFilter"


def test_what_the_hypervisor_can():
    cloud = Cloud(hosts=2, config={"enabled_filters": ["ComputeCapabilitiesFilter"]})
    cloud.flavors.create("qemu", extra_specs={"capabilities:hypervisor_type": "QEMU"})
    cloud.flavors.create("arm", extra_specs={"capabilities:cpu_info:arch": "aarch64"})
    assert boot(cloud, "a", "qemu").status == "ACTIVE"
    assert boot(cloud, "b", "arm").status == "ERROR"
    assert cloud.decision().fell("compute2").name == "ComputeCapabilitiesFilter"


def test_a_host_that_is_busy_with_builds():
    config = {"enabled_filters": ["IoOpsFilter"], "max_io_ops_per_host": 1}
    cloud = Cloud(hosts=1, config=config)
    first = cloud.submit("a", flavor="m1.tiny")
    cloud.run(until=lambda _: busy(cloud) == "1")
    second = cloud.submit("b", flavor="m1.tiny")
    cloud.run()
    assert [first.server.status, second.server.status] == ["ACTIVE", "ERROR"]
    assert cloud.decision().fell("compute1").name == "IoOpsFilter"


def busy(cloud):
    found = rows(cloud, "SELECT stats FROM nova_cell1.compute_nodes").column("stats")
    return json.loads(found[0]).get("io_workload") if found else None


def ratios(cloud):
    found = rows(cloud, "SELECT host, cpu_allocation_ratio FROM nova_cell1.compute_nodes")
    return dict(zip(found.column("host"), found.column("cpu_allocation_ratio"), strict=True))


def inventory(cloud, host, kind, **changes):
    """What Placement holds of a host, once these fields of it have been put there."""
    path = f"/resource_providers?name={host}"
    (provider,) = cloud.request("GET", path, service="placement")["resource_providers"]
    path = f"/resource_providers/{provider['uuid']}/inventories"
    held = cloud.request("GET", path, service="placement")
    if changes:
        held["inventories"][kind] = changes
        held = cloud.request("PUT", path, held, service="placement")
    return held["inventories"][kind]


def test_ratios_and_reserves_of_its_own():
    own = {"cpu_allocation_ratio": 2.0, "reserved_host_memory_mb": 1024, "reserved_host_cpus": 1}
    cloud = Cloud(hosts=[Host("a", vcpus=2, **own), Host("b", vcpus=2)])
    assert ratios(cloud) == {"a": 2.0, "b": 4.0}
    cpus, memory = inventory(cloud, "a", "VCPU"), inventory(cloud, "a", "MEMORY_MB")
    assert [cpus["allocation_ratio"], cpus["reserved"], memory["reserved"]] == [2.0, 1, 1024]
    assert inventory(cloud, "b", "MEMORY_MB")["reserved"] == 512
    used = rows(cloud, "SELECT memory_mb_used FROM nova_cell1.compute_nodes WHERE host = 'a'")
    assert used.column("memory_mb_used") == [1024]


def test_a_ratio_that_is_changed_in_placement_stays():
    cloud = Cloud(hosts=[Host("h", vcpus=2)])
    changed = inventory(cloud, "h", "VCPU", total=2, allocation_ratio=1.0)
    assert changed["allocation_ratio"] == 1.0
    servers = [boot(cloud, name, "m1.tiny") for name in "abc"]
    assert [server.status for server in servers] == ["ACTIVE", "ACTIVE", "ERROR"]
    cloud.crash("nova-compute@h")
    cloud.start("nova-compute@h")
    cloud.run()
    assert inventory(cloud, "h", "VCPU")["allocation_ratio"] == 1.0
    assert ratios(cloud) == {"h": 4.0}


def test_a_ratio_that_is_configured_wins_over_placement():
    cloud = Cloud(hosts=[Host("h", vcpus=2, cpu_allocation_ratio=3.0)])
    inventory(cloud, "h", "VCPU", total=2, allocation_ratio=1.0)
    cloud.crash("nova-compute@h")
    cloud.start("nova-compute@h")
    cloud.run()
    assert inventory(cloud, "h", "VCPU")["allocation_ratio"] == 3.0


def test_a_ratio_of_zero_is_not_set_for_nova_and_nothing_for_placement():
    cloud = Cloud(hosts=[Host("h", cpu_allocation_ratio=0.0)])
    assert inventory(cloud, "h", "VCPU")["allocation_ratio"] == 4.0
    assert ratios(cloud) == {"h": 4.0}
    inventory(cloud, "h", "VCPU", total=8, allocation_ratio=0.0)
    assert boot(cloud, "a", "m1.tiny").status == "ERROR"


def test_a_resource_that_only_the_operator_knows():
    cloud = Cloud(hosts=2)
    cloud.request("PUT", "/resource_classes/CUSTOM_GOLD", service="placement")
    assert inventory(cloud, "compute2", "CUSTOM_GOLD", total=1)["total"] == 1
    cloud.flavors.create("gold", extra_specs={"resources:CUSTOM_GOLD": "1"})
    servers = [boot(cloud, name, "gold") for name in "ab"]
    assert [server.host for server in servers] == ["compute2", None]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"traits": "CUSTOM_X"}, r"give a list, as in traits=\['CUSTOM_X'\]"),
        ({"traits": ["HW_CPU_X86_AVX3"]}, "did you mean 'HW_CPU_X86_AVX'"),
        ({"traits": ["custom_x"]}, "unknown trait"),
        ({"numa": 9}, "numa=9: give a number of nodes, 0 to its 8 CPUs"),
        ({"numa": -1}, "numa=-1"),
        ({"numa": True}, "numa=True"),
        ({"pci": ["gpu"]}, "pci: 'gpu': name a device as vendor:product, '10de:1db4'"),
        ({"pci": "10de:1db4"}, r"give a list, as in pci=\['10de:1db4', '10de:1db4'\]"),
        ({"pci": ["10de:1db4"] * 2000}, "2000 devices: give 1024 at most"),
        ({"metrics": {"cpu.percent": "much"}}, "cpu.percent='much' is no number: give one"),
        ({"metrics": ["cpu.percent"]}, "give a dict"),
        ({"cpu_allocation_ratio": -1.0}, "host 'h': .*cpu_allocation_ratio"),
        ({"ram_allocation_ratio": "much"}, "host 'h': .*ram_allocation_ratio"),
        ({"reserved_host_memory_mb": 99999}, "99999 MB of memory are reserved, it has 16384"),
        ({"reserved_host_cpus": 1.5}, "reserved_host_cpus"),
        ({"driver": "test://", "numa": 2}, "are for simulated hosts"),
    ],
)
def test_what_a_host_cannot_have(given, words):
    with pytest.raises(UsageError, match=words):
        Host("h", **given)


def test_a_fork_has_the_same_hosts():
    cloud = Cloud(hosts=[Host("h", numa=2, traits=["CUSTOM_X"], pci=["10de:1db4"])])
    boot(cloud, "a", "m1.tiny")
    assert len(cloud.fork().journal) == len(cloud.journal)

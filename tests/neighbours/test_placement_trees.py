"""Allocation candidates of several groups, of trees and of providers that share, as real Placement has them.

The two layouts and what is found in them are those of Placement's own functional tests (`granular.yaml`,
`granular-same-subtree.yaml`).
"""

import pytest

from .conftest import Neighbours
from .test_placement import ask, uuid

AGG = {name: uuid(number, 2) for number, name in enumerate("ABC", 1)}
SHARES = "MISC_SHARES_VIA_AGGREGATE"


class Layout:
    """A Placement with providers that have names."""

    def __init__(self):
        self.neighbours = Neighbours().serve("placement")
        self.uuids = {}

    def provider(self, name, inventory, traits="", aggregates="", parent=None):
        rp = self.uuids[name] = uuid(len(self.uuids) + 1)
        body = {"uuid": rp, "name": name, "parent_provider_uuid": self.uuids.get(parent)}
        self.ok("POST", "/resource_providers", body)
        for trait in traits.split():
            if trait.startswith("CUSTOM_"):
                self.ok("PUT", f"/traits/{trait}")
        self.put(name, "inventories", {rc: _amount(value) for rc, value in inventory.items()})
        self.put(name, "traits", traits.split())
        self.put(name, "aggregates", [AGG[letter] for letter in aggregates])

    def put(self, name, what, value):
        path = f"/resource_providers/{self.uuids[name]}"
        generation = ask(self.neighbours, "GET", path).body["generation"]
        self.ok("PUT", f"{path}/{what}", {what: value, "resource_provider_generation": generation})

    def ok(self, method, path, body=None):
        answer = ask(self.neighbours, method, path, body)
        assert answer.status < 300, answer.body

    def use(self, name, number, **amounts):
        allocations = {self.uuids[name]: {"resources": amounts}}
        who = {"project_id": "p", "user_id": "u", "consumer_generation": None}
        self.ok("PUT", f"/allocations/{uuid(number, 1)}", {"allocations": allocations, **who})

    def asked(self, query):
        return ask(self.neighbours, "GET", f"/allocation_candidates?{query}")

    def names(self, uuids):
        known = {rp: name for name, rp in self.uuids.items()}
        return [known[rp] for rp in uuids]

    def candidates(self, query):
        """Each candidate as text, `provider CLASS:amount,…` of every provider; sorted."""
        body = self.asked(query).body
        return sorted(self._text(each["allocations"]) for each in body["allocation_requests"])

    def _text(self, allocations):
        return " + ".join(
            sorted(
                f"{self.names([rp])[0]} {','.join(f'{rc}:{n}' for rc, n in sorted(part['resources'].items()))}"
                for rp, part in allocations.items()
            )
        )


def _amount(value):
    return value if isinstance(value, dict) else {"total": value}


@pytest.fixture(scope="module")
def granular():
    """Three hosts in overlapping aggregates with two shared disks and a shared network."""
    made = Layout()
    made.ok("PUT", "/resource_classes/CUSTOM_MBPS")
    host = {"VCPU": 8, "MEMORY_MB": 4096}
    net = {"SRIOV_NET_VF": 8, "CUSTOM_MBPS": 4000}
    made.provider("left", {**host, "DISK_GB": 500, "VGPU": 8, **net}, "HW_CPU_X86_AVX", "A")
    made.provider("middle", {**host, **net}, "HW_CPU_X86_AVX HW_CPU_X86_SSE", "AB")
    made.provider(
        "right",
        {**host, "DISK_GB": 500, "VGPU": {"total": 8, "max_unit": 2}},
        "HW_CPU_X86_MMX CUSTOM_SSD",
        "BC",
    )
    made.provider("disk1", {"DISK_GB": 1000}, f"{SHARES} CUSTOM_SSD", "A")
    made.provider("disk2", {"DISK_GB": 1000}, SHARES, "AB")
    made.provider("net", {"SRIOV_NET_VF": 16, "CUSTOM_MBPS": 40000}, SHARES, "C")
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=isolate", []),
        (
            "resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=none",
            [f"{host} MEMORY_MB:1024,VCPU:1" for host in ("left", "middle", "right")],
        ),
        (
            "resources=VCPU:3,MEMORY_MB:512&resources1=VCPU:1,MEMORY_MB:1024&resources2=VCPU:2"
            "&group_policy=none",
            [f"{host} MEMORY_MB:1536,VCPU:6" for host in ("left", "middle", "right")],
        ),
        (
            "resources1=VCPU:1&resources2=DISK_GB:100&group_policy=isolate",
            [
                "disk1 DISK_GB:100 + left VCPU:1",
                "disk1 DISK_GB:100 + middle VCPU:1",
                "disk2 DISK_GB:100 + left VCPU:1",
                "disk2 DISK_GB:100 + middle VCPU:1",
                "disk2 DISK_GB:100 + right VCPU:1",
            ],
        ),
        ("resources1=DISK_GB:800", ["disk1 DISK_GB:800", "disk2 DISK_GB:800"]),
        ("resources=DISK_GB:800", ["disk1 DISK_GB:800", "disk2 DISK_GB:800"]),
        (
            "resources1=VCPU:1&resources2=DISK_GB:100&required2=CUSTOM_SSD&group_policy=isolate",
            ["disk1 DISK_GB:100 + left VCPU:1", "disk1 DISK_GB:100 + middle VCPU:1"],
        ),
        (
            "resources1=VCPU:1&resources2=DISK_GB:100&required2=!CUSTOM_SSD&group_policy=none",
            [
                "disk2 DISK_GB:100 + left VCPU:1",
                "disk2 DISK_GB:100 + middle VCPU:1",
                "disk2 DISK_GB:100 + right VCPU:1",
                "left DISK_GB:100,VCPU:1",
            ],
        ),
        (
            f"resources1=VCPU:1&resources2=DISK_GB:100&member_of2={AGG['C']}&group_policy=none",
            ["right DISK_GB:100,VCPU:1"],
        ),
        (
            "resources_compute=VCPU:1&required_compute=!HW_CPU_X86_SSE&resources_disk=DISK_GB:100"
            f"&required_disk=CUSTOM_SSD&member_of_disk=in:{AGG['A']},{AGG['C']}&group_policy=none",
            ["disk1 DISK_GB:100 + left VCPU:1", "right DISK_GB:100,VCPU:1"],
        ),
        (
            f"resources1=VCPU:1&resources2=DISK_GB:100&member_of2=in:{AGG['B']},{AGG['C']}"
            f"&member_of2={AGG['A']}&group_policy=isolate",
            [f"disk2 DISK_GB:100 + {host} VCPU:1" for host in ("left", "middle", "right")],
        ),
        (
            "resources=VCPU:2,MEMORY_MB:2048,SRIOV_NET_VF:1,CUSTOM_MBPS:2000"
            "&resources1=SRIOV_NET_VF:1,CUSTOM_MBPS:3000",
            ["net CUSTOM_MBPS:5000,SRIOV_NET_VF:2 + right MEMORY_MB:2048,VCPU:2"],
        ),
        ("resources=VGPU:1&resources1=VGPU:1&resources2=VGPU:1&group_policy=none", ["left VGPU:3"]),
    ],
)
def test_groups_and_providers_that_share(granular, query, expected):
    assert granular.candidates(query) == expected


def test_the_providers_of_the_candidates_are_shown_and_no_others(granular):
    query = "resources1=VCPU:1&resources2=DISK_GB:100&required2=!CUSTOM_SSD&group_policy=none"
    shown = granular.asked(query).body["provider_summaries"]
    assert granular.names(shown) == ["left", "middle", "right", "disk2"]


@pytest.fixture(scope="module")
def nested():
    """A host whose CPUs are in NUMA nodes with FPGAs, and one with NICs whose functions are on physical networks."""
    made = Layout()
    made.ok("PUT", "/resource_classes/CUSTOM_VF")
    made.provider("storage", {"DISK_GB": 2000}, SHARES, "A")
    made.provider("cn1", {}, "COMPUTE_VOLUME_MULTI_ATTACH", "A")
    memory = {"total": 2048, "min_unit": 512, "step_size": 256}
    made.provider("numa0", {"VCPU": 4, "MEMORY_MB": memory}, "HW_NUMA_ROOT", parent="cn1")
    memory = {"total": 2048, "min_unit": 256, "max_unit": 1024}
    traits = "HW_NUMA_ROOT CUSTOM_FOO"
    made.provider("numa1", {"VCPU": 4, "MEMORY_MB": memory}, traits, parent="cn1")
    for name, numa in (("fpga0", "numa0"), ("fpga1_0", "numa1"), ("fpga1_1", "numa1")):
        made.provider(name, {"FPGA": 1}, parent=numa)
    memory = {"total": 2048, "min_unit": 1024, "step_size": 128}
    has = {"VCPU": 8, "MEMORY_MB": memory, "DISK_GB": 1000}
    made.provider("cn2", has, "CUSTOM_FOO", "A")
    for number, functions in ((1, [4, 4]), (2, [2, 2, 2, 2]), (3, [8])):
        made.provider(f"nic{number}", {}, "CUSTOM_HW_NIC_ROOT", parent="cn2")
        for index, count in enumerate(functions):
            net = f"CUSTOM_PHYSNET{index % 2 + 1}"
            name = f"pf{number}_{index + 1}"
            made.provider(name, {"CUSTOM_VF": count}, net, parent=f"nic{number}")
    made.use("numa0", 1, VCPU=2)
    made.use("cn2", 2, VCPU=3)
    return made


PORTS = (
    "resources=VCPU:1&resources_PORT1=CUSTOM_VF:{0}&required_PORT1=CUSTOM_PHYSNET1"
    "&resources_PORT2=CUSTOM_VF:{0}&required_PORT2=CUSTOM_PHYSNET2"
)
NIC = "&required_NIC=CUSTOM_HW_NIC_ROOT&same_subtree=_NIC,_PORT1,_PORT2"
ACCELERATED = "resources_COMPUTE=VCPU:1&resources_ACCEL=FPGA:1&group_policy=none"
FPGAS = ("fpga0", "fpga1_0", "fpga1_1")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            ACCELERATED,
            [f"{fpga} FPGA:1 + {numa} VCPU:1" for fpga in FPGAS for numa in ("numa0", "numa1")],
        ),
        (
            f"{ACCELERATED}&same_subtree=_COMPUTE,_ACCEL",
            [f"{fpga} FPGA:1 + numa{fpga[4]} VCPU:1" for fpga in FPGAS],
        ),
        (
            "resources_A=VCPU:1&resources_B=MEMORY_MB:1024&same_subtree=_A,_B&group_policy=none",
            [f"{name} MEMORY_MB:1024,VCPU:1" for name in ("cn2", "numa0", "numa1")],
        ),
        (
            "resources_A=VCPU:1&resources_B=MEMORY_MB:1024&same_subtree=_A,_B&group_policy=isolate",
            [],
        ),
        (
            PORTS.format(4) + "&group_policy=none",
            [
                "cn2 VCPU:1 + pf1_1 CUSTOM_VF:4 + pf1_2 CUSTOM_VF:4",
                "cn2 VCPU:1 + pf1_2 CUSTOM_VF:4 + pf3_1 CUSTOM_VF:4",
            ],
        ),
        (
            PORTS.format(4) + NIC + "&group_policy=none",
            ["cn2 VCPU:1 + pf1_1 CUSTOM_VF:4 + pf1_2 CUSTOM_VF:4"],
        ),
        (
            PORTS.format(2) + NIC + "&group_policy=none",
            [
                "cn2 VCPU:1 + pf1_1 CUSTOM_VF:2 + pf1_2 CUSTOM_VF:2",
                "cn2 VCPU:1 + pf2_1 CUSTOM_VF:2 + pf2_2 CUSTOM_VF:2",
                "cn2 VCPU:1 + pf2_1 CUSTOM_VF:2 + pf2_4 CUSTOM_VF:2",
                "cn2 VCPU:1 + pf2_2 CUSTOM_VF:2 + pf2_3 CUSTOM_VF:2",
                "cn2 VCPU:1 + pf2_3 CUSTOM_VF:2 + pf2_4 CUSTOM_VF:2",
            ],
        ),
        ("resources=MEMORY_MB:768", ["numa0 MEMORY_MB:768", "numa1 MEMORY_MB:768"]),
        ("resources=MEMORY_MB:600", ["numa1 MEMORY_MB:600"]),
        ("resources=MEMORY_MB:1152", ["cn2 MEMORY_MB:1152"]),
        ("resources=VCPU:3", ["cn2 VCPU:3", "numa1 VCPU:3"]),
        (
            "resources=VCPU:3,DISK_GB:10",
            [
                "cn2 DISK_GB:10,VCPU:3",
                "cn2 VCPU:3 + storage DISK_GB:10",
                "numa1 VCPU:3 + storage DISK_GB:10",
            ],
        ),
        ("resources=VCPU:1&root_required=COMPUTE_VOLUME_MULTI_ATTACH,!CUSTOM_FOO", None),
    ],
)
def test_trees(nested, query, expected):
    expected = ["numa0 VCPU:1", "numa1 VCPU:1"] if expected is None else expected
    assert nested.candidates(query) == expected


def test_in_tree_keeps_to_one_tree(nested):
    query = f"resources=VCPU:1&in_tree={nested.uuids['fpga0']}"
    assert nested.candidates(query) == ["numa0 VCPU:1", "numa1 VCPU:1"]


def test_mappings_name_the_provider_of_a_group_without_resources(nested):
    [request] = nested.asked(PORTS.format(4) + NIC + "&group_policy=none").body[
        "allocation_requests"
    ]
    found = {suffix: nested.names(uuids) for suffix, uuids in request["mappings"].items()}
    assert found == {"": ["cn2"], "_NIC": ["nic1"], "_PORT1": ["pf1_1"], "_PORT2": ["pf1_2"]}


def test_a_tree_is_shown_whole(nested):
    shown = nested.asked("resources=FPGA:1&limit=1").body["provider_summaries"]
    assert nested.names(shown) == ["cn1", "numa0", "numa1", *FPGAS]
    assert shown[nested.uuids["fpga0"]]["parent_provider_uuid"] == nested.uuids["numa0"]
    assert shown[nested.uuids["fpga0"]]["root_provider_uuid"] == nested.uuids["cn1"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            "resources1=VCPU:1&required2=CUSTOM_FOO&group_policy=none",
            "Resourceless suffixed group request should be specified in `same_subtree` query param",
        ),
        (
            f"member_of1={AGG['A']}&group_policy=none",
            "There must be at least one resources or resources[$S] parameter.",
        ),
        (
            ACCELERATED + "&same_subtree=COMPUTE,_ACCEL",
            "Real suffixes should be specified in `same_subtree`:",
        ),
        (
            ACCELERATED + "&same_subtree=_COMPUTE,,_ACCEL",
            "Empty string (unsuffixed group) can not be specified in `same_subtree`",
        ),
        (
            "resources1=VCPU:1&resources2=VCPU:1",
            'The "group_policy" parameter is required when specifying more than one "resources{N}" '
            "parameter.",
        ),
    ],
)
def test_what_a_query_may_not_ask(nested, query, detail):
    answer = nested.asked(query)
    assert answer.status == 400
    assert detail in answer.body["errors"][0]["detail"]

"""NUMA nodes: asked for by a flavor, found on a host, taken by the servers of one request from each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.nova import exception
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.numa import NUMACell, NUMAPagesTopology, NUMATopology
from simnova.nova.virt import hardware

LIMITS = hardware.NUMATopologyLimits(1.0, 1.0)


def host(*sizes: tuple[int, int]) -> NUMATopology:
    """A host with nodes of so many CPUs and MB, in small pages."""
    return NUMATopology(
        [
            NUMACell(number, list(range(cpus)), mb, mempages=[NUMAPagesTopology(4, total=mb * 256)])
            for number, (cpus, mb) in enumerate(sizes)
        ]
    )


def asked(vcpus: int = 4, memory_mb: int = 4096, **specs: str) -> Any:
    extra = {f"hw:{name.replace('__', '.')}": value for name, value in specs.items()}
    flavor = Flavor(vcpus=vcpus, memory_mb=memory_mb, extra_specs=extra)
    return hardware.numa_get_constraints(flavor, ImageMeta())


def test_nodes_are_alike_unless_the_flavor_says_otherwise() -> None:
    assert asked() is None
    assert [(cell.cpuset, cell.memory) for cell in asked(numa_nodes="2").cells] == [
        ([0, 1], 2048),
        ([2, 3], 2048),
    ]
    said = {
        "numa_cpus__0": "0-2",
        "numa_cpus__1": "3",
        "numa_mem__0": "1024",
        "numa_mem__1": "3072",
    }
    cells = asked(numa_nodes="2", **said).cells
    assert [(cell.cpuset, cell.memory) for cell in cells] == [([0, 1, 2], 1024), ([3], 3072)]


@pytest.mark.parametrize(
    ("specs", "error"),
    [
        ({"numa_nodes": "0"}, exception.InvalidNUMANodesNumber),
        ({"numa_nodes": "two"}, exception.InvalidNUMANodesNumber),
        ({"numa_nodes": "3"}, exception.ImageNUMATopologyAsymmetric),
        ({"numa_nodes": "1", "numa_cpus__0": "0-3"}, exception.ImageNUMATopologyIncomplete),
        (
            {"numa_nodes": "1", "numa_cpus__0": "0-4", "numa_mem__0": "4096"},
            exception.ImageNUMATopologyCPUOutOfRange,
        ),
        (
            {"numa_nodes": "1", "numa_cpus__0": "0-2", "numa_mem__0": "4096"},
            exception.ImageNUMATopologyCPUsUnassigned,
        ),
        (
            {"numa_nodes": "1", "numa_cpus__0": "0-3", "numa_mem__0": "4095"},
            exception.ImageNUMATopologyMemoryOutOfRange,
        ),
        (
            {"numa_nodes": "1", "numa_cpus__0": "0-", "numa_mem__0": "4096"},
            exception.Invalid,
        ),
    ],
)
def test_nodes_that_do_not_add_up_are_refused(specs: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        asked(**specs)


def test_flavor_and_image_may_not_both_say_how_many() -> None:
    flavor = Flavor(extra_specs={"hw:numa_nodes": "1"})
    with pytest.raises(exception.ImageNUMATopologyForbidden):
        hardware.numa_get_constraints(flavor, ImageMeta(properties={"hw_numa_nodes": "1"}))


def test_a_range_of_cpus_may_leave_some_out() -> None:
    assert hardware.parse_cpu_spec("0-3, ^2,8") == [0, 1, 3, 8]


def test_each_node_goes_to_a_node_of_its_own_that_is_large_enough() -> None:
    said = {
        "numa_cpus__0": "0-2",
        "numa_cpus__1": "3",
        "numa_mem__0": "1024",
        "numa_mem__1": "3072",
    }
    wanted = asked(numa_nodes="2", **said)
    placed = hardware.numa_fit_instance_to_host(host((2, 4096), (4, 2048)), wanted, LIMITS)
    assert placed is not None
    assert [cell.id for cell in placed.cells] == [1, 0]
    assert hardware.numa_fit_instance_to_host(host((8, 8192)), wanted, LIMITS) is None
    assert hardware.numa_fit_instance_to_host(host((4, 2048), (4, 2048)), wanted, LIMITS) is None


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(512, 4096)), min_size=1, max_size=4),
    st.integers(1, 3),
    st.floats(1.0, 3.0),
)
def test_no_node_is_ever_filled_beyond_its_ratio(
    sizes: list[tuple[int, int]], nodes: int, ratio: float
) -> None:
    has, limits = host(*sizes), hardware.NUMATopologyLimits(ratio, ratio)
    wanted = asked(nodes * 2, nodes * 512, numa_nodes=str(nodes))
    for _ in range(5):
        placed = hardware.numa_fit_instance_to_host(has, wanted, limits)
        if placed is None:
            break
        has = hardware.numa_usage_from_instance_numa(has, placed)
    for cell in has.cells:
        assert cell.cpu_usage <= len(cell.cpuset) * ratio
        assert cell.memory_usage <= cell.memory * ratio


def test_servers_of_one_request_take_nodes_from_each_other(nova: Any) -> None:
    text = host((4, 4096), (4, 4096)).to_json()
    nova.host("host1", numa_topology=text, vcpus=32, cpu_allocation_ratio=1.0)
    nova.host("host2")
    scheduler = nova.scheduler(filter_scheduler={"enabled_filters": ["NUMATopologyFilter"]})
    spec = {"vcpus": 4, "numa_topology": asked(4, 1024, numa_nodes="2")}
    assert [each[0] for each in nova.select(scheduler, 2, **spec)] == ["host1", "host1"]
    verdicts = nova.events("scheduler.filter")[0].data["verdicts"]
    assert verdicts["host2"] == (
        "needs NUMA nodes of 2 CPUs and 512 MB; 2 CPUs and 512 MB, the host does not tell its nodes"
    )
    with pytest.raises(exception.NoValidHost):
        nova.select(scheduler, 3, **spec)
    last = nova.events("scheduler.filter")[-1].data["verdicts"]["host1"]
    assert last.endswith(
        "the host's have 4 CPUs and 4096 MB (4 and 1024 used); 4 CPUs and 4096 MB (4 and 1024 used)"
    )

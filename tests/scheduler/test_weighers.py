"""Weighers that look at more than a number of the host."""

from __future__ import annotations

from typing import Any

import pytest

from simnova.nova import exception
from simnova.nova.context import target_cell
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.request_spec import Destination

WINDOWS = ImageMeta(properties={"os_distro": "win", "hw_boot_menu": "yes", "colour": "blue"})


def weigh(nova: Any, name: str) -> dict[str, float]:
    """The raw weights of the last decision."""
    event = nova.events("scheduler.weigh")[-1]
    (found,) = [one for one in event.data["weighers"] if one["name"] == name]
    return dict(found["raw"])


def server(nova: Any, uuid: str, host: str, image: ImageMeta) -> None:
    context = target_cell(nova.context, nova.cells[1])
    metadata = image.to_system_metadata()
    nova.do(Instance(uuid=uuid, host=host, system_metadata=metadata, context=context).create())


@pytest.fixture
def two(nova: Any) -> Any:
    nova.host("host1")
    nova.host("host2", cell=2)
    return nova


def only(name: str, **options: Any) -> dict[str, Any]:
    return {"filter_scheduler": {"weight_classes": [name], **options}}


def test_servers_of_like_images_are_counted_property_by_property(two: Any) -> None:
    server(two, "a", "host1", WINDOWS)
    server(two, "b", "host1", ImageMeta(properties={"os_distro": "win", "hw_boot_menu": "no"}))
    config = only("ImagePropertiesWeigher", image_props_weight_multiplier=1.0)
    two.select(two.scheduler(**config), image=WINDOWS)
    assert weigh(two, "ImagePropertiesWeigher") == {"host1": 3.0, "host2": 0.0}


def test_with_a_setting_only_the_properties_named_there_count(two: Any) -> None:
    server(two, "a", "host1", WINDOWS)
    setting = ["os_distro=2.5", "hw_boot_menu"]
    config = only(
        "ImagePropertiesWeigher",
        image_props_weight_multiplier=1.0,
        image_props_weight_setting=setting,
    )
    two.select(two.scheduler(**config), image=WINDOWS)
    assert weigh(two, "ImagePropertiesWeigher") == {"host1": 2.5, "host2": 0.0}


def test_without_a_multiplier_nothing_is_read(two: Any) -> None:
    server(two, "a", "host1", WINDOWS)
    two.select(two.scheduler(**only("ImagePropertiesWeigher")), image=WINDOWS)
    assert weigh(two, "ImagePropertiesWeigher") == {"host1": 0.0, "host2": 0.0}


def test_a_move_across_cells_prefers_the_cell_it_comes_from(two: Any) -> None:
    destination = Destination(cell_uuid="c2", allow_cross_cell_move=True)
    scheduler = two.scheduler(**only("CrossCellWeigher"))
    weigher = scheduler.host_manager.weighers[0]
    hosts = two.do(scheduler.host_manager.get_host_states_by_uuids(two.context, None, two.spec()))
    spec = two.spec(requested_destination=destination)
    assert [weigher._weigh_object(host, spec) for host in hosts] == [-1, 1]
    destination.allow_cross_cell_move = False
    assert [weigher._weigh_object(host, spec) for host in hosts] == [0, 0]


def test_percentages_are_weighed_as_such_and_a_missing_one_is_at_the_end(nova: Any) -> None:
    nova.host("host1", metrics='[{"name": "cpu.percent", "value": 0.25}]')
    nova.host("host2")
    config = {"weight_setting": ["cpu.percent=-2.0"], "required": False}
    nova.select(nova.scheduler(**only("MetricsWeigher"), metrics=config))
    assert weigh(nova, "MetricsWeigher") == {"host1": -50.0, "host2": -10000.0}


def test_a_required_metric_that_is_missing_fails_the_request(nova: Any) -> None:
    nova.host("host1")
    nova.host("host2")
    config = {"weight_setting": ["cpu.percent=-2.0"]}
    text = r"Metric cpu.percent could not be found on the compute host node host1.host1."
    with pytest.raises(exception.ComputeHostMetricNotFound, match=text):
        nova.select(nova.scheduler(**only("MetricsWeigher"), metrics=config))


def test_aggregates_override_a_multiplier_with_the_least_they_say(nova: Any) -> None:
    from simnova.nova.objects.aggregate import Aggregate

    nova.host("host1")
    nova.host("host2")
    scheduler = nova.scheduler(**only("IoOpsWeigher"))
    for number, multiplier in enumerate(("3", "0.5")):
        metadata = {"io_ops_weight_multiplier": multiplier}
        scheduler.host_manager.update_aggregate(
            Aggregate(id=number, hosts=["host2"], metadata=metadata)
        )
    nova.select(scheduler)
    (event,) = nova.events("scheduler.weigh")
    assert event.data["weighers"][0]["multiplier"] == {"host1": -1.0, "host2": 0.5}

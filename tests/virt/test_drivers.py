"""The contract of the hypervisor seam, the same for every driver."""

from __future__ import annotations

import dataclasses
import json

import pytest

from simnova.nova import exception
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.imagecache import get_cache_fname

from .conftest import FLAVOR, IMAGE, LIBVIRT, Compute, server, simulated


def test_a_spawned_guest_exists_is_listed_and_runs(compute):
    compute.spawn(server())

    assert compute.run(compute.driver.instance_exists(server()))
    assert compute.run(compute.driver.list_instances()) == ["instance-00000001"]
    assert compute.run(compute.driver.list_instance_uuids()) == [server().uuid]
    assert compute.state(server()) == PowerState.RUNNING


def test_what_a_guest_uses_is_counted_while_it_is_there(compute):
    before = compute.resources()
    compute.spawn(server())
    during = compute.resources()
    compute.run(compute.driver.destroy(compute.context, server()))

    assert (before["vcpus"], before["memory_mb"], before["local_gb"]) == compute.sizes
    assert during["vcpus_used"] - before["vcpus_used"] == FLAVOR.vcpus
    assert during["memory_mb_used"] - before["memory_mb_used"] == FLAVOR.memory_mb
    assert before["disk_available_least"] - during["disk_available_least"] >= FLAVOR.root_gb
    after = compute.resources()
    assert (after["vcpus_used"], after["memory_mb_used"]) == (0, 0)
    assert after["disk_available_least"] - during["disk_available_least"] == FLAVOR.root_gb


def test_the_compute_node_row_is_complete(compute):
    row = compute.resources()

    columns = {"hypervisor_type", "hypervisor_version", "supported_instances", "numa_topology"}
    assert columns < set(row)
    assert row["hypervisor_hostname"] == "node"
    assert json.loads(row["cpu_info"])["arch"] == "x86_64"


def test_no_server_gets_more_than_the_host_physically_has(compute):
    inventory = compute.run(compute.driver.get_inventory("node"))

    cpus, memory_mb, local_gb = compute.sizes
    assert inventory["VCPU"] == {"total": cpus, "min_unit": 1, "max_unit": cpus, "step_size": 1}
    assert inventory["MEMORY_MB"]["max_unit"] == memory_mb
    assert inventory["DISK_GB"]["total"] == local_gb


def test_capabilities_become_traits(compute):
    traits = compute.run(compute.driver.get_traits("node"))

    assert "COMPUTE_IMAGE_TYPE_QCOW2" in traits
    assert "COMPUTE_IMAGE_TYPE_VMDK" not in traits
    assert compute.driver.capabilities_as_traits()["COMPUTE_IMAGE_TYPE_VMDK"] is False


def test_destroying_twice_is_no_error(compute):
    compute.spawn(server())
    for _ in range(2):
        compute.run(compute.driver.destroy(compute.context, server()))

    assert not compute.run(compute.driver.instance_exists(server()))
    assert compute.run(compute.driver.list_instances()) == []


def test_a_guest_can_be_spawned_again_after_it_was_destroyed(compute):
    for _ in range(2):
        compute.spawn(server())
        compute.run(compute.driver.destroy(compute.context, server()))

    assert compute.run(compute.driver.list_instances()) == []


@pytest.mark.parametrize("timeout", [0, 60])
def test_power_off_and_on(compute, timeout):
    compute.boot(server())

    compute.run(compute.driver.power_off(server(), timeout))
    assert compute.state(server()) == PowerState.SHUTDOWN
    assert compute.resources()["vcpus_used"] == 0
    compute.run(compute.driver.power_off(server()))
    compute.run(compute.driver.power_on(compute.context, server()))
    assert compute.state(server()) == PowerState.RUNNING


def test_pause_and_unpause(compute):
    compute.spawn(server())

    compute.run(compute.driver.pause(server()))
    assert compute.state(server()) == PowerState.PAUSED
    compute.run(compute.driver.unpause(server()))
    assert compute.state(server()) == PowerState.RUNNING


def test_a_suspended_guest_is_off_for_the_hypervisor_and_can_be_resumed(compute):
    compute.spawn(server())

    compute.run(compute.driver.suspend(compute.context, server()))
    assert compute.state(server()) == PowerState.SHUTDOWN
    compute.run(compute.driver.resume(compute.context, server()))
    assert compute.state(server()) == PowerState.RUNNING


def test_a_suspended_guest_can_be_destroyed(compute):
    compute.spawn(server())
    compute.run(compute.driver.suspend(compute.context, server()))
    compute.run(compute.driver.destroy(compute.context, server()))

    assert compute.run(compute.driver.list_instances()) == []


@pytest.mark.parametrize("how", ["SOFT", "HARD"])
@pytest.mark.parametrize("off", [False, True])
def test_after_a_reboot_the_guest_runs_under_a_new_number(compute, how, off):
    compute.boot(server())
    before = compute.run(compute.driver.get_info(server()))
    if off:
        compute.run(compute.driver.power_off(server()))
    compute.run(compute.driver.reboot(compute.context, server(), [], how))

    info = compute.run(compute.driver.get_info(server()))
    assert info == (PowerState.RUNNING, before.internal_id + 1)


@pytest.mark.parametrize("operation", ["pause", "unpause", "power_off", "get_info"])
def test_an_unknown_instance_is_not_found(compute, operation):
    with pytest.raises(exception.InstanceNotFound, match=f"{server().uuid} could not be found"):
        compute.run(getattr(compute.driver, operation)(server()))


@pytest.mark.parametrize("operation", ["suspend", "resume", "power_on"])
def test_an_unknown_instance_is_not_found_with_a_context(compute, operation):
    with pytest.raises(exception.InstanceNotFound):
        compute.run(getattr(compute.driver, operation)(compute.context, server()))


def test_what_needs_a_running_guest_is_refused_by_the_hypervisor(compute):
    compute.spawn(server())
    compute.run(compute.driver.power_off(server()))

    with pytest.raises(exception.InternalError, match="not running"):
        compute.run(compute.driver.pause(server()))


def test_two_hosts_do_not_see_each_others_guests(compute, make):
    other = Compute(make, compute.clock, "compute2")
    other.run(other.driver.init_host("compute2"))
    compute.spawn(server())

    assert other.run(other.driver.list_instances()) == []
    assert not other.run(other.driver.instance_exists(server()))
    other.spawn(server(2))
    assert compute.run(compute.driver.list_instances()) == ["instance-00000001"]
    other.driver.close()


@pytest.mark.parametrize("taken", [server(1), dataclasses.replace(server(2), id=1)])
def test_a_name_or_uuid_that_is_taken_is_refused(compute, taken):
    compute.spawn(server(1))

    with pytest.raises(exception.InstanceExists, match="instance-00000001 already exists"):
        compute.spawn(taken)
    assert compute.state(server(1)) == PowerState.RUNNING


@pytest.mark.parametrize("make", [simulated, LIBVIRT], indirect=True)
def test_an_image_larger_than_the_flavors_disk_leaves_nothing_behind(compute):
    large = dataclasses.replace(IMAGE, size=21 * 1024**3)

    with pytest.raises(exception.FlavorDiskSmallerThanImage, match="image is 22548578304 bytes"):
        compute.spawn(server(), large)
    assert compute.run(compute.driver.list_instances()) == []
    assert compute.resources()["vcpus_used"] == 0


def steps(compute):
    return [event.data["step"] for event in compute.clock.journal if event.kind == "virt.step"]


def test_an_image_is_downloaded_and_converted_only_the_first_time(compute):
    compute.spawn(server(1))
    assert steps(compute) == ["download", "convert", "overlay", "define", "start"]
    compute.spawn(server(2))
    assert steps(compute)[5:] == ["overlay", "define", "start"]

    cached = compute.driver.cache.base
    assert list(cached) == [get_cache_fname(IMAGE.id)]


def test_a_raw_image_needs_no_conversion(compute):
    compute.spawn(server(), dataclasses.replace(IMAGE, disk_format="raw"))

    assert steps(compute) == ["download", "overlay", "define", "start"]


def test_of_two_spawns_at_once_one_downloads_and_the_other_waits(compute):
    for number in (1, 2):
        call = compute.driver.spawn(compute.context, server(number), IMAGE, None, None, {}, [])
        compute.clock.spawn(call, service=compute.service)
    while not compute.clock.quiet:
        compute.clock.step()

    assert steps(compute).count("download") == 1
    assert steps(compute).count("start") == 2


def test_unused_base_images_go_after_a_day(compute):
    compute.spawn(server())
    compute.run(compute.driver.manage_image_cache(compute.context, [server()]))
    compute.run(compute.driver.destroy(compute.context, server()))
    compute.clock.advance(86_000)
    compute.run(compute.driver.manage_image_cache(compute.context, []))
    assert compute.driver.cache.base

    compute.clock.advance(1_000)
    compute.run(compute.driver.manage_image_cache(compute.context, []))
    assert not compute.driver.cache.base
    compute.spawn(server())
    assert steps(compute).count("download") == 2


def test_each_call_is_journalled_with_its_end_and_without_the_password(compute):
    compute.spawn(server())
    with pytest.raises(exception.InstanceNotFound):
        compute.state(server(2))

    seen = [event for event in compute.clock.journal if event.kind.startswith("virt.")]
    calls = {event.data["method"]: event for event in seen if event.kind == "virt.call"}
    assert calls["spawn"].data["instance"] == server().uuid
    assert calls["spawn"].data["args"]["image_meta"] == IMAGE.id
    assert seen[-1].kind == "virt.error"
    assert seen[-1].data["error"].startswith("InstanceNotFound: Instance ")
    assert seen[-1].cause == calls["get_info"].seq
    text = json.dumps([event.data for event in seen])
    assert "secret" not in text


def test_the_journal_has_the_domain_xml_of_a_spawn_as_a_payload(compute):
    compute.clock.journal.level = "summary"
    compute.spawn(server(1))
    compute.clock.journal.level = "full"
    compute.spawn(server(2))

    defined = [event.data for event in compute.clock.journal if event.data.get("step") == "define"]
    assert "xml" not in defined[0]
    assert "<name>instance-00000002</name>" in defined[1]["xml"]


def test_guests_outlive_their_nova_compute(compute):
    compute.spawn(server())
    compute.clock.crash(compute.service)
    compute.service = compute.clock.start("nova-compute@compute1")
    compute.run(compute.driver.init_host("compute1"))

    assert compute.state(server()) == PowerState.RUNNING


def test_what_a_driver_cannot_do_says_so(compute):
    with pytest.raises(NotImplementedError):
        compute.run(compute.driver.rebuild(compute.context, server()))


def test_closing_twice_is_no_error(compute):
    compute.spawn(server())
    compute.driver.close()
    compute.driver.close()

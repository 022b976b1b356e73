"""What an operation leaves behind: images, periodic ends, the guest's disk, the books of its host."""

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused

pytestmark = pytest.mark.thorough


def images(cloud):
    return [image.name for image in cloud.images]


def test_a_snapshot_tells_where_it_comes_from(cloud, server):
    ident = server.create_image("snap", purpose="test")
    cloud.run()
    image = cloud.request("GET", f"/v2/images/{ident}", service="glance")
    assert (image["status"], image["image_type"], image["purpose"]) == (
        "active",
        "snapshot",
        "test",
    )
    assert (image["instance_uuid"], image["min_disk"]) == (server.id, 1)
    assert image["base_image_ref"] == cloud.images.id_of("cirros")


def test_a_server_boots_from_a_snapshot(cloud, server):
    server.create_image("snap")
    cloud.run()
    other = cloud.boot("copy", flavor="m1.tiny", image="snap").wait()
    assert other.status == "ACTIVE"


def test_backups_are_rotated_by_type(cloud, server):
    for number in range(3):
        server.create_backup(f"day{number}", "daily", rotation=2)
        cloud.run(until=cloud.now + 2)
    server.create_backup("week", "weekly", rotation=1)
    cloud.run()
    assert [name for name in images(cloud) if "day" in name or "week" in name] == [
        "day1",
        "day2",
        "week",
    ]


def test_a_rotation_of_zero_keeps_no_backup_and_of_minus_one_is_refused(cloud, server):
    server.create_backup("none", rotation=0)
    cloud.run()
    assert "none" not in images(cloud)
    with pytest.raises(Refused, match="rotation"):
        server.create_backup("bad", rotation=-1)


def test_a_rebuild_keeps_host_and_address_and_changes_the_image(cloud, server):
    cloud.images.create("other", size=2_000_000)
    before = (server.host, server.addresses)
    server.rebuild("other", name="new", metadata={"a": "b"})
    cloud.run()
    assert (server.host, server.addresses) == before
    assert server.show()["image"]["id"] == cloud.images.id_of("other")
    assert (server.name, server.show()["metadata"]) == ("new", {"a": "b"})


def test_a_server_that_was_stopped_is_stopped_after_its_rebuild(cloud, server):
    server.stop()
    cloud.run()
    server.rebuild()
    cloud.run()
    assert server.status == "SHUTOFF"


def test_a_rebuild_from_an_image_that_is_too_large_is_refused(cloud, server):
    cloud.images.create("huge", size=2 * 1024**3)
    with pytest.raises(Refused, match="Flavor's disk is too small for requested image") as caught:
        server.rebuild("huge")
    assert caught.value.code == 400
    assert server.status == "ACTIVE"


def test_a_rebuild_asks_no_scheduler_where_the_image_stays(cloud, server):
    first = len(cloud.journal)
    server.rebuild()
    cloud.run()
    calls = [
        event.data["method"] for event in cloud.journal.events[first:] if event.kind == "rpc.call"
    ]
    assert "select_destinations" not in calls


def test_a_rescued_server_has_its_disk_beside_the_rescue_disk(cloud, server):
    server.rescue()
    cloud.run()
    assert server.status == "RESCUE"
    xml = next(e for e in reversed(cloud.journal.events) if e.data.get("step") == "redefine").data[
        "xml"
    ]
    assert xml.index("disk.rescue") < xml.index(f'{server.id}/disk"')
    server.unrescue()
    cloud.run()
    assert server.status == "ACTIVE"


def test_a_rescue_image_that_is_not_there(cloud, server):
    missing = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(Refused, match="is not supported") as caught:
        server.act("rescue", {"rescue_image_ref": missing})
    assert caught.value.code == 400


def test_shelved_offload_time_gives_up_the_host_later(cloud, server):
    cloud.set("shelved_offload_time", 600)
    server.shelve()
    cloud.run()
    assert (server.status, server.host is None) == ("SHELVED", False)
    cloud.run(until=cloud.now + 2 * 3600)
    assert (server.status, server.host) == ("SHELVED_OFFLOADED", None)
    assert len(cloud.sql("SELECT id FROM placement.allocations")) == 0


def test_an_offloaded_server_takes_nothing_and_comes_back_with_all(cloud, server):
    server.shelve()
    cloud.run()
    used = "SELECT vcpus_used, running_vms FROM nova_cell1.compute_nodes"
    assert {tuple(row) for row in cloud.sql(used).rows} == {(0, 0)}
    assert "web-shelved" in images(cloud)
    server.unshelve()
    cloud.run()
    assert server.status == "ACTIVE"
    assert "web-shelved" not in images(cloud)
    assert sorted(tuple(row) for row in cloud.sql(used).rows) == [(0, 0), (1, 1)]
    assert len(cloud.sql("SELECT id FROM placement.allocations")) == 3
    assert server.addresses == ["10.0.0.2"]


def test_a_host_can_be_named_only_for_what_is_offloaded(cloud, server):
    cloud.set("shelved_offload_time", -1)
    server.shelve()
    cloud.run()
    with pytest.raises(Refused, match="must be SHELVED_OFFLOADED"):
        server.unshelve(host="compute2")
    server.shelve_offload()
    cloud.run()
    server.unshelve(host="compute2")
    cloud.run()
    assert server.host == "compute2"


def test_a_deleted_server_takes_the_image_of_its_shelf_with_it(cloud, server):
    server.shelve()
    cloud.run()
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    assert images(cloud) == ["cirros", "ubuntu-24.04"]
    assert len(cloud.sql("SELECT id FROM neutron.ports")) == 0


class TestSoftDelete:
    @pytest.fixture(autouse=True)
    def interval(self, cloud):
        cloud.set("reclaim_instance_interval", 300)

    def test_it_is_reclaimed_when_its_time_is_over(self, cloud, server):
        server.delete()
        cloud.run()
        assert server.status == "SOFT_DELETED"
        cloud.run(until=cloud.now + 200)
        assert server.status == "SOFT_DELETED"
        cloud.run(until=cloud.now + 400)
        assert server.status == "DELETED"
        assert len(cloud.sql("SELECT id FROM placement.allocations")) == 0

    def test_it_is_restored(self, cloud, server):
        server.delete()
        cloud.run()
        server.restore()
        cloud.run(until=cloud.now + 1000)
        assert server.status == "ACTIVE"

    def test_it_counts_for_no_quota_until_it_is_restored(self, cloud, server):
        cloud.set("quota.instances", 1)
        server.delete()
        cloud.run()
        other = cloud.boot("other", flavor="m1.tiny").wait()
        cloud.run()
        with pytest.raises(Refused, match="Quota exceeded"):
            server.restore()
        assert (server.status, other.status) == ("SOFT_DELETED", "ACTIVE")

    def test_what_has_never_run_is_deleted_at_once(self, cloud):
        cloud.flavors.create("huge", vcpus=1, ram=40_000, disk=1)
        server = cloud.boot("big", flavor="huge")
        cloud.run()
        assert server.status == "ERROR"
        server.delete()
        cloud.run()
        assert server.status == "DELETED"


def test_a_password_needs_a_guest_that_runs(cloud, server):
    server.change_password("secret")
    cloud.run()
    assert server.task_state is None
    assert "secret" not in "".join(str(e.data) for e in cloud.journal if e.kind.startswith("virt."))


@pytest.mark.libvirt
def test_every_operation_on_libvirts_test_hypervisor():
    """The same server goes through all of them on a real libvirt, and gives everything back."""
    pytest.importorskip("libvirt")
    from simnova import Host

    with Cloud(hosts=[Host("compute1", driver="test:///")]) as cloud:
        server = cloud.boot("web", flavor="m1.tiny").wait()
        cloud.run()
        for name in (
            *("stop", "start", "reboot", "pause", "unpause", "suspend", "resume", "rescue"),
            *("unrescue", "rebuild", "shelve", "unshelve"),
        ):
            getattr(server, name)()
            cloud.run()
            assert (server.task_state, server.fault) == (None, None), name
        server.change_password("secret")
        cloud.run()
        server.create_image("snap")
        cloud.run()
        assert (server.status, server.fault) == ("ACTIVE", None)
        tasks = [
            e.data["after"]["task_state"]
            for e in cloud.journal
            if e.kind == "db.update" and "task_state" in (e.data["after"] or {})
        ]
        assert "image_pending_upload" in tasks
        with pytest.raises(Refused, match="Attaching interfaces is not supported"):
            server.attach_interface()
        server.delete()
        cloud.run()
        assert server.status == "DELETED"
        assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []

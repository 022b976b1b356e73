"""What lasts too long is ended, and the scheduler hears again which servers there are."""

import pytest

from simnova import Cloud, Host
from simnova.kernel.clock import Between
from simnova.nova.virt.profile import Profile

COMPUTE = "nova-compute@compute1"


def test_a_build_that_hangs_is_set_to_error(make):
    bench = make(instance_build_timeout=30)
    bench.put(vm_state="building", task_state="spawning")
    bench.after(130)
    assert bench.row("vm_state, task_state") == ("error", "spawning")
    assert "Instance build timed out. Set to error state." in bench.said("WARNING")


def test_a_build_that_is_only_slow_ends_active_all_the_same():
    """The task is kept, and the build, which nobody stops, saves what has become of it: as in Nova."""
    slow = Profile(download=Between(0.1, 0.1))
    with Cloud(
        hosts=[Host("compute1", profile=slow)], config={"instance_build_timeout": 30}
    ) as cloud:
        server = cloud.boot("web")
        cloud.run(until=125)
        assert (server.vm_state, server.task_state) == ("error", "spawning")
        cloud.run()
        assert (server.status, server.task_state) == ("ACTIVE", None)
        assert [event.data for event in cloud.journal if event.kind == "state.unexpected"] == []
        cloud.fork().close()


def test_by_default_it_hangs_for_ever(bench):
    bench.put(vm_state="building", task_state="spawning")
    bench.after(1000)
    assert bench.row("vm_state, task_state") == ("building", "spawning")


def test_a_young_build_is_left_alone(make):
    bench = make(instance_build_timeout=3600)
    bench.put(vm_state="building", task_state="spawning")
    bench.after(200)
    assert bench.row("vm_state") == ("building",)


def test_a_rescued_server_is_unrescued_by_the_api(make):
    bench = make(rescue_timeout=100)
    bench.server.rescue()
    bench.cloud.run()
    bench.after(60)
    assert bench.server.status == "RESCUE"
    bench.after(200)
    assert bench.server.status == "ACTIVE"
    assert bench.server.actions.rows[-1][0] == "unrescue"
    bench.cloud.fork().close()


def test_libvirts_driver_does_nothing_about_a_reboot_that_hangs(make):
    bench = make(reboot_timeout=30)
    bench.put(task_state="reboot_started", updated_at="2026-01-01T00:00:01Z")
    bench.after(130)
    asked = [e for e in bench.cloud.journal if e.data.get("method") == "poll_rebooting_instances"]
    called = next(e for e in asked if e.kind == "virt.call")
    assert called.data["args"] == {"timeout": 30, "instances": [bench.server.id]}
    assert bench.row("vm_state, task_state") == ("active", "reboot_started")


def casts(cloud, method):
    return [e for e in cloud.journal if e.kind == "rpc.cast" and e.data["method"] == method]


def test_the_schedulers_hear_every_two_minutes_which_servers_a_host_has(bench):
    bench.after(290)
    first, second = casts(bench.cloud, "sync_instance_info")
    assert 120 <= first.time <= 180
    assert 120 <= second.time - first.time < 121
    assert f'"instance_uuids":["{bench.server.id}"]' in first.data["body"]
    assert first.data["fanout"]


def test_a_scheduler_that_missed_a_cast_believes_the_next_list(make):
    bench = make()
    bench.cloud.lose("delete_instance_info")
    bench.server.delete()
    bench.cloud.run()
    bench.after(180)
    said = bench.cloud.log(service="nova-scheduler", background=True)
    text = "The instance sync for host 'compute1' did not match. Re-created its InstanceList."
    assert text in "\n".join(line.message for line in said)


def test_nobody_is_told_where_changes_are_not_tracked(make):
    bench = make(filter_scheduler={"track_instance_changes": False})
    bench.after(290)
    for method in ("sync_instance_info", "update_instance_info", "delete_instance_info"):
        assert casts(bench.cloud, method) == []


# --- resizes that nobody confirms ---------------------------------------------------------------------------------


@pytest.fixture
def resized(make):
    bench = make(2, resize_confirm_window=60)
    bench.server.resize("m1.medium")
    bench.cloud.run()
    assert bench.server.status == "VERIFY_RESIZE"
    return bench


def test_a_resize_is_confirmed_by_itself(resized):
    resized.after(200)
    assert resized.server.status == "ACTIVE"
    log = "\n".join(line.message for line in resized.cloud.log(background=True))
    assert "Found 1 unconfirmed migrations older than 60 seconds" in log
    assert f"Automatically confirming migration 1 for instance {resized.server.id}" in log
    assert resized.server.actions.rows[-1][-1].startswith("req-")


@pytest.mark.parametrize(
    ("columns", "status", "text"),
    [
        ({"vm_state": "error"}, "error", "Setting migration 1 to error: In ERROR state"),
        (
            {"vm_state": "active"},
            "error",
            "Setting migration 1 to error: In states active/None, not RESIZED/None",
        ),
        (
            {"task_state": "deleting"},
            "finished",
            "Instance being deleted or soft deleted during resize confirmation. Skipping.",
        ),
        (
            {"task_state": "resize_finish"},
            "finished",
            "Instance still resizing during resize confirmation. Skipping.",
        ),
    ],
)
def test_what_cannot_be_confirmed(resized, columns, status, text):
    resized.put(**columns)
    resized.after(200)
    assert resized.server.migrations.column("status") == [status]
    log = "\n".join(line.message for line in resized.cloud.log(background=True))
    assert text in log

"""The hypervisor tells of a guest, and nova-compute brings its server into line (`handle_lifecycle_event`)."""

import pytest

from simnova.exceptions import UsageError
from simnova.nova.objects.states import PowerState

COMPUTE = "nova-compute@compute1"


@pytest.mark.parametrize("deed", ["power_off_inside", "crash_inside"])
def test_a_guest_that_ends_by_itself_is_shutoff_after_fifteen_seconds(bench, deed):
    began = bench.cloud.now
    getattr(bench.server, deed)()
    bench.cloud.run(until=began + 14.9)
    assert bench.server.status == "ACTIVE"
    bench.cloud.run()
    assert (bench.server.status, bench.server.task_state) == ("SHUTOFF", None)
    assert bench.cloud.now - began < 16
    said = bench.said()
    assert "VM Stopped (Lifecycle Event)" in said
    text = (
        'Synchronizing instance power state after lifecycle event "Stopped"; current vm_state: active, '
        "current task_state: None, current DB power_state: 1, VM power_state: 4"
    )
    assert text in said
    assert [event for event in bench.cloud.journal if event.kind == "state.unexpected"] == []
    bench.cloud.fork().close()


def test_one_that_runs_again_in_time_has_only_rebooted(bench):
    bench.server.power_off_inside()
    bench.cloud.run(until=bench.cloud.now + 5)
    bench.server.virsh("start")
    bench.cloud.run()
    assert bench.server.status == "ACTIVE"
    assert "VM Stopped" not in bench.said()


def test_paused_and_resumed_beside_nova_only_the_power_state_goes_along(bench):
    bench.server.virsh("suspend")
    bench.cloud.run()
    assert (bench.server.status, bench.row("power_state")) == ("ACTIVE", (3,))
    assert "Instance is paused unexpectedly. Ignore." in bench.said("WARNING")
    bench.server.virsh("resume")
    bench.cloud.run()
    assert bench.row("power_state") == (1,)
    bench.cloud.fork().close()


def test_a_guest_that_somebody_starts_is_stopped_again(bench):
    bench.server.stop()
    bench.cloud.run()
    bench.server.virsh("start")
    bench.cloud.run()
    assert bench.guest.state == PowerState.SHUTDOWN
    assert "Instance is not stopped. Calling the stop API." in bench.said("WARNING")


def test_an_event_during_a_task_is_ignored(bench):
    bench.put(task_state="image_snapshot")
    bench.server.virsh("destroy")
    bench.cloud.run()
    assert bench.row("vm_state, task_state, power_state") == ("active", "image_snapshot", 1)
    text = "During sync_power_state the instance has a pending task (image_snapshot). Skip."
    assert text in bench.said("INFO")


def test_an_event_that_is_no_longer_true_is_ignored(bench):
    """Paused and resumed within the time that the news takes: the guest is not as the first event says."""
    bench.server.virsh("suspend")
    bench.server.virsh("resume")
    bench.cloud.run()
    assert bench.row("power_state") == (1,)
    assert "paused unexpectedly" not in bench.said()


def test_what_novas_own_work_does_to_a_guest_is_only_logged(bench):
    bench.server.stop()
    bench.after(20)
    assert "VM Stopped (Lifecycle Event)" in bench.said()
    assert "Synchronizing instance power state" not in bench.said()


def test_a_dead_nova_compute_hears_nothing(bench):
    bench.cloud.crash(COMPUTE)
    bench.server.power_off_inside()
    bench.cloud.run()
    assert bench.server.status == "ACTIVE"


def test_an_event_of_a_server_that_is_gone(bench):
    """Its row is deleted, its guest is still there, as after a deletion while the host was away."""
    bench.put(deleted=1, deleted_at="2026-01-01T00:00:01Z")
    bench.driver.do(bench.server.id, "suspend", cause=0)
    bench.cloud.run()
    assert "arrived for non-existent instance. The instance was probably deleted." in bench.said()


def test_the_story_says_who_did_it(bench):
    bench.server.virsh("suspend")
    bench.server.virsh("resume")
    bench.server.power_off_inside()
    bench.cloud.run()
    bench.server.start()
    bench.cloud.run()
    bench.server.crash_inside()
    story = " ".join(str(bench.cloud.story()).split())
    assert "On compute1 somebody does `virsh suspend` to the guest of server web." in story
    told = "The guest of server web on compute1 switches itself off: nobody has asked Nova."
    assert told in story
    assert "The guest of server web on compute1 crashes." in story


def test_asked_wrongly(bench):
    with pytest.raises(UsageError, match="is running: resume needs one that is paused"):
        bench.server.virsh("resume")
    with pytest.raises(UsageError, match=r"unknown virsh command 'destry'.*'destroy'"):
        bench.server.virsh("destry")
    with pytest.raises(UsageError, match="unknown host 'compute9'"):
        bench.server.virsh("destroy", host="compute9")
    bench.server.virsh("destroy")
    with pytest.raises(UsageError, match="is shutdown: poweroff needs one that is running"):
        bench.server.power_off_inside()
    bench.server.virsh("undefine")
    with pytest.raises(UsageError, match="there is no guest of server"):
        bench.server.crash_inside()
    bench.cloud.fork().close()

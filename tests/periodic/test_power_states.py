"""`_sync_power_states`: every ten minutes, and soon after a start, guests are compared with their servers."""

import pytest

from simnova.nova.objects.states import PowerState

COMPUTE = "nova-compute@compute1"


@pytest.fixture
def deaf(make):
    """No events: only the periodic task finds what has happened."""
    return make(workarounds={"handle_virt_lifecycle_events": False})


def test_a_guest_that_went_off_by_itself_is_stopped_by_the_api(deaf):
    deaf.server.power_off_inside()
    deaf.after(60)
    assert (deaf.server.status, deaf.row("power_state")) == ("ACTIVE", (1,))
    deaf.after(620)
    assert (deaf.server.status, deaf.row("power_state")) == ("SHUTOFF", (4,))
    text = (
        "Instance shutdown by itself. Calling the stop API. Current vm_state: active, current "
        "task_state: None, original DB power_state: 1, current VM power_state: 4"
    )
    assert text in deaf.said("WARNING")
    action = deaf.server.actions.rows[-1]
    assert action[0] == "stop"
    assert action[-1].startswith("req-")
    deaf.cloud.fork().close()


def test_one_that_was_paused_beside_nova_stays_so(deaf):
    deaf.server.virsh("suspend")
    deaf.after(680)
    assert (deaf.server.status, deaf.row("power_state")) == ("ACTIVE", (3,))
    assert "Instance is paused unexpectedly. Ignore." in deaf.said("WARNING")
    deaf.server.virsh("resume")
    deaf.after(620)
    assert deaf.row("power_state") == (1,)


def test_one_that_is_suspended_beside_nova_is_stopped(deaf):
    deaf.guest.state = PowerState.SUSPENDED
    deaf.after(680)
    assert deaf.server.status == "SHUTOFF"
    said = deaf.said("WARNING")
    assert "Instance is suspended unexpectedly. Calling the stop API." in said


def test_a_server_whose_guest_is_gone_is_only_told_of(deaf):
    deaf.server.virsh("destroy")
    deaf.server.virsh("undefine")
    deaf.after(680)
    assert (deaf.server.status, deaf.row("power_state")) == ("ACTIVE", (0,))
    said = deaf.said("WARNING")
    assert "Instance is unexpectedly not found. Ignore." in said
    counts = (
        "While synchronizing instance power states, found 1 instances in the database and 0 "
        "instances on the hypervisor."
    )
    assert counts in said


def test_a_guest_that_runs_though_its_server_is_stopped_is_stopped_again(deaf):
    deaf.server.stop()
    deaf.cloud.run()
    deaf.server.virsh("start")
    deaf.after(680)
    assert (deaf.server.status, deaf.guest.state) == ("SHUTOFF", PowerState.SHUTDOWN)
    assert "Instance is not stopped. Calling the stop API. Current vm_state: stopped" in deaf.said()
    assert [event for event in deaf.cloud.journal if event.kind == "state.unexpected"] == []


def test_a_paused_server_whose_guest_went_off_is_stopped(deaf):
    deaf.server.pause()
    deaf.cloud.run()
    deaf.server.virsh("destroy")
    deaf.after(680)
    assert deaf.server.status == "SHUTOFF"
    said = deaf.said("WARNING")
    assert "Paused instance shutdown by itself. Calling the stop API." in said
    assert [event for event in deaf.cloud.journal if event.kind == "state.unexpected"] == []


@pytest.mark.parametrize("vm_state", ["building", "rescued", "resized", "suspended", "error"])
def test_in_other_states_only_the_power_state_is_saved(deaf, vm_state):
    deaf.put(vm_state=vm_state)
    deaf.server.virsh("destroy")
    deaf.after(680)
    assert deaf.row("vm_state, task_state, power_state") == (vm_state, None, 4)


def test_a_softly_deleted_server_whose_guest_runs_is_told_of(deaf):
    deaf.put(vm_state="soft-delete")
    deaf.after(680)
    assert "Instance is not (soft-)deleted." in deaf.said("WARNING")
    assert deaf.guest.state == PowerState.RUNNING


def test_a_server_with_a_pending_task_is_left_to_it(deaf):
    deaf.put(task_state="powering-on")
    deaf.server.power_off_inside()
    deaf.after(680)
    text = "During sync_power_state the instance has a pending task (powering-on). Skip."
    assert text in deaf.said("INFO")
    assert deaf.row("vm_state, power_state") == ("active", 1)


def test_a_stop_whose_service_dies_before_it_is_sent_is_made_up_for_at_its_start(make):
    bench = make(
        workarounds={"handle_virt_lifecycle_events": False},
        filter_scheduler={"track_instance_changes": False},
    )
    bench.server.power_off_inside()
    bench.cloud.crash_at("rpc.cast", COMPUTE, moment="before")
    bench.after(680)
    assert bench.row("vm_state, task_state") == ("active", "powering-off")
    bench.back()
    assert (bench.server.status, bench.server.task_state) == ("SHUTOFF", None)
    text = "Instance in transitional state powering-off at start-up retrying stop request"
    assert text in bench.said()


def test_a_host_that_starts_again_finds_what_nobody_told_it(bench):
    bench.cloud.crash(COMPUTE)
    bench.server.crash_inside()
    bench.after(100)
    assert bench.server.status == "ACTIVE"
    bench.back()
    assert bench.server.status == "SHUTOFF"


def test_off_below_zero(make):
    bench = make(sync_power_state_interval=-1, workarounds={"handle_virt_lifecycle_events": False})
    bench.server.power_off_inside()
    bench.after(2000)
    assert bench.server.status == "ACTIVE"
    text = "the _sync_power_states periodic task is also disabled"
    assert text in bench.said("WARNING")

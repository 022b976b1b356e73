"""What nova-compute does when it starts: the order of things, and each server by its states (`init_host`)."""

from dataclasses import replace

import pytest

from simnova import Cloud
from simnova.nova.objects.states import PowerState

COMPUTE = "nova-compute@compute1"


def restart(bench, **columns):
    """The service dies, the row is as it left it, it starts again."""
    bench.cloud.crash(COMPUTE)
    if columns:
        bench.put(**columns)
    bench.cloud.start(COMPUTE)
    bench.cloud.run()


def test_the_order_is_novas(bench):
    before = len(bench.cloud.journal)
    restart(bench)
    asked = [
        event.data["method"]
        for event in bench.cloud.journal.events[before:]
        if event.kind == "virt.call"
    ]
    assert asked == [
        "init_host",
        "get_info",
        "get_info",
        "get_available_nodes",
        "get_available_nodes",
        "get_available_resource",
        "get_inventory",
        "get_traits",
    ]
    casts = [e for e in bench.cloud.journal.events[before:] if e.kind == "rpc.cast"]
    assert [event.data["method"] for event in casts] == ["update_instance_info"]
    assert "Current state is 1, state in DB is 1." in bench.said()
    bench.cloud.fork().close()


def test_a_failed_audit_does_not_keep_the_service_down(bench):
    bench.cloud.crash(COMPUTE)
    bench.cloud.fail("compute1", "get_available_resource", "libvirt is asleep")
    bench.cloud.start(COMPUTE)
    bench.cloud.run()
    assert "Error updating resources for node compute1." in bench.said("ERROR")
    bench.server.stop()
    bench.cloud.run()
    assert bench.server.status == "SHUTOFF"


# --- by the states of a server --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vm_state", "task_state", "ends", "text"),
    [
        ("soft-delete", None, ("soft-delete", None), "Instance is in soft-delete state."),
        ("error", "spawning", ("error", "spawning"), "Instance is in error state."),
        ("building", None, ("error", None), "Instance failed to spawn correctly"),
        ("active", "scheduling", ("error", None), "Instance failed to spawn correctly"),
        ("active", "rebuilding", ("error", None), "Instance failed to rebuild correctly"),
        ("stopped", "rebuild_spawning", ("error", None), "Instance failed to rebuild correctly"),
        ("error", "rebuild_spawning", ("error", "rebuild_spawning"), "Instance is in error state."),
        ("active", "image_snapshot", ("active", None), "state image_snapshot at start-up clearing"),
        (
            "paused",
            "image_uploading",
            ("paused", None),
            "state image_uploading at start-up clearing",
        ),
        ("active", "resize_prep", ("active", None), "state resize_prep at start-up clearing"),
        ("active", "reboot_pending", ("active", None), "(reboot_pending) at start-up and power"),
        ("error", "reboot_pending_hard", ("error", "reboot_pending_hard"), "is in error state."),
        ("active", "reboot_started", ("active", None), "(reboot_started) at start-up and power"),
        ("active", "pausing", ("active", None), "(1), clearing task state"),
        ("active", "powering-off", ("stopped", None), "powering-off at start-up retrying stop"),
        ("stopped", "powering-on", ("active", None), "powering-on at start-up retrying start"),
        ("active", "suspending", ("active", "suspending"), "Current state is 1"),
        ("active", "resize_finish", ("active", "resize_finish"), "Current state is 1"),
        ("active", "resize_migrated", ("active", "resize_migrated"), "Current state is 1"),
        ("active", "updating_password", ("active", "updating_password"), "Current state is 1"),
        ("active", "image_backup", ("active", "image_backup"), "Current state is 1"),
        ("active", "rescuing", ("active", "rescuing"), "Current state is 1"),
        ("active", "shelving", ("active", "shelving"), "Current state is 1"),
        ("active", "soft-deleting", ("active", "soft-deleting"), "Current state is 1"),
    ],
)
def test_each_state_with_a_guest_that_runs(bench, vm_state, task_state, ends, text):
    """Those that stay as they are hang, as in Nova: an operator resets them."""
    restart(bench, vm_state=vm_state, task_state=task_state)
    assert bench.row("vm_state, task_state") == ends
    assert text in bench.said()


@pytest.mark.parametrize("task", ["rebooting", "reboot_started", "reboot_started_hard"])
def test_a_reboot_whose_guest_is_off_is_a_hard_one(bench, task):
    bench.cloud.crash(COMPUTE)
    bench.server.virsh("destroy")
    bench.put(task_state=task)
    bench.cloud.start(COMPUTE)
    bench.cloud.run()
    assert bench.row("vm_state, task_state") == ("active", None)
    assert bench.guest.state == PowerState.RUNNING
    calls = [
        e.data["args"]
        for e in bench.cloud.journal
        if e.data.get("method") == "reboot" and "args" in e.data
    ]
    assert calls[-1]["reboot_type"] == "HARD"


def test_an_unpause_whose_guest_stands_still_is_done_again(bench):
    bench.server.pause()
    bench.cloud.run()
    restart(bench, task_state="unpausing")
    assert bench.row("vm_state, task_state") == ("active", None)
    assert "clearing task state and unpausing the instance" in bench.said("WARNING")


def test_what_cannot_be_stopped_again_is_logged_and_the_service_is_up(bench):
    bench.cloud.fail("compute1", "power_off", "libvirt says no")
    restart(bench, task_state="powering-off")
    assert "Failed to stop instance" in bench.said("ERROR")
    assert bench.cloud.assembly.running[COMPUTE].alive


def test_a_reboot_that_fails_at_the_start_ends_the_service_as_in_nova(bench):
    """`_init_instance` does not catch it; the server is in ERROR, and the next start passes over it."""
    bench.cloud.crash(COMPUTE)
    bench.server.virsh("destroy")
    bench.put(task_state="reboot_started")
    bench.cloud.fail("compute1", "reboot", "libvirt says no")
    bench.cloud.start(COMPUTE)
    bench.cloud.run()
    assert not bench.cloud.assembly.running[COMPUTE].alive
    assert bench.row("vm_state, task_state") == ("error", None)
    bench.cloud.start(COMPUTE)
    bench.cloud.run()
    assert bench.cloud.assembly.running[COMPUTE].alive


# --- after the host itself was off ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("resume", "state"), [(True, "RUNNING"), (False, "SHUTDOWN")])
def test_guests_that_ran_are_started_where_that_is_wanted(make, resume, state):
    bench = make(resume_guests_state_on_host_boot=resume)
    bench.cloud.crash(COMPUTE)
    bench.server.virsh("destroy")
    bench.cloud.start(COMPUTE)
    bench.cloud.run()
    assert bench.guest.state == PowerState[state]
    assert ("Rebooting instance after nova-compute restart." in bench.said()) == resume
    bench.after(70)
    assert bench.server.status == ("ACTIVE" if resume else "SHUTOFF"), "_sync_power_states stops it"
    bench.cloud.fork().close()


def test_a_guest_that_was_off_stays_off(make):
    bench = make(resume_guests_state_on_host_boot=True)
    bench.server.stop()
    bench.cloud.run()
    restart(bench)
    bench.after(70)
    assert (bench.server.status, bench.guest.state) == ("SHUTOFF", PowerState.SHUTDOWN)


def test_one_that_cannot_be_started_is_in_error(make):
    bench = make(resume_guests_state_on_host_boot=True)
    bench.cloud.crash(COMPUTE)
    bench.server.virsh("destroy")
    bench.cloud.fail("compute1", "start", "no memory left")
    bench.cloud.start(COMPUTE)
    bench.cloud.run()
    assert bench.server.status == "ERROR"
    assert "Failed to resume instance" in bench.said("WARNING")


# --- guests that should not be here ---------------------------------------------------------------------------------


@pytest.fixture
def twice(make):
    """A host that is alive is declared dead, and its server evacuated: the guest runs twice."""
    bench = make(2)
    bench.cloud.services.force_down("compute1")
    bench.server.evacuate()
    bench.cloud.run()
    bench.server.start()
    bench.cloud.run()
    assert (bench.server.status, bench.server.host) == ("ACTIVE", "compute2")
    assert bench.guest.state == PowerState.RUNNING
    return bench


def test_a_guest_runs_twice_until_its_old_host_starts_again(twice):
    """No periodic task looks for it: only `_destroy_evacuated_instances`, at a start."""
    twice.after(2000)
    assert twice.guest is not None
    text = (
        "While synchronizing instance power states, found 0 instances in the database and 1 instances "
        "on the hypervisor."
    )
    assert text in twice.said("WARNING")
    restart(twice)
    assert twice.guest is None
    said = "Destroying instance as it has been evacuated from this host but still exists in the hypervisor"
    assert said in twice.said("INFO")
    assert twice.server.migrations.column("status") == ["completed"]
    assert twice.server.status == "ACTIVE"


def test_what_the_old_guest_does_is_nothing_to_the_server(twice):
    twice.server.virsh("destroy", host="compute1")
    twice.cloud.run()
    assert twice.server.status == "ACTIVE"
    text = "the instance has moved from host compute2 to host compute1"
    assert text in twice.said("INFO")
    twice.cloud.fork().close()


def test_without_a_record_of_the_evacuation_the_guest_is_left_alone(twice):
    twice.put("migrations", status="failed")
    restart(twice)
    assert twice.guest is not None
    twice.after(2000)
    assert twice.guest is not None


def test_a_guest_whose_server_nobody_knows_is_only_counted(bench):
    """As where somebody has made a domain by hand: nothing but the warning tells of it."""
    made = replace(bench.guest, uuid="00000000-1111-4222-8333-444444444444", name="by-hand")
    bench.driver.guests[made.uuid] = made
    restart(bench)
    bench.after(100)
    assert "found 1 instances in the database and 2 instances on the hypervisor" in bench.said()
    bench.after(2000)
    assert made.uuid in bench.driver.guests


def test_a_crash_at_any_event_of_a_stop_leaves_what_the_next_start_ends():
    """Whatever the moment: when the service is back the server is SHUTOFF, or as if nobody had asked."""
    with Cloud(hosts=1) as plain:
        server = plain.boot("web").wait("ACTIVE")
        before = len(plain.journal)
        server.stop()
        plain.run()
        kinds = [
            e.kind for e in plain.journal.events[before:] if e.actor == COMPUTE and e.kind != "log"
        ]
    assert len(kinds) > 10
    for kind in dict.fromkeys(kinds):
        for nth in range(1, kinds.count(kind) + 1):
            with Cloud(hosts=1) as cloud:
                server = cloud.boot("web").wait("ACTIVE")
                cloud.crash_at(kind, COMPUTE, nth)
                server.stop()
                cloud.run()
                if not cloud.assembly.running[COMPUTE].alive:
                    cloud.start(COMPUTE)
                cloud.run(until=cloud.now + 70)
                cloud.run()
                guest = cloud.assembly.simulated("compute1").guests[server.id]
                found = (server.status, server.task_state, guest.state.name)
                assert found == ("SHUTOFF", None, "SHUTDOWN"), (kind, nth)

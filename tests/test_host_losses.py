"""A compute host dies in the midst of something, and what it makes of that when it is back (`_init_instance`)."""

import pytest

from simnova import Cloud
from simnova.nova.objects.states import PowerState

pytestmark = pytest.mark.thorough

COMPUTE = "nova-compute@compute1"


@pytest.fixture
def cloud():
    with Cloud(hosts=2) as made:
        yield made


def back(cloud):
    cloud.run()
    cloud.start(COMPUTE)
    cloud.run()
    assert [event.data for event in cloud.journal if event.kind == "state.unexpected"] == []


def test_a_build_that_died_with_its_host_ends_in_error(cloud):
    server = cloud.submit("web", host="compute1")
    cloud.crash_at("virt.call", COMPUTE)
    back(cloud)
    assert (server.server.vm_state, server.server.task_state) == ("error", None)
    text = "Instance failed to spawn correctly, setting to ERROR state"
    assert text in str(cloud.log(service=COMPUTE, background=True))


def test_a_build_that_waited_in_the_queue_is_taken_up(cloud):
    cloud.crash(COMPUTE)
    server = cloud.boot("web", host="compute1")
    back(cloud)
    assert server.status == "ACTIVE"


@pytest.mark.parametrize("kind", ["virt.call", "virt.return"])
def test_a_deletion_that_died_with_its_host_is_done_again(cloud, kind):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.crash_at(kind, COMPUTE)
    server.delete()
    back(cloud)
    assert len(cloud.servers) == 0
    assert cloud.sql("SELECT * FROM placement.allocations").rows == []
    assert cloud.assembly.simulated("compute1").guests == {}


def test_a_server_that_was_deleted_but_for_its_row_goes(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    uuid = server.id

    def stop(event):
        values = event.data.get("after") or {}
        if event.kind == "db.update" and values.get("vm_state") == "deleted":
            cloud.journal.after.remove(stop)
            cloud.clock.after(0, cloud.clock.crash, cloud.assembly.running[COMPUTE])

    cloud.journal.after.append(stop)
    server.delete()
    cloud.run()
    (row,) = cloud.sql("SELECT uuid, vm_state FROM nova_cell1.instances WHERE deleted = 0").rows
    assert list(row) == [uuid, "deleted"]
    back(cloud)
    assert cloud.sql("SELECT * FROM nova_cell1.instances WHERE deleted = 0").rows == []
    assert cloud.sql("SELECT * FROM placement.allocations").rows == []


@pytest.mark.parametrize(
    ("ask", "status"),
    [("stop", "SHUTOFF"), ("reboot", "ACTIVE"), ("pause", "ACTIVE")],
)
def test_what_was_going_on_is_done_again_or_forgotten(cloud, ask, status):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.crash_at("virt.call", COMPUTE, moment="before")
    getattr(server, ask)()
    back(cloud)
    assert (server.status, server.task_state) == (status, None)


def test_a_build_that_died_before_its_claim_ends_in_error(cloud):
    server = cloud.submit("web", host="compute1")
    cloud.crash_at("rpc.call", COMPUTE)
    back(cloud)
    assert (server.server.vm_state, server.server.host) == ("error", None)
    text = "Instance spawn was interrupted before instance_claim, setting instance to ERROR state"
    assert text in str(cloud.log(service=COMPUTE, background=True))


def test_a_disk_that_was_being_sent_is_brought_back(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.crash_at("virt.call", COMPUTE)
    server.migrate()
    back(cloud)
    assert (server.status, server.task_state, server.host) == ("ACTIVE", None, "compute1")
    assert cloud.assembly.simulated("compute1").guests[server.id].state.name == "RUNNING"


def test_a_soft_reboot_whose_guest_has_gone_off_is_a_hard_one_at_the_start(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    server.reboot()
    cloud.run(until=lambda event: "reboot_pending" in str(event.data.get("after")))
    cloud.crash(COMPUTE)
    guest = cloud.assembly.simulated("compute1").guests[server.id]
    guest.state, guest.internal_id = PowerState.SHUTDOWN, None
    back(cloud)
    assert (server.status, server.task_state) == ("ACTIVE", None)
    assert cloud.assembly.simulated("compute1").guests[server.id].state == PowerState.RUNNING


def test_a_guest_that_was_on_its_way_stays(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    server.live_migrate()
    cloud.run(until=lambda event: (event.data.get("after") or {}).get("status") == "running")
    cloud.crash(COMPUTE)
    back(cloud)
    assert (server.status, server.task_state, server.host) == ("ACTIVE", None, "compute1")
    assert server.migrations.column("status") == ["error"]


def test_what_is_being_evacuated_is_left_alone(cloud):
    """Its old host is back before it is over there: it gives all up and sets no state (from 2.95 it is stopped)."""
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.crash(COMPUTE)
    cloud.run(until=cloud.now + 70)
    server.evacuate()
    cloud.run(until="virt.call")
    cloud.start(COMPUTE)
    cloud.run()
    assert (server.status, server.host) == ("SHUTOFF", "compute2")
    assert server.id not in cloud.assembly.simulated("compute1").guests


@pytest.mark.parametrize(("action", "left"), [("reap", 0), ("log", 1), ("noop", 1)])
def test_a_guest_whose_server_was_deleted_meanwhile_is_destroyed_within_half_an_hour(action, left):
    with Cloud(hosts=1, config={"running_deleted_instance_action": action}) as cloud:
        server = cloud.boot("web").wait("ACTIVE")
        cloud.crash(COMPUTE)
        cloud.run(until=cloud.now + 70)
        server.delete()
        back(cloud)
        assert (server.status, len(cloud.assembly.simulated("compute1").guests)) == ("DELETED", 1)
        cloud.run(until=cloud.now + 1900)
        assert len(cloud.assembly.simulated("compute1").guests) == left
        said = "which is marked as DELETED but still present on host"
        assert (said in str(cloud.log(service=COMPUTE, background=True))) == (action != "noop")


def test_what_is_handled_outside_while_the_cloud_runs_is_not_in_its_log(cloud):
    """The cloud runs on in a notebook's `except:`: that error is no cause of the cloud's, and a fork is the same."""
    try:
        raise KeyError("outside")
    except KeyError:
        cloud.boot("web", flavor="m1.xlarge")
        cloud.run()
    assert "NoValidHost" in str(cloud.log())
    assert "outside" not in str(cloud.log())
    cloud.fork().close()

"""Sequences that nobody recorded: their lines were read off real Nova 34 and its fake driver, and are told in short."""

import pytest

from simnova import Config
from simnova.cloud.recorder import Recorder, Wanted, fresh

pytestmark = pytest.mark.thorough


def play(*actions, microversion="2.104", hosts=3, down=None, fails=None, **options):
    """What is recorded of each action; after the first the hypervisors fail once to do what `fails`."""
    conf = Config(**options)
    wanted = [Wanted.parse(text) for text in actions]
    cloud = fresh(wanted, hosts=hosts, seed=0, conf=conf, down=down)
    found = []
    for one in Recorder(cloud, microversion, down).record(wanted):
        found.append(one)
        for host in cloud.assembly.hosts if fails and len(found) == 1 else ():
            cloud.fail(host, fails)
    assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []
    cloud.close()
    return found


def messages(recorded):
    return [f"{e['how']} {e['method']}" for e in recorded.events if e["kind"] == "rpc"]


def states(recorded):
    return [(e["vm"], e["task"]) for e in recorded.events if e["kind"] == "state"]


def ended(recorded):
    """The events of the action, and how each ended."""
    return dict(recorded.action["events"])


def test_a_soft_deletion_of_a_resized_server_confirms_the_resize_and_goes_on():
    *_, deleted, restored = play(
        "create", "resize", "delete", "restore", reclaim_instance_interval=3600
    )
    assert states(deleted) == [
        ("resized", "soft-deleting"),
        ("active", None),
        ("active", "soft-deleting"),
        ("soft-delete", None),
    ]
    assert messages(deleted)[0] == "call confirm_resize"
    assert ended(deleted) == {"compute_soft_delete_instance": "Success"}
    assert states(restored) == [("soft-delete", "restoring"), ("active", None)]


def test_a_soft_deletion_without_a_host_leaves_the_row_softly_deleted():
    (*_, deleted) = play("create", "shelve", "delete", reclaim_instance_interval=3600)
    assert states(deleted)[-1] == ("soft-delete", None)
    assert messages(deleted) == []


OLD_FORM = 'os-migrateLive={"host": null, "block_migration": false, "disk_over_commit": false}'


@pytest.mark.parametrize(
    ("action", "microversion"),
    [(OLD_FORM, "2.1"), ("os-migrateLive", "2.33")],
)
def test_before_2_34_a_live_migration_is_a_call_of_migrate_server(action, microversion):
    (_, moved) = play("create", action, microversion=microversion)
    assert messages(moved)[0] == "call migrate_server"
    assert "conductor_live_migrate_instance" not in ended(moved)
    assert set(ended(moved).values()) == {"Success"}


def test_before_2_34_the_client_is_told_that_no_host_takes_it():
    """It waits for the answer; from 2.34 on the request is accepted and the action fails."""
    (_, told) = play("create", "os-migrateLive", microversion="2.33", hosts=1)
    assert told.error["code"] == 400
    assert told.error["message"].startswith("No valid host was found. ")
    (_, accepted) = play("create", "os-migrateLive", microversion="2.34", hosts=1)
    assert accepted.error is None
    assert ended(accepted) == {"conductor_live_migrate_instance": "Error"}


def test_hosts_are_as_large_as_the_fake_drivers():
    (_, resized) = play("create", "resize=m1.xlarge")
    assert set(ended(resized).values()) == {"Success"}


def test_what_a_microversion_has_not_is_not_found():
    (_, refused) = play("create", "os-getVNCConsole")
    assert refused.error == {"code": 404, "message": "The resource could not be found."}


def forced(host):
    return f'evacuate={{"host": "{host}", "force": true}}'


def test_a_forced_evacuation_asks_what_the_lost_host_holds_and_claims_as_much():
    _, first, second = play(
        "create", forced("host1"), forced("host3"), microversion="2.67", down="host2"
    )
    requests = [(e["m"], e["status"]) for e in first.events if e["kind"] == "placement"]
    assert requests[:3] == [("GET", 200), ("GET", 200), ("PUT", 204)]
    assert states(first)[-2:] == [("active", None), ("active", None)]
    assert second.error["code"] == 400, "the host to which it went is up"


def test_a_live_migration_is_ended_by_force():
    _, moving, ended_by_force = play("create", "os-migrateLive", "force_complete")
    assert [e["status"] for e in moving.events if e["kind"] == "migration"][-1] == "running"
    assert ended(moving)["compute_pre_live_migration"] == "Success"
    assert messages(ended_by_force)[:2] == [
        "cast live_migration_force_complete",
        "call post_live_migration_at_destination",
    ]
    assert ended_by_force.action["action"] == "live_migration_force_complete"
    assert states(ended_by_force) == [("active", None)]


def test_a_live_migration_is_called_off():
    *_, called_off, stopped = play("create", "os-migrateLive", "abort", "os-stop")
    assert messages(called_off)[0] == "cast live_migration_abort"
    assert [e["status"] for e in called_off.events if e["kind"] == "migration"] == ["cancelled"]
    assert called_off.action["action"] == "live_migration_cancel"
    assert states(stopped)[-1] == ("stopped", None)


@pytest.mark.parametrize("action", ["force_complete", "abort"])
def test_a_live_migration_that_there_is_not_is_not_ended(action):
    (_, refused) = play("create", action)
    assert refused.error["code"] == 409
    assert (refused.events, refused.action) == ([], None)


def reads(recorded):
    return [(e["m"], e["url"].split("/")[1]) for e in recorded.events if e["kind"] == "placement"]


COUNTED_ANEW = [("GET", "resource_providers"), ("GET", "allocations")]


@pytest.mark.parametrize(
    ("action", "fails", "ends"),
    [
        ("os-stop", "power_off", [("active", None)]),
        ("pause", "pause", [("active", None)]),
        ("suspend", "suspend", [("error", "suspending"), ("error", None)]),
        ("rescue", "rescue", [("error", "rescuing"), ("error", None)]),
        ("delete", "destroy", [("error", "deleting"), ("error", None)]),
    ],
)
def test_what_fails_is_in_error_before_its_task_goes_and_is_counted_anew(action, fails, ends):
    (_, failed) = play("create", action, fails=fails)
    assert states(failed)[1:] == ends
    assert reads(failed) == COUNTED_ANEW
    assert set(ended(failed).values()) == {"Error"}


def test_a_rebuild_that_fails_gives_up_what_the_server_holds():
    (_, failed) = play("create", "rebuild", fails="spawn")
    (given_up,) = [e for e in failed.events if e.get("m") == "PUT"]
    assert given_up["body"]["allocations"] == {}
    assert states(failed)[-2:] == [("error", "rebuild_spawning"), ("error", None)]


def test_a_resize_that_fails_at_its_end_gives_up_the_source_before_its_migration_is_in_error():
    (_, failed) = play("create", "resize", fails="finish_migration")
    seen = [(e["kind"], e.get("task") or e.get("m") or e.get("status")) for e in failed.events]
    assert seen[-5:] == [
        ("state", "resize_finish"),
        ("placement", "GET"),
        ("placement", "PUT"),
        ("migration", "error"),
        ("state", None),
    ]


def test_the_event_of_a_snapshot_ends_before_the_snapshot_fails():
    (_, failed) = play("create", "createImage", fails="snapshot")
    assert ended(failed) == {"compute_snapshot_instance": "Success"}
    assert states(failed)[-2:] == [("active", "image_snapshot"), ("active", None)]

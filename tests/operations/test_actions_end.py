"""Every accepted request is an action of its server, and every action has come to its end."""

import json
from pathlib import Path

import pytest

from simnova import Cloud

ALLOWED = json.loads((Path(__file__).parent / "data" / "allowed_states.json").read_text())

WITHOUT_EVENTS = {"resetState"}
"""What only the API does, without saying so (recorded)."""

TOUR = [
    ("stop", {}, "stop", "compute_stop_instance"),
    ("start", {}, "start", "compute_start_instance"),
    ("reboot", {"kind": "SOFT"}, "reboot", "compute_reboot_instance"),
    ("reboot", {"kind": "HARD"}, "reboot", "compute_reboot_instance"),
    ("pause", {}, "pause", "compute_pause_instance"),
    ("unpause", {}, "unpause", "compute_unpause_instance"),
    ("suspend", {}, "suspend", "compute_suspend_instance"),
    ("resume", {}, "resume", "compute_resume_instance"),
    ("lock", {}, "lock", "api_lock"),
    ("unlock", {}, "unlock", "api_unlock"),
    ("rescue", {}, "rescue", "compute_rescue_instance"),
    ("unrescue", {}, "unrescue", "compute_unrescue_instance"),
    ("create_image", {"name": "s"}, "createImage", "compute_snapshot_instance"),
    ("create_backup", {"name": "b"}, "createBackup", "compute_backup_instance"),
    ("change_password", {"password": "x"}, "changePassword", "compute_set_admin_password"),
    ("attach_interface", {}, "attach_interface", "compute_attach_interface"),
    ("detach_interface", {}, "detach_interface", "compute_detach_interface"),
    ("rebuild", {}, "rebuild", "compute_rebuild_instance"),
    ("shelve", {}, "shelve", "compute_shelve_instance"),
    ("unshelve", {}, "unshelve", "compute_unshelve_instance"),
    ("resize", {"flavor": "m1.small"}, "resize", "compute_finish_resize"),
    ("revert_resize", {}, "revertResize", "compute_finish_revert_resize"),
    ("migrate", {}, "migrate", "compute_finish_resize"),
    ("confirm_resize", {}, "confirmResize", "compute_confirm_resize"),
    ("live_migrate", {}, "live-migration", "compute_post_live_migration_at_destination"),
    ("reset_state", {"state": "active"}, "resetState", None),
    ("delete", {}, "delete", "compute_terminate_instance"),
]

CAST_OR_CALL = {
    "attach_interface": ("rpc.call", "attach_interface"),
    "change_password": ("rpc.call", "set_admin_password"),
    "console": ("rpc.call", "get_vnc_console"),
    "console_output": ("rpc.call", "get_console_output"),
    "create_backup": ("rpc.cast", "backup_instance"),
    "detach_interface": ("rpc.cast", "detach_interface"),
}
"""What the API sends where no recording says so."""


@pytest.fixture(scope="module")
def cloud():
    with Cloud(hosts=2) as made:
        yield made


@pytest.fixture(scope="module")
def toured(cloud):
    """A server to which everything has been done: what was noted of each request, and what the API sent."""
    server = cloud.boot("web", flavor="m1.tiny").wait()
    cloud.run()
    noted, sent = {}, {}
    for name, more, *_ in TOUR:
        if name == "detach_interface":
            more = {"port": cloud.sql("SELECT id FROM neutron.ports ORDER BY id").rows[-1][0]}
        key, first = name + str(more.get("kind", "")), len(cloud.journal)
        getattr(server, name)(**more)
        cloud.run()
        noted[key] = last_action(cloud, server)
        sent[name] = messages(cloud, first)
        if name == "unlock":
            for name in ("console", "console_output"):
                first = len(cloud.journal)
                getattr(server, name)()
                sent[name] = messages(cloud, first)
    return noted, sent


def last_action(cloud, server):
    path = f"/v2.1/servers/{server.id}/os-instance-actions"
    last = cloud.request("GET", f"{path}?limit=1")["instanceActions"][0]
    return cloud.request("GET", f"{path}/{last['request_id']}")["instanceAction"]


def messages(cloud, first):
    events = [e for e in cloud.journal.events[first:] if e.actor == "nova-api"]
    kinds = ("rpc.call", "rpc.cast")
    return [(e.kind, e.data["method"], e.data["topic"]) for e in events if e.kind in kinds]


@pytest.mark.parametrize(("name", "more", "action", "event"), TOUR)
def test_a_request_is_an_action_whose_events_have_ended(toured, name, more, action, event):
    found = toured[0][name + str(more.get("kind", ""))]
    assert (found["action"], found["message"]) == (action, None)
    events = {one["event"]: one for one in found["events"]}
    assert set(events) >= ({event} - {None})
    assert bool(events) is (action not in WITHOUT_EVENTS)
    assert {one["result"] for one in found["events"]} <= {"Success"}
    assert all(one["finish_time"] for one in found["events"])


@pytest.mark.parametrize("name", CAST_OR_CALL)
def test_the_api_waits_for_an_answer_only_where_nova_does(toured, name):
    how, method = CAST_OR_CALL[name]
    assert toured[1][name] == [(how, method, "compute")]


def test_every_operation_of_a_server_has_been_in_the_tour(toured):
    """All of Nova's table but volumes, addresses, diagnostics, and what other tests follow to its end."""
    elsewhere = {
        *("add_fixed_ip", "remove_fixed_ip", "inject_network_info", "trigger_crash_dump"),
        *("get_diagnostics", "get_instance_diagnostics", "snapshot_volume_backed"),
        *("attach_volume", "detach_volume", "_detach_volume", "swap_volume", "get_mks_console"),
        *("evacuate", "live_migrate_abort", "live_migrate_force_complete"),
        *("force_delete", "restore", "soft_delete", "shelve_offload"),
        *("delete_instance_metadata", "update_instance_metadata"),
        *("get_serial_console", "get_spice_console", "get_vnc_console", "get_console_output"),
    }
    mine = {"backup": "create_backup", "snapshot": "create_image"}
    mine |= {"_hard_reboot": "reboot", "_soft_reboot": "reboot"}
    mine |= {"set_admin_password": "change_password"}
    names = {mine.get(method, method) for method in set(ALLOWED) - elsewhere}
    assert names <= {name for name, *_ in TOUR}

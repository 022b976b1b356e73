"""Two at once: who comes too late is told so, and nothing is left hanging."""

import pytest

from simnova import Cloud
from simnova.exceptions import NovaError

pytestmark = pytest.mark.thorough


def ask(cloud, server, body):
    return cloud.send("POST", f"/v2.1/servers/{server.id}/action", body)


def left(cloud):
    """Rows that a deleted server must not leave."""
    tables = ("placement.allocations", "neutron.ports")
    guests = sum(len(door.driver.guests) for door in cloud.assembly.drivers.values())
    return guests, *(len(cloud.sql(f"SELECT id FROM {table}")) for table in tables)


def steps_of_a_boot():
    with Cloud(hosts=2) as probe:
        first = len(probe.journal)
        probe.boot("web", flavor="m1.tiny")
        probe.run()
        return [
            event.kind + " " + str(event.data.get("method") or event.data.get("step") or "")
            for event in probe.journal.events[first:]
            if event.kind in ("rpc.cast", "virt.call", "virt.step", "db.update")
            and not event.background
        ]


@pytest.mark.parametrize("number", range(0, len(steps_of_a_boot()), 2))
def test_a_server_is_deleted_at_any_moment_of_its_boot(cloud, number):
    """After every second step of a boot, whatever it is: nothing of the server is left in the end."""
    server = cloud.boot("web", flavor="m1.tiny")
    seen = iter(range(10**6))
    kinds = ("rpc.cast", "virt.call", "virt.step", "db.update")
    cloud.run(until=lambda event: event.kind in kinds and next(seen) >= number)
    server.delete()
    cloud.run()
    assert len(cloud.servers) == 0
    assert left(cloud) == (0, 0, 0)
    tracked = cloud.sql("SELECT vcpus_used, running_vms FROM nova_cell1.compute_nodes")
    assert {tuple(row) for row in tracked.rows} == {(0, 0)}


@pytest.mark.parametrize(
    "body", [{"reboot": {"type": "SOFT"}}, {"os-stop": None}, {"pause": None}, {"shelve": None}]
)
def test_a_server_is_deleted_while_something_is_done_to_it(cloud, server, body):
    ask(cloud, server, body)
    cloud.run(until="virt.call")
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    assert left(cloud) == (0, 0, 0)


def test_of_two_actions_at_once_the_second_finds_the_task_of_the_first(cloud, server):
    calls = [ask(cloud, server, {"os-stop": None}), ask(cloud, server, {"pause": None})]
    cloud.run()
    answers = sorted((call.answer.status, str(call.answer.body)) for call in calls)
    assert answers[0][0] == 202
    assert answers[1][0] in (409, 500)
    assert "while it is in task_state" in answers[1][1] or "UnexpectedTaskState" in answers[1][1]
    assert server.status in ("SHUTOFF", "PAUSED")


def test_of_two_that_have_both_read_the_state_one_save_fails_as_novas(cloud, server):
    """The check has passed twice; the compare-and-swap lets only one through."""
    calls = [ask(cloud, server, {"os-stop": None}) for _ in range(8)]
    cloud.run()
    won = [call for call in calls if call.error is None and call.answer.status == 202]
    assert len(won) == 1
    texts = [call.answer.body for call in calls if call not in won]
    lost = [text for text in texts if "computeFault" in text]
    assert len(lost) + len([text for text in texts if "conflictingRequest" in text]) == 7
    assert all("UnexpectedTaskStateError" in text["computeFault"]["message"] for text in lost)
    assert server.status == "SHUTOFF"


def test_a_second_delete_is_ignored(cloud, server):
    server.delete()
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    casts = [
        e
        for e in cloud.journal
        if e.kind == "rpc.cast" and e.data["method"] == "terminate_instance"
    ]
    assert len(casts) == 1


def test_a_hard_reboot_interrupts_what_hangs(cloud, server):
    ask(cloud, server, {"reboot": {"type": "SOFT"}})
    cloud.run(until="virt.call")
    server.reboot("HARD")
    cloud.run()
    assert (server.status, server.task_state) == ("ACTIVE", None)


def test_what_fails_gives_the_task_back_and_leaves_a_fault(cloud, server):
    cloud.fail(server.host, "pause", "the machine is stuck")
    server.pause()
    cloud.run()
    assert (server.vm_state, server.task_state) == ("active", None)
    faults = cloud.sql("SELECT message FROM nova_cell1.instance_faults").rows
    assert [list(row) for row in faults] == [["the machine is stuck"]]
    actions = cloud.sql("SELECT action, message FROM nova_cell1.instance_actions ORDER BY id").rows
    assert list(actions[-1]) == ["pause", "Error"]


@pytest.mark.parametrize(
    ("operation", "step", "status"),
    [
        ("reboot", "start", "ERROR"),
        ("suspend", "save", "ERROR"),
        ("rescue", "overlay", "ERROR"),
        ("rebuild", "start", "ERROR"),
        ("shelve", "extract", "ACTIVE"),
    ],
)
def test_what_fails_for_good_ends_where_nova_puts_it(cloud, server, operation, step, status):
    cloud.fail(server.host, step)
    getattr(server, operation)()
    cloud.run()
    assert (server.status, server.task_state) == (status, None)
    server.delete()
    cloud.run()
    assert left(cloud) == (0, 0, 0)


def test_a_snapshot_that_fails_leaves_no_image(cloud, server):
    before = len(cloud.images)
    cloud.fail(server.host, "extract")
    server.create_image("snap")
    cloud.run()
    assert (server.status, server.task_state) == ("ACTIVE", None)
    assert len(cloud.images) == before


def test_unshelve_without_a_host_leaves_the_server_on_its_shelf(cloud, server):
    server.shelve()
    cloud.run()
    assert (server.status, server.host) == ("SHELVED_OFFLOADED", None)
    for host in cloud.assembly.hosts:
        cloud.services.disable(host)
    server.unshelve()
    cloud.run()
    assert (server.status, server.task_state) == ("SHELVED_OFFLOADED", None)
    cloud.services.enable("compute2")
    server.unshelve()
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", "compute2")


def test_a_compute_that_is_down_is_not_asked_to_delete(cloud, server):
    cloud.services.force_down(server.host)
    server.delete()
    cloud.run()
    assert server.status == "DELETED"
    assert left(cloud)[1:] == (0, 0)
    methods = [event.data["method"] for event in cloud.journal if event.kind == "rpc.cast"]
    assert "terminate_instance" not in methods


def test_nova_error_is_the_clouds(cloud, server):
    cloud.fail(server.host, "plug")
    with pytest.raises(NovaError):
        server.attach_interface()

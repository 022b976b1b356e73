"""A server moves and somebody does something else with it: who comes too late is told so, and the books are right."""

import pytest
from books import AUDIT, Books

from simnova import Cloud, Host
from simnova.cloud.client import Refused
from simnova.exceptions import NovaError

pytestmark = pytest.mark.thorough

CASTS = {
    "resize": ["resize_instance", "prep_resize", "finish_resize"],
    "migrate": ["migrate_server", "prep_resize", "resize_instance", "finish_resize"],
    "revert_resize": ["revert_resize", "finish_revert_resize"],
    "confirm_resize": ["confirm_resize"],
    "live_migrate": ["live_migrate_instance", "live_migration"],
}
FLAVOR = {"resize": ("m1.small",)}


@pytest.fixture
def cloud():
    with Cloud(hosts=2, config={"running_deleted_instance_poll_interval": 60}) as made:
        yield made
        assert [e.data for e in made.journal if e.kind == "state.unexpected"] == []


def settled(cloud):
    """The books when everything has ended and been audited."""
    cloud.run()
    cloud.run(until=cloud.now + AUDIT)
    cloud.run()
    books = Books(cloud)
    books.agree()
    books.actions_have_ended()
    return books


def begin(cloud, server, operation):
    if operation in ("revert_resize", "confirm_resize"):
        server.migrate()
        cloud.run()
    getattr(server, operation)(*FLAVOR.get(operation, ()))


def cast_of(method):
    return lambda event: event.kind == "rpc.cast" and event.data["method"] == method


def moments():
    for operation, methods in CASTS.items():
        for method in methods:
            yield operation, cast_of(method), method
        if operation not in ("confirm_resize",):
            yield operation, "virt.call", "virt.call"


@pytest.mark.parametrize(
    ("operation", "moment"),
    [pytest.param(one, moment, id=f"{one}-{name}") for one, moment, name in moments()],
)
def test_a_server_is_deleted_while_it_moves(cloud, server, operation, moment):
    """Whatever the move was about to do next: in the end nothing of the server is left on either host."""
    call = cloud.send("GET", f"/v2.1/servers/{server.id}")
    cloud.run()
    assert call.answer.status == 200
    begin_at = len(cloud.journal)
    begin(cloud, server, operation)
    seen = [e for e in cloud.journal.events[begin_at:] if callable(moment) and moment(e)]
    if not seen:
        cloud.run(until=moment)
    server.delete()
    books = settled(cloud)
    assert books.servers == {}
    held = {consumer for consumer, _ in books.held}
    assert held <= {move.uuid for move in books.migrations if move.status == "error"}
    assert all(not cloud.assembly.simulated(host).guests for host in cloud.assembly.hosts)


def test_the_move_finds_that_its_server_is_being_deleted(cloud, server):
    """`instance.save(expected_task_state=…)` raises UnexpectedDeletingTaskStateError, and the migration has failed."""
    server.migrate()
    cloud.run(until=cast_of("resize_instance"))
    server.delete()
    settled(cloud)
    assert server.migrations.column("status") == ["error"]
    events = cloud.sql(
        "SELECT traceback FROM nova_cell1.instance_actions_events "
        "WHERE event = 'compute_resize_instance'"
    ).rows
    assert "Conflict updating instance" in events[0][0]
    assert "'deleting'" in events[0][0]


@pytest.mark.parametrize("action", [{"resize": {"flavorRef": "2"}}, {"migrate": None}])
def test_of_moves_asked_for_at_once_one_is_made(cloud, server, action):
    """All have read a server to which nothing is being done; one of them writes resize_prep."""
    path = f"/v2.1/servers/{server.id}/action"
    calls = [cloud.send("POST", path, action) for _ in range(5)]
    books = settled(cloud)
    statuses = sorted(call.answer.status for call in calls)
    assert statuses[0] == 202
    assert set(statuses[1:]) <= {409, 500}
    late = [str(call.answer.body) for call in calls if call.answer.status == 500]
    assert all("UnexpectedTaskStateError" in text for text in late)
    assert (server.status, len(books.migrations)) == ("VERIFY_RESIZE", 1)


def test_a_second_resize_is_refused_until_the_first_is_decided(cloud, server):
    server.resize("m1.small")
    with pytest.raises(Refused, match="while it is in task_state resize_prep"):
        server.migrate()
    settled(cloud)
    with pytest.raises(Refused, match="while it is in vm_state resized"):
        server.resize("m1.tiny")


def test_a_resize_is_confirmed_and_reverted_at_once(cloud, server):
    server.resize("m1.small")
    cloud.run()
    path = f"/v2.1/servers/{server.id}/action"
    calls = [cloud.send("POST", path, {name: None}) for name in ("confirmResize", "revertResize")]
    cloud.run()
    accepted, refused = sorted(calls, key=lambda call: call.answer.status)
    assert accepted.answer.status in (202, 204)
    with pytest.raises(Refused, match=r"Instance has not been resized. \(HTTP 400\)"):
        refused.result()
    settled(cloud)
    assert server.vm_state == "active"


@pytest.fixture
def nearly_full():
    """Two servers on hosts of their own, and one room elsewhere that both would like to have."""
    hosts = [Host(name, vcpus=4, memory_mb=2560, local_gb=40) for name in ("a1", "a2")]
    with Cloud(hosts=[*hosts, Host("room", vcpus=4, memory_mb=4608, local_gb=60)]) as made:
        for name in ("a1", "a2"):
            made.boot(name, flavor="m1.small", host=name)
        made.run()
        made.flavors.create("large", vcpus=1, ram=3072, disk=20)
        yield made


def test_of_two_resizes_that_want_the_last_room_one_finds_no_valid_host(nearly_full):
    servers = list(nearly_full.servers)
    large = {"flavorRef": nearly_full.flavors.id_of("large")}
    for server in servers:
        nearly_full.send("POST", f"/v2.1/servers/{server.id}/action", {"resize": large})
    settled(nearly_full)
    assert sorted(server.status for server in servers) == ["ACTIVE", "VERIFY_RESIZE"]
    (loser,) = [server for server in servers if server.status == "ACTIVE"]
    assert "No valid host" in str(
        nearly_full.sql("SELECT message FROM nova_cell1.instance_faults").rows
    )
    assert (loser.task_state, loser.migrations.column("status")) == (None, ["error"])


def test_a_host_that_cannot_send_the_disk_leaves_the_server_in_error(cloud, server):
    (other,) = {"compute1", "compute2"} - {server.host}
    cloud.fail(server.host, "migrate_disk_and_power_off")
    server.migrate()
    books = settled(cloud)
    assert books.migrations[0].dest == other
    assert server.migrations.column("status") == ["error"]
    assert (server.vm_state, server.task_state) == ("error", None)
    with pytest.raises((Refused, NovaError)):
        server.confirm_resize()

"""What an operator mends with nova-manage: allocations that nobody holds, and servers that hold none."""

import pytest

from simnova import Cloud, UsageError

HELD = "SELECT consumer_id, used FROM placement.allocations ORDER BY id"


@pytest.fixture
def cloud():
    with Cloud(hosts=2) as made:
        yield made
        made.fork().close()


def test_what_a_lost_build_holds_is_given_up_by_the_audit(cloud):
    cloud.lose("build_and_run_instance")
    server = cloud.boot("web")
    cloud.run()
    held = cloud.sql(HELD).rows
    assert {consumer for consumer, _ in held} == {server.id}
    (first, second) = [row[0] for row in cloud.audit_allocations()]
    assert first == (
        f"Allocations were set against consumer UUID {server.id} but no existing instances or "
        "active migrations are related. "
    )
    assert second.endswith("can be deleted: {'DISK_GB': 20, 'MEMORY_MB': 2048, 'VCPU': 1}")
    assert cloud.sql(HELD).rows == held
    (_, said) = [row[0] for row in cloud.audit_allocations(delete=True)]
    assert said.startswith(
        f"Deleted allocations for consumer UUID {server.id} on Resource Provider"
    )
    assert cloud.sql(HELD).rows == []


def test_what_is_there_is_no_orphan(cloud):
    cloud.boot("stays").wait("ACTIVE")
    moved = cloud.boot("moved").wait("ACTIVE")
    moved.migrate()
    cloud.run()
    held = cloud.sql(HELD).rows
    assert moved.status == "VERIFY_RESIZE"
    assert cloud.audit_allocations(delete=True).rows == []
    assert cloud.sql(HELD).rows == held


def test_a_server_that_holds_nothing_is_healed(cloud):
    server = cloud.boot("web").wait("ACTIVE")
    held = cloud.sql(HELD).rows
    cloud.request("DELETE", f"/allocations/{server.id}", service="placement")
    assert cloud.heal_allocations().rows == [
        [f"Successfully created allocations for instance {server.id}."]
    ]
    assert sorted(cloud.sql(HELD).rows) == sorted(held)
    said = "The allocation of instance {} is up-to-date. Nothing to be healed."
    assert cloud.heal_allocations().rows == [[said.format(server.id)]]


def test_a_server_in_the_midst_of_something_is_left_alone(cloud):
    server = cloud.boot("web").wait("ACTIVE")
    cloud.lose("stop_instance")
    server.stop()
    cloud.run()
    text = f"Instance {server.id} is undergoing a task state transition: powering-off"
    assert cloud.heal_allocations(server).rows == [[text]]


def test_the_operators_sql_changes_rows_and_is_repeated_by_a_fork():
    with Cloud(hosts=1) as cloud:
        server = cloud.boot("web")
        cloud.run()
        changed = cloud.update_rows(
            "nova_cell1.instances", {"uuid": server.id}, display_description="by hand"
        )
        assert changed == 1
        found = cloud.sql("SELECT display_description FROM nova_cell1.instances")
        assert found.column("display_description") == ["by hand"]
        assert "nova_cell1.instances with SQL" in str(cloud.story("everything"))
        cloud.fork().close()
        with pytest.raises(UsageError, match="unknown table"):
            cloud.update_rows("nova_cell1.servers", {}, host="compute1")

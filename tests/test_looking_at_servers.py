"""What a server's object, its history and its actions show: also of what is gone, or is called otherwise now."""

from __future__ import annotations

import pytest

from simnova import Cloud, UsageError


def test_a_server_that_was_deleted_before_it_had_a_row_is_deleted() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web")
        web.delete()
        cloud.run()
        assert not cloud.sql("SELECT * FROM nova_cell1.instances").rows
        assert repr(web) == "<Server web: DELETED>"
        assert (web.name, web.status, web.fault, web.host) == ("web", "DELETED", None, None)
        assert (web.vm_state, web.task_state) == ("deleted", None)
        assert web.wait("DELETED") is web
        assert "web" in web._repr_html_()


def test_its_history_is_empty_and_says_why() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web")
        web.delete()
        assert len(web.history) == 0
        words = "no states, for there is no row of it in a cell; only its build request was there"
        assert str(web.history) == f"web: {words}"
        assert words in web.history._repr_html_()


def test_a_journal_without_payloads_still_knows_that_there_was_one() -> None:
    with Cloud(hosts=1, level="summary") as cloud:
        web = cloud.boot("web")
        web.delete()
        cloud.run()
        assert web.status == "DELETED"


def test_a_server_that_never_was_is_none() -> None:
    with Cloud(hosts=1) as cloud, pytest.raises(UsageError, match="there never was one"):
        cloud.servers.show("46e197bb-27e0-4a46-a966-9b6f049bdb92")


def test_a_server_is_found_by_the_name_that_it_had_and_by_the_one_that_it_has() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        web.rename("neu")
        cloud.run()
        for name in ("web", "neu"):
            assert cloud.servers[name].id == web.id
            assert cloud.history(name).name == "neu"
            assert len(cloud.history(name)) == len(web.history)
            found = cloud.decision(name)
            assert found is not None
            assert found.server == "neu"
            assert len(cloud.log(server=name)) == len(cloud.log(server=web))
        with pytest.raises(UsageError, match="alt"):
            cloud.history("alt")


def test_a_name_that_another_server_has_now_is_that_servers() -> None:
    with Cloud(hosts=1) as cloud:
        old = cloud.boot("web").wait("ACTIVE")
        old.rename("neu")
        new = cloud.boot("web").wait("ACTIVE")
        assert cloud.servers["web"].id == new.id
        assert cloud.servers["neu"].id == old.id
        found = cloud.decision("web")
        assert found is not None
        assert found.instance == new.id


def test_the_actions_of_a_server_say_why_each_event_has_failed() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        web.resize("m1.medium")
        cloud.run()
        rows = web.actions.as_dicts()
        assert [row["why"] for row in rows if row["result"] == "Success"] == [None]
        failed = [row for row in rows if row["result"] == "Error"]
        assert {row["event"] for row in failed} == {"conductor_migrate_server", "cold_migrate"}
        reason = "No valid host was found. No valid host found for resize"
        assert all(row["why"] == reason for row in failed)
        text = str(web.actions)
        assert f"    {reason}" in text.splitlines()
        assert all(row["request_id"] in text for row in rows)


def test_a_server_for_which_there_was_no_host_has_its_actions_in_cell0() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web", flavor="m1.xlarge", count=1)
        cloud.run()
        assert web.status == "ERROR"
        assert web.actions.column("action") == ["create"]


def test_of_the_backups_of_one_second_the_newest_are_kept() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        for number in range(4):
            web.create_backup(f"b{number}", "daily", 2)
            cloud.run()
        assert {"b2", "b3"} <= set(cloud.images.table().column("name"))
        assert not {"b0", "b1"} & set(cloud.images.table().column("name"))


@pytest.mark.parametrize("action", ["live_migrate", "migrate"])
def test_a_request_that_ignores_the_only_host_asks_no_filter(action: str) -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        getattr(web, action)()
        cloud.run()
        told = str(cloud.decision("web"))
        assert told.startswith("web: no valid host")
        assert "compute1 fell at Request: the request ignores compute1" in told


def test_a_user_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with Cloud(hosts=1) as cloud, pytest.raises(UsageError, match=r"user='bob': .*known: .*demo"):
        cloud.boot("web", user="bob")


def test_a_zone_that_names_a_host_goes_with_no_other_host() -> None:
    with Cloud(hosts=2) as cloud, pytest.raises(UsageError, match="names a host itself"):
        cloud.boot("web", host="compute1", availability_zone="nova:compute2")


def test_of_a_completed_live_migration_nothing_is_left() -> None:
    with Cloud(hosts=2) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        with pytest.raises(UsageError, match="server 'web' has no migration"):
            web.abort_migration()
        web.live_migrate()
        cloud.run()
        (row,) = web.migrations.as_dicts()
        assert (row["status"], row["left_mb"], row["of_mb"]) == ("completed", 0, 2048)


def test_a_port_that_is_not_the_servers_is_not_detached() -> None:
    """The API passes it on (202), the compute host finds out."""
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        web.detach_interface("46e197bb-27e0-4a46-a966-9b6f049bdb92")
        cloud.run()
        words = "Port 46e197bb-27e0-4a46-a966-9b6f049bdb92 is not attached"
        assert web.actions.as_dicts()[-1]["why"] == words

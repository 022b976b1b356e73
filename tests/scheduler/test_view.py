"""The scheduler's view: who is up, and which servers it believes to be where."""

from __future__ import annotations

from typing import Any

import pytest

from simnova.config import Config
from simnova.nova import servicegroup
from simnova.nova.objects.instance import Instance


def servers(*uuids: str) -> list[Instance]:
    return [Instance(uuid=uuid) for uuid in uuids]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, None),
        ({"forced_down": True}, "the service is forced down"),
        ({"last_seen_up": None}, None),
        ({"last_seen_up": None, "created_at": None}, "the service has never reported"),
        ({"last_seen_up": "2025-12-31T23:59:00Z"}, None),
        (
            {"last_seen_up": "2025-12-31T23:58:59Z"},
            "no report for 61 s, service_down_time is 60 s",
        ),
    ],
)
def test_a_service_is_up_while_it_reports(nova: Any, row: dict[str, Any], why: str | None) -> None:
    api = servicegroup.API(Config(), type(nova.clock)())
    now = {"last_seen_up": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z"}
    assert api.why_down({**now, **row}) == why
    assert api.service_is_up({**now, **row}) is (why is None)


def test_service_down_time_is_kept_above_the_report_interval() -> None:
    from simnova.kernel.clock import Clock

    api = servicegroup.API(Config(report_interval=60, service_down_time=30), Clock())
    assert api.service_down_time == 150


@pytest.fixture
def view(nova: Any) -> Any:
    """What the scheduler believes to be on host1, where the database has server a."""
    nova.host("host1")
    nova.server("a", "host1")
    scheduler = nova.scheduler()

    def of_host(*steps: tuple[str, Any]) -> list[str]:
        for method, argument in steps:
            nova.do(getattr(scheduler, method)(nova.context, "host1", argument))
        (state,) = nova.do(
            scheduler.host_manager.get_host_states_by_uuids(nova.context, None, nova.spec())
        )
        return sorted(state.instances)

    return of_host


def test_of_a_host_that_never_told_the_database_is_asked(view: Any) -> None:
    assert view() == ["a"]


def test_a_host_that_tells_all_it_has_is_believed(view: Any) -> None:
    assert view(("update_instance_info", servers("b", "c"))) == ["b", "c"]


def test_the_first_word_of_an_unknown_host_makes_the_scheduler_read(nova: Any, view: Any) -> None:
    assert view(("update_instance_info", servers("b"))) == ["a"]
    text = "Received an update from an unknown host 'host1'. Re-created its InstanceList."
    assert text in nova.log("INFO")


def test_later_words_add_to_what_was_read(view: Any) -> None:
    first = ("update_instance_info", servers("a"))
    assert view(first, ("update_instance_info", servers("b"))) == ["a", "b"]


def test_a_server_that_is_gone_is_forgotten(view: Any) -> None:
    first = ("update_instance_info", servers("b", "c"))
    assert view(first, ("delete_instance_info", "b")) == ["c"]


def test_a_sync_that_does_not_match_makes_the_scheduler_read(nova: Any, view: Any) -> None:
    first = ("update_instance_info", servers("b", "c"))
    assert view(first, ("sync_instance_info", ["c"])) == ["a"]
    assert any("did not match" in line for line in nova.log("INFO"))


def test_a_sync_that_matches_confirms(nova: Any, view: Any) -> None:
    first = ("update_instance_info", servers("b", "c"))
    assert view(first, ("sync_instance_info", ["c", "b"])) == ["b", "c"]
    assert "Successfully synced instances from host 'host1'." in nova.log("DEBUG")

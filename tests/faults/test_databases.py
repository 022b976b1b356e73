"""Databases that refuse or hang, and what each service makes of it."""

import pytest
from broken import events, logged, replays

from simnova import NovaError, UsageError


def test_nova_api_answers_500_with_the_class_of_the_error(cloud):
    cloud.refuse("nova_api")
    with pytest.raises(NovaError, match=r"Unexpected API Error.*\n<class '.*DBConnectionError'>"):
        cloud.boot("web")
    assert logged(cloud, "Can't connect to MySQL server on 'controller'", "nova-api")
    assert events(cloud, "db.unreachable", db="nova_api")
    cloud.accept("nova_api")
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert replays(cloud)


def test_heartbeats_fail_while_the_cells_database_is_gone_and_go_on_after(cloud):
    cloud.refuse("nova_cell1")
    cloud.run(cloud.now + 90)
    assert {row["state"] for row in cloud.services.rows()} == {"down"}
    assert logged(cloud, "Unexpected error while reporting service status", "nova-conductor")
    cloud.accept("nova_cell1")
    cloud.run(cloud.now + 15)
    assert {row["state"] for row in cloud.services.rows()} == {"up"}
    assert logged(cloud, "Recovered from being unable to report status.", "nova-conductor")
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert replays(cloud)


def test_a_compute_is_told_by_the_conductor(cloud):
    cloud.refuse("nova_cell1")
    cloud.run(cloud.now + 15)
    (first, *_) = events(cloud, "rpc.error", method="object_action", error="DBConnectionError")
    assert first.actor == "nova-conductor"
    assert logged(cloud, "Remote error: DBConnectionError", "nova-compute@compute1")


def test_a_boot_whose_cell_is_gone_while_it_is_scheduled(cloud):
    server = cloud.boot("web")
    cloud.refuse("nova_cell1")
    cloud.run()
    assert server.status == "ERROR"
    assert "No valid host was found" in server.fault
    assert logged(cloud, "Failed to get computes for cell", "nova-scheduler")
    cloud.heal()
    cloud.run()
    assert cloud.boot("next").wait().status == "ACTIVE"


def test_placement_without_its_database_answers_500(cloud):
    cloud.refuse("placement")
    server = cloud.boot("web")
    cloud.run()
    assert events(cloud, "http.response", status=500)
    assert server.status == "ERROR"
    cloud.accept("placement")
    assert replays(cloud)


def test_a_database_that_hangs_answers_nobody_until_it_does(cloud):
    cloud.refuse("nova_api", hang=True)
    call = cloud.submit("web")
    cloud.run()
    assert not call.done
    assert next(iter(cloud.faults)).startswith("the database nova_api hangs: ")
    cloud.accept("nova_api")
    cloud.run()
    assert call.server.status == "ACTIVE"
    assert replays(cloud)


def test_whoever_waits_for_an_answer_that_cannot_come_is_told(cloud):
    cloud.refuse("nova_api", hang=True)
    with pytest.raises(UsageError, match="waits for what is broken: the database nova_api hangs"):
        cloud.boot("web")


def test_you_still_see_what_is_in_it(cloud):
    server = cloud.boot("web").wait()
    cloud.refuse("nova_cell1")
    assert server.status == "ACTIVE"
    assert len(cloud.services.rows()) == 4


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.refuse("nova_cell"), "unknown database 'nova_cell': did you mean"),
        (lambda c: c.refuse("nova_api", ""), "reason='' says nothing"),
        (
            lambda c: c.accept("nova_api"),
            r"nova_api does not refuse: refuse\('nova_api'\) comes first",
        ),
    ],
)
def test_what_makes_no_sense_is_told(cloud, ask, said):
    with pytest.raises(UsageError, match=said):
        ask(cloud)

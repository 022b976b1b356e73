"""How one boot ends, in turn for each message that is lost and each service that dies at each of its events."""

from pathlib import Path

import pytest

from simnova import UsageError
from simnova.cloud.server import Server
from simnova.explore import HANGS, boot, delete, endings, stop
from simnova.explore.facts import look
from simnova.explore.hangs import AUDIT, hang_of
from simnova.explore.play import broken, play, restart
from simnova.explore.points import points
from simnova.explore.reference import reference
from simnova.explore.tasks import TASKS
from tests.support.books import Books

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "failures.md"


@pytest.fixture(scope="module")
def boots_points():
    return points(boot)


def point_at(found, sentence, nth=1):
    named = [point for point in found if str(point) == sentence]
    assert len(named) >= nth, f"no point {sentence!r} ({len(named)})"
    return named[nth - 1]


class TestThePoints:
    def test_every_message_can_be_lost(self, boots_points):
        lost = [point.method for point in boots_points if point.what == "lose" and not point.reply]
        assert lost.count("object_action") == 10
        assert set(lost) - {"object_action"} == {
            "schedule_and_build_instances",
            "select_destinations",
            "build_and_run_instance",
            "update_instance_info",
        }

    def test_every_service_that_has_a_part_can_die(self, boots_points):
        assert {point.service for point in boots_points if point.what == "crash"} == {
            *("glance", "neutron", "placement"),
            *("nova-api", "nova-conductor", "nova-scheduler", "nova-compute@compute1"),
        }

    def test_they_have_names_of_their_own(self, boots_points):
        assert len({point.name for point in boots_points}) == len(boots_points)

    @pytest.mark.parametrize("nth", [2, 3])
    def test_moments_between_which_nothing_leaves_a_service_are_one(self, nth):
        """What is not played ends as what is: a scheduler that dies between two lines of its log."""
        states = []
        for number in (1, nth):
            with boot.cloud() as cloud:
                cloud.crash_at("scheduler.filter", "nova-scheduler", nth=number)
                cloud.submit("web")
                cloud.run()
                states.append(look(cloud))
        assert states[0] == states[1]


TELLING = [
    ("the cast schedule_and_build_instances is lost", "request without a server"),
    ("nova-conductor dies after it writes nova_cell1.instances", "row without a cell"),
    ("the cast build_and_run_instance is lost", "build that no host has"),
    ("the reply to select_destinations is lost", "error that holds something"),
    ("nova-compute@compute1 dies after the hypervisor's step define", "error without a fault"),
    (
        "the call object_action (InstanceActionEvent.event_finish) is lost",
        "server without an allocation",
    ),
    ("the reply to object_action (ComputeNode.save) is lost", "host that counts wrongly"),
]


@pytest.mark.parametrize(("sentence", "name"), TELLING)
def test_what_nova_leaves_hanging_is_mended_as_is_said(boots_points, sentence, name):
    point = point_at(boots_points, sentence)
    with broken(boot, point, "summary") as cloud:
        server = last_server(cloud)
        restart(cloud, point)
        cloud.run(cloud.now + AUDIT)
        hang = hang_of(cloud, server)
        assert hang.name == name
        assert str(hang).startswith(f"{name}\nWhy: ")
        assert hang.explains(cloud, server)
        hang.mend(cloud, server)
        cloud.run(cloud.now + AUDIT)
        left = hang_of(cloud, server)
        assert left is None or left.name == "action without an end"
        Books(cloud).agree()


def last_server(cloud):
    """Also one that is only a build request."""
    rows = cloud.sql("SELECT instance_uuid FROM nova_api.request_specs ORDER BY id DESC LIMIT 1")
    return Server(cloud, rows.column("instance_uuid")[0])


def test_what_waits_in_a_queue_is_done_after_the_restart(boots_points):
    point = point_at(boots_points, "nova-conductor is down when the request is made")
    ending = play(boot, point)
    assert (ending.heard, ending.broken.status) == ("202", "BUILD")
    assert ending.restarted.status == "ACTIVE"


def test_a_lost_call_is_a_timeout_and_another_host_builds(boots_points):
    point = point_at(boots_points, "the call object_action (ComputeNode.save) is lost")
    ending = play(boot, point)
    assert (ending.settled.status, ending.settled.host) == ("ACTIVE", "compute2")


def test_the_client_of_an_api_that_dies_does_not_know(boots_points):
    point = point_at(
        boots_points, "nova-api dies after it sends the cast schedule_and_build_instances"
    )
    ending = play(boot, point)
    assert (ending.heard, ending.settled.status) == ("connection lost", "ACTIVE")


@pytest.fixture(scope="module")
def glances():
    return endings(boot, only="glance")


class TestWhatALearnerHolds:
    def test_it_is_a_table_of_classes(self, glances):
        assert glances.table().column("how it ends") == ["refused", "no other host", "built"]
        assert repr(glances).startswith("boot, broken at 5 points: glance dies\n")

    def test_each_row_opens_as_a_cloud(self, glances):
        point = glances.points().column("point")[1]
        with glances.cloud(point) as cloud:
            assert "service.crash" in {event.kind for event in cloud.journal}
            assert not cloud.assembly.running["glance"].alive
            cloud.fork().close()
        with glances.cloud(point, restarted=True) as cloud:
            assert cloud.assembly.running["glance"].alive

    def test_a_service_without_a_part_is_told(self, glances):
        with pytest.raises(UsageError, match="unknown service"):
            endings(boot, only="keystone")
        with pytest.raises(UsageError, match="unknown point"):
            glances.cloud("glance: down twice")


@pytest.mark.thorough
@pytest.mark.parametrize("scenario", [delete, stop], ids=["delete", "stop"])
def test_other_operations_end_in_a_known_way_too(scenario):
    """A task that hangs, what is held for nobody: each has its name, and what mends it does."""
    wrong = []
    for point in points(scenario):
        with broken(scenario, point, "summary") as cloud:
            server = last_server(cloud)
            restart(cloud, point)
            cloud.run(cloud.now + AUDIT)
            Books(cloud).nothing_is_oversold()
            hang = hang_of(cloud, server)
            if hang is not None:
                hang.mend(cloud, server)
                cloud.run(cloud.now + AUDIT)
            wrong += [(str(point), hang and hang.name, str(one)) for one in Books(cloud).wrongs()]
    assert wrong == []


@pytest.fixture(scope="module")
def played():
    return endings(boot, then=lambda cloud: Books(cloud).nothing_is_oversold())


@pytest.mark.thorough
class TestAllOfThem:
    def test_the_page_is_what_was_played(self, played):
        said = "run: python -m simnova.explore.reference > docs/reference/failures.md"
        assert PAGE.read_text() == reference(played), said

    def test_each_ends_in_a_known_way(self, played):
        assert [str(one.point) for one in played if one.way is None] == []

    def test_whoever_was_told_yes_has_a_server_a_fault_or_a_row_in_the_table_of_hangs(self, played):
        for one in played:
            facts = one.ending.settled
            well = facts.status == "ACTIVE" and facts.action == "Success" and facts.allocation
            if one.ending.accepted and not (well or facts.fault):
                assert one.hang is not None, one.point

    def test_whoever_was_told_no_finds_nothing_left(self, played):
        for one in played:
            if one.ending.heard == "500":
                assert (one.ending.settled.status, one.ending.settled.allocation) == (None, ())

    def test_what_is_left_is_mended_as_is_said(self, played):
        """One of each class and ending: the remedy is done, and the books agree."""
        kinds = {(one.breaks, one.ending.settled): one for one in played if one.hang}
        assert {one.hang.name for one in kinds.values()} == {
            hang.name for hang in HANGS if hang not in TASKS
        }
        for one in kinds.values():
            with played.cloud(one.point, restarted=True) as cloud:
                cloud.run(cloud.now + 700)
                server = last_server(cloud)
                one.hang.mend(cloud, server)
                cloud.run(cloud.now + AUDIT)
                Books(cloud).agree()
                left = hang_of(cloud, server)
                assert left is None or left.name == "action without an end", one.point

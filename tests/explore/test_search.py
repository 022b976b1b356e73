"""The search for the failing order: planted bugs, Nova's own hang, a race of Nova's, what always holds."""

import json

import pytest

from simnova import Cloud, Config, Host, Profile, UsageError, search
from simnova.explore.attempt import Plan
from simnova.explore.frontier import Frontier
from simnova.explore.races import Races
from simnova.nova.compute.claims import Claim
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.compute.resource_tracker import ResourceTracker

pytestmark = pytest.mark.thorough

WEAK = [Host(name, profile=Profile(failure=1e-6)) for name in ("compute1", "compute2")]
"""Their hypervisors fail once in a million times: never, unless a search asks what then."""

SMALL = Host("compute1", memory_mb=2600)
"""Has room for one m1.small, the ratio of 1.5 included."""

CLASSIC = Config(release="mitaka", scheduler={"workers": 2})
"""Before Placement: two schedulers, each with its own view, and the claim on the host settles their races."""


class Forgetful(ResourceTracker):
    """Takes the host's name off a server whose build failed, and goes on counting it."""

    async def abort_instance_claim(self, context, instance):
        instance.obj_reset_changes()
        instance.host = instance.node = None
        await instance.save()


class LeakyComputeManager(ComputeManager):
    """Forgets to release a claim."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.rt = Forgetful(self.host, self.conf, self.driver, self.reportclient, self.rt.lock)


class Hasty(ResourceTracker):
    """Looks whether there is room, saves, and only then takes it; without the lock."""

    async def instance_claim(self, context, instance, nodename, limits=None):
        claim = Claim(context, instance, nodename, self)
        claim.test(self.node, limits)
        instance.host = instance.launched_on = self.host
        instance.node = nodename
        await instance.save()
        self._track(instance)
        await self._update(context.elevated())
        return claim


class HastyComputeManager(ComputeManager):
    """Saves before it has claimed."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.rt = Hasty(self.host, self.conf, self.driver, self.reportclient, self.rt.lock)


def boot(cloud):
    cloud.submit("web")


def boot_two(cloud):
    """One third of a second after the other: usually the first has claimed when the second is scheduled."""
    cloud.submit("a")
    cloud.run(until=cloud.now + 0.3)
    cloud.submit("b")


def nobody_is_rescheduled(cloud):
    return not any(
        event.kind == "rpc.cast" and event.data["method"] == "build_instances"
        for event in cloud.journal
    )


@pytest.fixture(scope="module")
def leak():
    return search(
        boot, "books_agree", hosts=WEAK, runs=60, managers={"nova-compute": LeakyComputeManager}
    )


class TestAServiceThatForgetsToReleaseAClaim:
    def test_it_is_found_by_one_choice(self, leak):
        assert leak
        assert leak.choices == {"virt/compute1/failure#1": 0}
        assert leak.wrong == "compute1 counts 1 VCPU as used: its servers take 0"
        assert leak.tried.runs < 60

    def test_the_shortest_journal_is_one_boot_that_went_on_to_the_next_host(self, leak):
        assert leak.cloud.servers["web"].host == "compute2"
        assert sum(not event.background for event in leak.journal) < 520
        story = leak.story()
        assert len(story) < 20
        texts = [text for _, _, text in story]
        assert texts[0].startswith("The hypervisor fails at spawn for server web")
        assert "takes server web off its host" in texts[1]
        assert "casts build_instances to the conductor" in texts[3]
        assert texts[-2].count("it is ACTIVE") == 1

    def test_it_says_what_must_go_otherwise(self, leak):
        first, second = repr(leak).splitlines()
        assert first.startswith("Broken in 1 of")
        assert first.endswith("events: compute1 counts 1 VCPU as used: its servers take 0.")
        assert second.startswith(
            f"After event {leak.first} the hypervisor of compute1 fails to start"
        )
        assert leak.explain().endswith("Then: compute1 counts 1 VCPU as used: its servers take 0.")
        assert leak._repr_html_().startswith('<p style="white-space:pre-line">Broken in 1 of')

    def test_nova_itself_releases_it(self):
        found = search(boot, "books_agree", hosts=WEAK, runs=60, deviations=1)
        assert not found
        assert found.tried.bound == "all with 1 deviation or less"
        assert repr(found).startswith("Nothing breaks it:")

    def test_the_cloud_goes_on_as_any_other_and_forks(self, leak):
        with leak.cloud.fork() as twin:
            assert twin.boot("more", flavor="m1.tiny").wait().status == "ACTIVE"

    def test_its_choices_can_be_kept_as_json(self, leak):
        kept = json.loads(json.dumps(leak.choices))
        managers = {"nova-compute": LeakyComputeManager}
        cloud = Cloud(hosts=WEAK, managers=managers, choices=kept)
        boot(cloud)
        cloud.run()
        assert [e.digest() for e in cloud.journal] == [e.digest() for e in leak.journal]

    def test_the_player_opens_where_it_leaves_the_usual_way(self, leak):
        pytest.importorskip("anywidget")
        player = leak.player(detail="everything")
        assert player.step == leak.first


@pytest.fixture(scope="module")
def oversold():
    return search(
        boot_two,
        "nothing_is_oversold",
        always="nothing_is_oversold",
        hosts=[SMALL],
        config=CLASSIC,
        runs=120,
        managers={"nova-compute": HastyComputeManager},
    )


class TestAServiceThatSavesBeforeItHasClaimed:
    def test_a_message_that_comes_late_is_enough(self, oversold):
        assert oversold.wrong == "compute1 counts 4608 of 3900 MB as used"
        (name,) = oversold.choices
        assert name.startswith(("amqp/", "http/"))

    def test_the_journal_ends_where_both_have_the_room(self, oversold):
        assert sum(not event.background for event in oversold.journal) < 260
        written = [event for event in oversold.journal if event.kind == "db.update"]
        assert written[-1].data["after"]["memory_mb_used"] == 4608
        story = [text for _, _, text in oversold.story()]
        assert len(story) < 25
        assert [text.split(", ")[-1] for text in story[-2:]] == [
            "puts server a on compute1.",
            "puts server b on compute1.",
        ]
        oversold.cloud.fork().close()

    def test_novas_claim_is_safe(self):
        found = search(boot_two, "nothing_is_oversold", hosts=[SMALL], config=CLASSIC, runs=50)
        assert not found
        assert len(found.tried.orders) > 10


class TestNovaItself:
    def test_a_lost_schedule_and_build_instances_leaves_a_server_in_build(self):
        found = search(boot, "no_server_is_lost", hosts=1, faults=1)
        assert found.choices == {"lose/schedule_and_build_instances#1": True}
        assert found.wrong == "web is in BUILD, no cell has it, and nobody works on it"
        assert "the message schedule_and_build_instances is lost" in repr(found)
        assert found.cloud.servers["web"].status == "BUILD"

    def test_two_schedulers_race_for_the_last_room_and_one_server_is_rescheduled(self):
        hosts = [SMALL, Host("compute2", memory_mb=2600)]
        found = search(
            boot_two,
            "every_server_runs",
            always=nobody_is_rescheduled,
            hosts=hosts,
            config=CLASSIC,
        )
        assert found.wrong == "nobody_is_rescheduled does not hold"
        assert len(found.choices) == 1
        casts = [text for _, _, text in found.story(only="rpc.cast")]
        assert "failed there, try the next host" in casts[-1]
        found.cloud.run()
        assert {one.host for one in found.cloud.servers} == {"compute1", "compute2"}

    def test_with_placement_there_is_no_such_race(self):
        hosts = [SMALL, Host("compute2", memory_mb=2600)]
        assert not search(boot_two, nobody_is_rescheduled, hosts=hosts, runs=40)

    def test_a_server_that_is_deleted_at_once_leaves_nothing_behind(self):
        def come_and_go(cloud):
            cloud.boot("web").delete()

        assert not search(come_and_go, "books_agree", hosts=1, deviations=1, runs=80)


class TestTheSearch:
    def test_a_service_that_died_is_back_when_the_property_is_asked(self):
        def nobody_died(cloud):
            assert all(life.alive for life in cloud.assembly.running.values())
            return "service.crash" not in {event.kind for event in cloud.journal}

        found = search(boot, nobody_died, hosts=1, faults=1, deviations=1)
        assert found.wrong == "nobody_died does not hold"
        (name,) = found.choices
        assert name.startswith("crash/nova-")
        assert f"{name[6:].split('#')[0]} dies" in repr(found)

    @pytest.mark.thorough
    def test_two_deviations_where_one_is_not_enough(self):
        def draws_otherwise(cloud):
            points = [one for one in cloud.choices.points if one.name.startswith("scheduler#")]
            return sum(one.deviates for one in points)

        def one_after_the_other(cloud):
            for name in "ab":
                cloud.submit(name, flavor="m1.tiny")
                cloud.run()

        drawn = {"config": {"filter_scheduler": {"host_subset_size": 2}}, "hosts": 2, "delay": 0}
        found = search(one_after_the_other, lambda cloud: draws_otherwise(cloud) < 2, **drawn)
        assert list(found.choices) == ["scheduler#1", "scheduler#2"]
        assert "the scheduler draws number" in repr(found)

    def test_the_same_search_makes_the_same_runs(self):
        first, second = (search(boot, hosts=1, faults=1, runs=20) for _ in range(2))
        assert (first.choices, first.tried) == (second.choices, second.tried)

    def test_at_random_beyond_the_bound_and_shrunk(self):
        found = search(boot, hosts=1, deviations=0, faults=1, at_random=True, runs=60, seed=1)
        assert len(found.choices) == 1

    def test_what_breaks_in_the_usual_run_needs_no_choice(self):
        found = search(boot, lambda cloud: "I want no servers", hosts=1)
        assert (found.choices, found.tried.runs) == ({}, 1)
        assert repr(found).endswith("events: I want no servers.\nIt goes so in the usual run.")

    def test_an_interrupt_hands_back_what_is_known(self):
        asked = []

        def impatient(cloud):
            asked.append(cloud)
            if len(asked) == 3:
                raise KeyboardInterrupt

        found = search(boot, impatient, hosts=1, faults=1)
        assert not found
        assert (found.tried.runs, found.tried.bound) == (2, "then it was interrupted")

    def test_a_scenario_must_ask_the_same_each_time(self):
        asked = []

        def fickle(cloud):
            asked.append(cloud)
            return len(asked) != 2

        found = search(boot, fickle, hosts=1, faults=1)
        with pytest.raises(UsageError, match="run again, the scenario ends otherwise"):
            print(found.cloud)

    def test_a_scenario_that_does_not_work_as_usual_says_so(self):
        with pytest.raises(UsageError, match="unknown flavor"):
            search(lambda cloud: cloud.boot("web", flavor="m1.smal"), hosts=1)

    @pytest.mark.parametrize(
        ("wrongly", "text"),
        [
            ({"holds": "no_server_is_losst"}, "did you mean 'no_server_is_lost'"),
            ({"holds": 3}, "holds=3: give a function of a cloud"),
            ({"runs": 0}, "runs=0: give a whole number from 1 up"),
            ({"faults": -1}, "faults=-1: give a whole number from 0 up"),
            ({"delay": "long"}, "delay='long': give seconds"),
            ({"level": "full"}, "level= is the search's own"),
            ({"host": 2}, "did you mean 'hosts'"),
        ],
    )
    def test_what_cannot_be_searched_is_refused(self, wrongly, text):
        with pytest.raises(UsageError) as refused:
            search(boot, **wrongly)
        assert text in str(refused.value)

    def test_where_nothing_was_found_there_is_no_cloud(self):
        found = search(boot, hosts=1, deviations=0)
        with pytest.raises(UsageError, match="nothing breaks it: 1 run in 1 order"):
            print(found.cloud)


@pytest.fixture(scope="module")
def plan():
    return Plan(boot, lambda cloud: True, recipe={"hosts": 1})


@pytest.fixture(scope="module")
def usual(plan):
    return plan.run({})


def others(usual):
    """The ways to hold up, or hurry, each message of a run."""
    for point in usual.points:
        if point.stream[0] in ("amqp", "http"):
            for _, value in Frontier(1.0, 0).others(point):
                yield point, value


def test_of_one_boot_few_messages_race_with_anything(usual):
    races = Races(usual.events)
    matter = [point.name for point, value in others(usual) if races.matter(point, value)]
    assert 0 < len(matter) < len(list(others(usual))) / 10


@pytest.mark.thorough
def test_a_message_that_races_with_nothing_changes_no_order(plan, usual):
    races = Races(usual.events)
    for point, value in others(usual):
        if not races.matter(point, value):
            assert plan.run({point.name: value}).order == usual.order, point.name

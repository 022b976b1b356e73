"""It repeats: same seed, same journal, to the last event."""

import os
import subprocess
import sys

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError
from simnova.kernel.clock import Between
from simnova.kernel.timeline import ReplayDiverged
from simnova.nova.scheduler.filters import BaseHostFilter

SCRIPT = """
import hashlib
from simnova import Cloud
cloud = Cloud(hosts=4, seed=5)
for number in range(3):
    cloud.submit(f"server{number}", count=2)
cloud.fail("compute2", "start")
cloud.run()
cloud.run(until=cloud.now + 70)
print(len(cloud.journal), hashlib.sha256("".join(e.digest() for e in cloud.journal).encode()).hexdigest())
"""


def digests(cloud):
    return [event.digest() for event in cloud.journal]


def scenario(**options):
    cloud = Cloud(hosts=3, **options)
    cloud.boot("a")
    cloud.submit("b", count=3)
    cloud.run()
    return cloud


def busy():
    """A cloud that was asked for this and that, and one of whose hosts died and came back."""
    cloud = Cloud(hosts=3)
    cloud.set("filter_scheduler.host_subset_size", 3)
    cloud.flavors.create("own", vcpus=1, ram=256, disk=1)
    cloud.lose("update_instance_info")
    server = cloud.boot("web", flavor="own")
    cloud.run(until=cloud.now + 12)
    cloud.crash(f"nova-compute@{server.host}")
    cloud.run(until=cloud.now + 5)
    cloud.start(f"nova-compute@{server.host}")
    cloud.run()
    cloud.boot("other")
    server.delete()
    cloud.run()
    return cloud


def test_the_same_seed_gives_the_same_journal():
    assert digests(scenario(seed=3)) == digests(scenario(seed=3))


def test_another_seed_gives_another():
    assert digests(scenario(seed=3)) != digests(scenario(seed=4))


def test_the_journal_does_not_depend_on_the_order_of_sets():
    """Trap: the order of a Python set differs from process to process."""
    runs = set()
    for hash_seed in ("0", "4242"):
        env = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        runs.add(done.stdout)
    assert len(runs) == 1


def test_another_host_does_not_change_what_the_first_ones_draw():
    def draws(hosts):
        drawn = {}

        def note(stream, among, rng):
            value = (
                rng.uniform(among.low, among.high)
                if isinstance(among, Between)
                else rng.choice(among)
            )
            if stream[0] in ("virt", "periodic"):
                drawn.setdefault(stream, []).append(value)
            return value

        cloud = Cloud(hosts=hosts)
        cloud.clock.chooser = note
        for host in ("compute1", "compute2"):
            cloud.boot(f"on-{host}", host=host)
        cloud.run()
        return {stream: values for stream, values in drawn.items() if "compute3" not in stream}

    assert draws(2) == draws(3)
    assert draws(2)


def test_where_tells_the_line_of_the_service_that_waited():
    cloud = scenario()
    cast = next(
        event
        for event in cloud.journal
        if event.kind == "rpc.cast" and event.data["method"] == "build_and_run_instance"
    )
    assert cast.where.startswith("nova/conductor/compute_task.py:")


class TestFork:
    def test_a_fork_without_a_change_ends_as_the_original(self):
        cloud = scenario()
        for at in (0, len(cloud.journal) // 2, len(cloud.journal) - 1):
            fork = cloud.fork(at)
            fork.run()
            assert digests(fork)[: len(cloud.journal)] == digests(cloud)[: len(fork.journal)]

    def test_a_fork_in_the_middle_goes_on_by_itself_to_the_same_end(self):
        cloud = Cloud(hosts=3)
        cloud.submit("web")
        cloud.run()
        middle = next(event.seq for event in cloud.journal if event.kind == "scheduler.select")
        fork = cloud.fork(middle)
        assert len(fork.journal) <= middle + 10
        fork.run()
        assert digests(fork) == digests(cloud)

    def test_a_fork_goes_another_way_where_something_is_changed(self):
        cloud = Cloud(hosts=3)
        server = cloud.boot("web")
        cloud.run()
        chosen = next(event.seq for event in cloud.journal if event.kind == "scheduler.select")
        fork = cloud.fork(chosen)
        fork.fail(server.host, "start")
        fork.run()
        other = fork.servers["web"]
        assert other.status == "ACTIVE"
        assert other.host != server.host
        assert server.status == "ACTIVE"

    def test_every_input_is_replayed(self):
        cloud = busy()
        assert digests(cloud.fork()) == digests(cloud)

    @pytest.mark.parametrize("part", [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
    def test_a_fork_that_is_asked_the_same_later_equals_the_original_to_the_last_event(self, part):
        cloud = busy()
        fork = cloud.fork(int(part * (len(cloud.journal) - 1)), later=True)
        assert len(fork.journal) < len(cloud.journal)
        fork.run()
        assert digests(fork) == digests(cloud)
        assert (fork.now, fork.clock.steps) == (cloud.now, cloud.clock.steps)
        assert digests(fork.fork()) == digests(cloud)

    def test_what_was_asked_later_comes_at_its_time_also_after_a_change(self):
        cloud = busy()
        at = next(event.seq for event in cloud.journal if event.kind == "scheduler.select")
        fork = cloud.fork(at, later=True)
        fork.fail(cloud.decision(at).host, "start")
        fork.run()
        asked = [
            [
                (event.time, event.data)
                for event in one.journal.events[at:]
                if event.kind == "input" and not event.background
            ]
            for one in (cloud, fork)
        ]
        assert asked[1][0][1]["verb"] == "fail"
        assert asked[1][1:] == asked[0]
        assert {server.name for server in fork.servers} == {server.name for server in cloud.servers}
        assert fork.now >= cloud.now
        assert digests(fork.fork()) == digests(fork)

    def test_what_makes_no_sense_later_is_left_out(self):
        cloud = Cloud(hosts=1)
        cloud.run(until=3)
        cloud.crash("nova-scheduler")
        cloud.run(until=5)
        fork = cloud.fork(len(cloud.journal) // 2, later=True)
        fork.crash("nova-scheduler")
        fork.run()
        crashes = [event for event in fork.journal if event.kind == "service.crash"]
        assert len(crashes) == 1
        assert crashes[0].time < 3
        assert fork.now == 5

    def test_later_requests_are_met_by_every_way_of_running(self):
        cloud = Cloud(hosts=1)
        cloud.run(until=2)
        cloud.boot("later")
        cloud.run()
        start = next(event.seq for event in cloud.journal if event.kind == "input")
        waiting = cloud.fork(start, later=True)
        waiting.boot("now")
        assert [server.name for server in waiting.servers] == ["now"]
        waiting.run(until=2.5)
        assert {server.name for server in waiting.servers} == {"now", "later"}
        stepping = cloud.fork(start, later=True)
        while stepping.step():
            pass
        assert [server.name for server in stepping.servers] == ["later"]
        without = cloud.fork(start)
        without.run()
        assert not list(without.servers)

    def test_a_fork_of_a_fork(self):
        cloud = scenario()
        twin = cloud.fork(len(cloud.journal) // 2).fork()
        twin.run()
        assert digests(twin) == digests(cloud)[: len(twin.journal)]

    def test_a_replay_that_differs_is_found_out(self):
        cloud = scenario()
        tampered = cloud.journal.events[450]
        cloud.journal.events[450] = tampered._replace(data={**tampered.data, "tampered": True})
        with pytest.raises(ReplayDiverged, match="event 450 differs"):
            cloud.fork()

    def test_a_fork_past_the_end_says_so(self):
        with pytest.raises(UsageError, match="there is no event"):
            scenario().fork(10**6)

    def test_filters_from_a_cell_are_made_anew(self):
        class Counting(BaseHostFilter):
            asked = 0

            def host_passes(self, host_state, spec_obj):
                self.asked += 1
                return self.asked <= 3

        cloud = Cloud(hosts=3, filters=[Counting])
        cloud.boot("web")
        cloud.run()
        assert digests(cloud.fork()) == digests(cloud)


def test_any_step_shows_the_rows_as_they_were():
    cloud = Cloud(hosts=3)
    server = cloud.boot("web")
    cloud.run()
    seen = []
    for seq in range(len(cloud.journal)):
        rows = cloud.timeline.rows(seq)
        state = [row["vm_state"] for (_, table, _), row in rows.items() if table == "instances"]
        if state and (not seen or seen[-1] != state):
            seen.append(state)
    assert seen == [["building"], ["active"]]
    now = {key: row for key, row in cloud.timeline.rows().items() if key[1] == "instances"}
    assert [row["uuid"] for row in now.values()] == [server.id]

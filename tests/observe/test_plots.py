"""Plots: what is in the figures is what the folds say, and the drawing repeats."""

import re
import subprocess
import sys
from statistics import median

import pytest

from simnova import Cloud, UsageError
from simnova.kernel.clock import Clock
from simnova.observe import palette, queues, states
from simnova.observe.graph import Edge, Topology, topology
from simnova.observe.plots import Plots, bus, latencies, paper, utilisation
from simnova.observe.plots import queues as thin
from simnova.observe.plots.states import Bar, looks_of
from simnova.observe.query import Query

pytestmark = pytest.mark.thorough

ALL = [name for name in vars(Plots) if not name.startswith("_")]


@pytest.fixture(scope="module")
def cloud():
    """Three servers, of which one was stopped, one resized, one deleted; names that matplotlib might read."""
    made = Cloud(hosts=2)
    for name in ("$x^2$", "_hidden", "<script>"):
        made.submit(name)
    made.run()
    made.servers["_hidden"].stop()
    made.servers["$x^2$"].resize("m1.medium")
    made.run()
    made.servers["<script>"].delete()
    made.run()
    return made


@pytest.mark.parametrize("name", ALL)
def test_each_plot_is_a_figure_of_its_own_in_the_palettes_colours(cloud, name):
    from matplotlib.figure import Figure

    figure = getattr(cloud.plot, name)()
    assert isinstance(figure, Figure)
    drawn = figure._repr_svg_()
    colours = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}", drawn)}
    assert colours <= {*palette.LIGHT.values(), *palette.DARK.values()}
    assert "prefers-color-scheme:dark" in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize("name", ALL)
def test_each_plot_repeats(cloud, name):
    again = Plots(cloud.fork().journal)
    assert getattr(again, name)()._repr_svg_() == getattr(cloud.plot, name)()._repr_svg_()


@pytest.mark.parametrize("name", ALL)
def test_of_an_empty_journal_a_plot_says_that_there_is_nothing(name):
    assert re.search(r">(no|nothing) \w+ ", getattr(Plots(Clock().journal), name)()._repr_svg_())


@pytest.mark.thorough
def test_plots_leave_pyplot_alone():
    code = (
        "import sys; from simnova import Cloud; c = Cloud(hosts=1); c.boot('web'); c.run()\n"
        f"for name in {ALL!r}: getattr(c.plot, name)()._repr_svg_()\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


class TestQueues:
    def test_lines_are_the_depths(self, cloud):
        figure = cloud.plot.queues("conductor", "scheduler")
        for axes, name in zip(figure.axes, ("conductor", "scheduler"), strict=True):
            told = queues.depths(cloud.journal, name)
            (line,) = axes.get_lines()
            assert list(line.get_xdata())[:-1] == told.column("time")
            sums = [ready + held for *_, ready, held in told]
            assert list(line.get_ydata())[:-1] == sums
            assert line.get_xdata()[-1] == cloud.journal[-1].time
        assert figure.axes[-1].get_xlabel() == "time, seconds"

    def test_without_names_the_deepest(self, cloud):
        shown = [axes.get_label() for axes in cloud.plot.queues().axes]
        depth = {
            name: max(row[3] + row[4] for row in queues.depths(cloud.journal, name))
            for name in shown
        }
        assert "conductor" in shown
        assert list(depth.values()) == sorted(depth.values(), reverse=True)

    def test_an_unknown_queue(self, cloud):
        with pytest.raises(UsageError, match="unknown queue 'conducter': did you mean 'conductor'"):
            cloud.plot.queues("conducter")


class TestUtilisation:
    def test_the_last_sample_is_what_is_sold_now(self, cloud):
        (last,) = utilisation.samples(cloud.journal, ["compute1", "compute2"])[-1:]
        for host in cloud.hosts_at():
            for meter in host.meters:
                assert last.shares[host.name, meter.name] == pytest.approx(100 * meter.share)
        sold = sum(host.meters[1].used for host in cloud.hosts_at())
        there = sum(host.meters[1].capacity for host in cloud.hosts_at())
        assert last.shares[utilisation.TOGETHER, "MEMORY_MB"] == pytest.approx(100 * sold / there)

    def test_lines_are_the_samples(self, cloud):
        figure = cloud.plot.utilisation("compute1")
        found = utilisation.samples(cloud.journal, ["compute1"])
        (line,) = figure.axes[1].get_lines()
        assert list(line.get_ydata()) == [one.shares["compute1", "MEMORY_MB"] for one in found]
        assert figure.axes[1].get_ylabel() == "memory sold, %"
        assert len(figure.axes) == 3

    def test_every_sample_is_a_moment_of_its_own(self, cloud):
        times = [one.time for one in utilisation.samples(cloud.journal, ["compute1"])[:-1]]
        assert times == sorted(set(times))

    def test_where_work_costs_time_it_is_shown_who_is_busy(self):
        cloud = Cloud(hosts=2, costs="measured")
        cloud.submit("web", count=4)
        cloud.run()
        figure = cloud.plot.utilisation()
        busy = utilisation.busy(cloud.journal)
        assert len(figure.axes) == 4
        assert "nova-conductor" in busy
        spans = busy["nova-conductor"]
        load = cloud.load()
        expected = load.utilisation("nova-conductor") * load.seconds
        assert sum(end - begin for begin, end in spans) == pytest.approx(expected)
        filled = utilisation.filled(spans, 0.0, cloud.now / utilisation.BUCKETS)
        assert sum(filled) == pytest.approx(expected)

    def test_an_unknown_host(self, cloud):
        with pytest.raises(UsageError, match="unknown host 'compute9': did you mean 'compute"):
            cloud.plot.utilisation("compute9")


class TestLatencies:
    def test_each_wait_is_from_its_question_to_its_answer(self, cloud):
        found = latencies.waits(cloud.journal, Query.parse("kind:rpc.call"))
        asked = [e for e in cloud.journal if e.kind == "rpc.call" and not e.background]
        scheduling = [e for e in asked if e.data["method"] == "select_destinations"]
        answers = {e.data["msg_id"]: e.time for e in cloud.journal if e.kind == "rpc.reply"}
        expected = [1e3 * (answers[e.data["msg_id"]] - e.time) for e in scheduling]
        assert found["rpc", "select_destinations"] == pytest.approx(expected)
        assert sum(map(len, found.values())) == len(asked)

    def test_points_and_medians_are_the_waits(self, cloud):
        figure = cloud.plot.latencies("kind:rpc.call")
        rows = latencies.longest(latencies.waits(cloud.journal, Query.parse("kind:rpc.call")))
        lines = figure.axes[0].get_lines()
        for number, (_, took) in enumerate(rows):
            points, middle = lines[2 * number], lines[2 * number + 1]
            assert list(points.get_xdata()) == took
            assert set(points.get_ydata()) == {number}
            assert list(middle.get_xdata()) == [median(took)]
        assert figure.axes[0].get_xlabel() == "milliseconds"

    def test_a_wrong_query(self, cloud):
        with pytest.raises(UsageError, match="unknown key 'srvice'"):
            cloud.plot.latencies("srvice:nova-api")
        with pytest.raises(UsageError, match="unknown service 'nova': did you mean 'nova-"):
            cloud.plot.latencies("service:nova")


class TestStates:
    def test_bars_are_the_history(self, cloud):
        figure = cloud.plot.states("_hidden")
        told = states.history(cloud.journal, "_hidden")
        bars = [box for box in figure.axes[0].patches if box.get_width()]
        changes = [told.states[0], *(
            after
            for before, after in zip(told.states, told.states[1:], strict=False)
            if (before.task_state or before.vm_state) != (after.task_state or after.vm_state)
        )]  # fmt: skip
        assert [box.get_x() for box in bars] == [one.time for one in changes]
        assert [one.get_text() for one in figure.axes[0].get_yticklabels()] == [" _hidden"]
        assert {"powering-off", "stopped", "active"} <= {
            text.get_text() for text in figure.legends[0].get_texts()
        }

    def test_no_two_labels_look_the_same(self):
        found = [Bar(0.0, 1.0, label, True) for label in map(str, range(30))]
        found += [
            Bar(0.0, 1.0, label, False) for label in ("building", "active", "error", "stopped")
        ]
        looks = looks_of(found)
        tasks = [looks[one.label] for one in found if one.task]
        assert len(set(tasks)) == len(tasks)

    def test_an_unknown_server(self, cloud):
        with pytest.raises(UsageError, match="unknown server 'web'"):
            cloud.plot.states("web")


class TestMany:
    """What is drawn of more than a picture can show."""

    def test_a_long_line_keeps_its_peaks_and_its_ends(self):
        times = [float(number) for number in range(50_000)]
        depths = [number % 7 for number in range(50_000)]
        depths[31_234] = 999
        kept, shown = thin.thinned(times, depths)
        assert len(kept) <= thin.POINTS + 3
        assert (
            dict(zip(kept, shown, strict=True)).items()
            <= dict(zip(times, depths, strict=True)).items()
        )
        assert (kept[0], kept[-1], max(shown), min(shown)) == (0.0, 49_999.0, 999, 0)
        assert kept == sorted(kept)

    def test_many_waits_keep_their_ends(self):
        took = [float(number) for number in range(5_000)]
        some = latencies.some(took[::-1])
        assert len(some) == latencies.POINTS
        assert (min(some), max(some)) == (0.0, 4_999.0)

    def test_many_hosts_are_one_node(self):
        hosts = [f"compute{number}" for number in range(20)]
        edges = [Edge("publishes", "nova-conductor", "nova")]
        edges += [Edge("routes", "nova", f"compute.{host}", f"compute.{host}") for host in hosts]
        edges += [Edge("delivers", f"compute.{host}", f"nova-compute@{host}") for host in hosts]
        told = Topology(dict.fromkeys(edges, 3), {f"compute.{host}": 2 for host in hosts})
        graph = bus.graph(told)
        assert set(graph) == {
            (0, "nova-conductor"), (1, "nova"), (2, "compute.…"), (3, "nova-compute@…"),
        }  # fmt: skip
        assert graph.nodes[2, "compute.…"] == {"names": 20, "depth": 40}
        assert graph.edges[(1, "nova"), (2, "compute.…")]["messages"] == 60


class TestTopology:
    def test_edges_are_the_ways_that_messages_took(self, cloud):
        told = topology(cloud.journal)
        graph = bus.graph(told)
        for kind in ("publishes", "routes", "delivers"):
            expected = sum(count for edge, count in told.edges.items() if edge.kind == kind)
            drawn = sum(
                data["messages"] for *_, data in graph.edges(data=True) if data["kind"] == kind
            )
            assert drawn == expected
        counts = sorted(str(data["messages"]) for *_, data in graph.edges(data=True))
        texts = sorted(text.get_text() for text in cloud.plot.topology().axes[0].texts)
        assert [text for text in texts if text.isdigit()] == counts

    def test_no_two_nodes_stand_in_one_place(self, cloud):
        spots = bus.layout(bus.graph(topology(cloud.journal)), 12)
        assert len(set(spots.values())) == len(spots)
        assert {x for x, _ in spots.values()} == {0.0, 1.0, 2.0, 3.0}

    def test_it_is_as_of_a_step(self, cloud):
        first = next(event.seq for event in cloud.journal if event.kind == "rpc.cast")
        drawn = cloud.plot.topology(first)._repr_svg_()
        assert "no message has been sent" in drawn
        with pytest.raises(UsageError, match="there is no event"):
            cloud.plot.topology(10**9)


def test_the_same_colour_never_comes_with_the_same_line():
    looks = [(paper.colour(number), paper.style(number)) for number in range(16)]
    assert len(set(looks)) == len(looks)


def test_a_journal_names_its_plots(cloud):
    assert repr(cloud.plot) == "<plots: queues(), utilisation(), latencies(), states(), topology()>"

"""Every operation as moves between states, and the way of one server."""

from xml.etree import ElementTree

import pytest

from simnova import Cloud, UsageError
from simnova.nova.objects.states import MOVES, State
from simnova.observe.chart import chart
from simnova.observe.operations import operations


@pytest.fixture(scope="module")
def travelled():
    """A cloud and a server that was stopped, resized, imaged, and failed at its last start."""
    cloud = Cloud(hosts=2)
    server = cloud.boot("web").wait()
    for act in (server.stop, server.start, lambda: server.create_image("copy")):
        act()
        cloud.run()
    server.resize("m1.medium")
    cloud.run()
    server.confirm_resize()
    cloud.run()
    return cloud, server


def known(name):
    """The operation of that name."""
    return next(one for one in operations() if one.called(name))


def test_every_first_move_of_the_table_has_its_row():
    asked = {move for move in MOVES if move.by.startswith("api: ")}
    assert asked <= {move for one in operations() for move in one.firsts}


def test_operations_are_called_by_short_names():
    names = [one.name for one in operations()]
    assert max(map(len, names)) <= len("resize, migrate")
    assert len(set(names)) == len(names)


def test_an_operation_leads_from_and_to_the_states_of_the_table():
    stop, resize, image = known("stop"), known("migrate"), known("createImage")
    assert (stop.tasks, stop.fails) == (["powering-off"], False)
    assert set(stop.legs) == {("active", "stopped"), ("error", "stopped")}
    assert resize.tasks == ["resize_prep", "resize_migrating", "resize_migrated", "resize_finish"]
    assert set(resize.legs) == {("active", "resized"), ("stopped", "resized")}
    assert resize.fails
    assert (image.legs, set(image.stays)) == ([], {"active", "stopped", "paused", "suspended"})
    assert ("building", "deleted") not in known("create").legs


def test_each_leg_is_a_move_that_the_table_allows():
    pairs = {(move.before.vm, move.after.vm) for move in MOVES}
    legs = {leg for one in operations() for leg in one.legs}
    assert legs <= pairs
    assert {leg[1] for leg in legs} == {move.after.vm for move in MOVES}


def test_a_filter_names_operations_as_the_api_does():
    assert [one.name for one in chart(["resize", "confirmResize"]).operations] == [
        "resize, migrate",
        "confirmResize",
    ]
    assert [one.name for one in chart("reboot").operations] == ["reboot SOFT", "reboot HARD"]
    with pytest.raises(UsageError, match="did you mean 'resize'"):
        chart("resiz")
    with pytest.raises(UsageError, match="names no operations"):
        chart(3)


def test_the_way_of_a_server_is_its_operations_one_after_the_other(travelled):
    cloud, server = travelled
    way = cloud.states(server=server)
    assert [(one.operation, one.before, one.after) for one in way.trips] == [
        ("create", None, "active"),
        ("stop", "active", "stopped"),
        ("start", "stopped", "active"),
        ("createImage", "active", "active"),
        ("resize, migrate", "active", "resized"),
        ("confirmResize", "resized", "active"),
    ]
    assert way.path().column("task_state")[1] == "powering-off"
    assert str(way) == str(way.path())
    states = [State(one.vm_state, one.task_state) for one in server.history.states]
    assert states[-1] == State("active", None)


def test_a_filter_keeps_the_way_of_the_server(travelled):
    cloud, _ = travelled
    some = cloud.states(only="stop", server="web")
    assert [one.name for one in some.operations] == ["stop"]
    assert "taken" in some.svg()


def test_the_figure_is_well_formed_and_names_every_operation(travelled):
    cloud, server = travelled
    for drawn in (chart().svg(), cloud.states(server=server).svg()):
        root = ElementTree.fromstring(drawn)
        assert root.tag.endswith("svg")
        assert "url(" not in drawn
    texts = {node.text for node in ElementTree.fromstring(chart().svg()).iter()}
    assert {one.name for one in operations()} <= texts
    assert "delete" not in str(cloud.states(server=server))

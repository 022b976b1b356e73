"""The player in JupyterLab: every key and button, both themes, a narrow window, hostile names."""

import re
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

RECORDED = Path(__file__).parents[1] / "widgets" / "conftest.py"
CELL = f"""
import runpy
from simnova.widgets.player import Player
recorded = runpy.run_path({str(RECORDED)!r})
"""

pytestmark = pytest.mark.browser

PLACES = """root => JSON.stringify(
    Array.from(root.querySelectorAll('.controls, .story, .left, .right')).map(part => {
        const [box, ground] = [part, root].map(one => one.getBoundingClientRect());
        return [box.x - ground.x, box.y - ground.y, box.width, box.height];
    }))"""
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"


class Watched:
    """A player on the page, and what a learner does with it."""

    def __init__(self, lab):
        self.lab, self.page = lab, lab.page
        self.root = self.page.locator(".simnova-player").first

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def press(self, key):
        self.root.press(key)

    def at(self, position, total=17):
        status = self.root.get_by_role("status")
        expect(status).to_contain_text(re.compile(rf"^Step {position} of {total}\. \w"))

    def tab(self, name):
        return self.root.get_by_role("tab", name=name, exact=True)


@pytest.fixture
def shown(lab):
    """Open a notebook whose last cell is the one given and run it."""

    def run(cell):
        lab.make("player.ipynb", CELL, cell)
        lab.run_all()
        watched = Watched(lab)
        watched.root.wait_for()
        return watched

    return run


@pytest.fixture
def player(shown):
    """A player at the first step of a boot."""
    return shown("player = Player(recorded['boot']()); player")


def test_buttons_keys_and_the_slider_move_the_cursor_and_no_cell(player):
    player.at(1)
    player.button("forward").click()
    player.button("forward").click()
    player.at(3)
    player.button("back").click()
    player.at(2)
    player.press("ArrowRight")
    player.press("ArrowRight")
    player.at(4)
    player.press("ArrowLeft")
    player.at(3)
    player.press("End")
    player.at(17)
    player.press("ArrowRight")
    player.at(17)
    player.press("Home")
    player.at(1)
    expect(player.button("back")).to_be_disabled()
    slider = player.root.get_by_role("slider")
    slider.press("ArrowRight")
    player.at(2)
    expect(slider).to_have_value("2")
    slider.fill("9")
    player.at(9)
    player.tab("Cloud").press("ArrowRight")
    player.at(10)
    assert player.page.locator(".jp-Cell.jp-mod-collapsed, .jp-collapseHeadingButton").count() == 0
    player.lab.assert_clean()


def test_play_goes_to_the_end_and_stops_and_the_detail_chooses_the_steps(player):
    player.root.get_by_label("speed").select_option("4")
    player.root.get_by_role("slider").fill("14")
    player.at(14)
    player.press(" ")
    expect(player.button("pause")).to_be_visible()
    player.at(17)
    expect(player.button("play")).to_be_visible()
    player.button("play").click()
    player.at(1)
    player.button("pause").click()
    expect(player.button("play")).to_be_visible()
    player.root.get_by_label("detail").select_option("everything")
    expect(player.root.get_by_role("status")).to_contain_text(re.compile(r"of 2\d\."))
    player.root.get_by_label("detail").select_option("story")
    player.at(1)


def test_a_click_on_an_arrow_goes_to_its_step(player):
    player.root.locator(".arrow", has_text="select_destinations").first.click()
    player.at(5)
    now = player.root.locator(".arrow.now")
    expect(now).to_have_count(1)
    expect(now).to_have_class(re.compile(r"\bcall\b"))
    assert (
        now.evaluate("one => getComputedStyle(one.querySelector('.wire')).strokeDasharray")
        == "none"
    )


def test_the_views_show_the_step(player):
    player.root.get_by_role("slider").fill("9")
    player.tab("Decision").click()
    matrix = player.root.locator(".matrix")
    expect(matrix.locator("thead th.winner")).to_have_text("compute2")
    expect(matrix.locator("td.rejected")).to_have_count(1)
    matrix.locator("td.rejected button").click()
    expect(player.root.locator(".reason")).to_have_text(
        "RamFilter rejects compute3: 2048 MB asked for, 512 MB left"
    )
    player.page.keyboard.press("ArrowRight")
    player.page.keyboard.press("ArrowLeft")
    player.at(9)
    player.page.keyboard.press("3")
    expect(player.root.locator(".host")).to_have_count(3)
    expect(player.root.locator(".server")).to_have_count(0)
    player.press("End")
    expect(player.root.locator(".host", has_text="compute2").locator(".server")).to_contain_text(
        "web-1"
    )
    player.tab("Rows").click()
    expect(player.root.locator(".change")).to_contain_text("nova_cell1.instances")
    player.tab("Log").click()
    expect(player.root.locator(".lines")).to_contain_text("Boot web-1")
    player.lab.assert_clean()


STACKED = """() => {
  const box = (side) => document.querySelector(`.simnova-player ${side}`).getBoundingClientRect();
  const [left, right] = [box('.left'), box('.right')];
  return right.y >= left.y + left.height && right.x === left.x;
}"""


def test_one_screen_shows_it_all_no_step_moves_anything_and_a_narrow_one_stacks(player):
    player.page.set_viewport_size({"width": 1280, "height": 800})
    places = set()
    for position in range(1, 18):
        player.at(position)
        places.add(player.root.evaluate(PLACES))
        player.press("ArrowRight")
    player.at(17)
    assert len(places) == 1
    assert player.root.bounding_box()["height"] < 640
    assert not player.root.evaluate("root => root.scrollWidth > root.clientWidth")
    player.page.set_viewport_size({"width": 620, "height": 1200})
    player.page.wait_for_function(STACKED)


def test_the_dark_theme_is_followed(player):
    def brightness():
        colour = player.root.locator(".sentence").evaluate("one => getComputedStyle(one).color")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3

    assert brightness() < 100
    player.page.evaluate(THEME, "JupyterLab Dark")
    player.page.wait_for_selector("[data-jp-theme-light='false']", state="attached")
    try:
        assert brightness() > 180
    finally:
        player.page.evaluate(THEME, "JupyterLab Light")
        player.page.wait_for_selector("[data-jp-theme-light='true']", state="attached")


def test_it_follows_a_cloud_that_goes_on(shown):
    player = shown(
        "from simnova import Cloud\ncloud = Cloud(hosts=3)\ncloud.boot('web-1')\ncloud.run()\n"
        "player = cloud.player(view='cloud')\nplayer.last()\ncloud.boot('web-2')\ncloud.run()\nplayer"
    )
    expect(player.root.locator(".server")).to_have_count(1)
    player.press("ArrowRight")
    player.press("End")
    expect(player.root.locator(".server")).to_have_count(2)
    player.lab.assert_clean()


def test_two_players_on_one_journal_are_independent(shown):
    first = shown(
        "journal = recorded['boot']()\nfrom IPython.display import display\n"
        "display(Player(journal)); display(Player(journal))"
    )
    first.page.locator(".simnova-player").nth(1).wait_for()
    first.press("End")
    first.at(17)
    expect(first.page.locator(".simnova-player").nth(1).get_by_role("status")).to_contain_text(
        "Step 1 of"
    )


def test_a_name_that_is_markup_stays_text(shown):
    player = shown("player = Player(recorded['boot'](recorded['HOSTILE']), step=10**6); player")
    player.at(17)
    expect(player.root.locator(".arrow.now text")).to_be_in_viewport()
    for tab in ("Decision", "Topology", "Cloud", "State", "Rows", "Log", "Why"):
        player.tab(tab).click()
    assert player.root.locator("script, img").count() == 0
    player.tab("Cloud").click()
    expect(player.root.locator(".server b")).to_contain_text("<script>alert(1)</script>")
    player.lab.assert_clean()


def test_a_click_on_a_host_that_lost_asks_what_would_have_been_enough(shown):
    player = shown(
        "from simnova import Cloud, Host\n"
        "cloud = Cloud(hosts=[Host('compute1'), Host('compute2', memory_mb=1024)])\n"
        "cloud.boot('web'); cloud.run()\n"
        "cloud.player(step=cloud.decision().seq)"
    )
    player.root.locator(".matrix").get_by_role("button", name="compute2", exact=True).click()
    reason = player.root.locator(".reason.answer")
    expect(reason).to_contain_text("compute2 fell at Placement: needs 2048 MB")
    expect(reason.get_by_role("listitem").first).to_contain_text("would have")
    player.lab.assert_clean()


def test_a_fork_from_the_cursor_stands_beside_the_run_it_came_from(shown):
    player = shown(
        "from simnova import Cloud\ncloud = Cloud(hosts=3)\ncloud.boot('web-1')\ncloud.run()\n"
        "at = next(event.seq for event in cloud.journal if event.kind == 'scheduler.filter')\n"
        "cloud.boot('web-2')\ncloud.run()\ncloud.player(step=at)"
    )
    player.tab("Fork").click()
    again = player.root.get_by_label("and what was asked later (1)")
    again.press(" ")
    player.press("ArrowRight")
    expect(again).to_be_checked()
    player.press("ArrowLeft")
    player.button("nova-conductor").click()
    both = player.root.locator(".both")
    expect(both.locator(".differs").first).to_have_text("≠")
    expect(player.root.locator(".left")).to_be_hidden()
    ends = player.root.locator(".outcome")
    expect(ends.nth(0)).to_contain_text("This run, in the end: web-1 active on compute2")
    expect(ends.nth(1)).to_contain_text("After the change, in the end: web-1 still a build request")
    expect(ends.nth(1)).to_contain_text("web-2 still a build request")
    expect(player.root.locator(".fork-head")).to_contain_text("and what was asked later")
    player.button("first difference").click()
    player.button("step the other run").click()
    expect(player.root.locator(".side-head").first).to_contain_text("After the change")
    expect(ends.nth(0)).to_contain_text("After the change, in the end: web-1 still a build request")
    expect(ends.nth(1)).to_contain_text("Without it, in the end: web-1 active on compute2")
    status = player.root.get_by_role("status").first
    expect(status).to_contain_text("The conductor crashes")
    player.press("End")
    expect(status).to_contain_text("The API answers 202 Accepted")
    player.button("end the fork").click()
    expect(player.root.locator(".left")).to_be_visible()
    player.lab.assert_clean()


def test_filter_search_stops_and_markers_by_keys(player):
    root, type_in = player.root, player.page.keyboard.type
    enter = partial(player.page.keyboard.press, "Enter")
    close = partial(player.page.keyboard.press, "Escape")

    player.press("f")
    type_in("server:wep")
    enter()
    expect(root.locator(".problem")).to_contain_text("unknown server 'wep'")
    expect(root.get_by_label("filter", exact=True).last).to_have_value("server:wep")
    root.get_by_role("dialog").get_by_role("button", name="all").click()
    root.get_by_role("dialog").get_by_label("service").select_option("nova-conductor")
    player.at(1, total=3)
    expect(root.locator(".facts")).to_contain_text("filter service:nova-conductor: 3 of 17")
    expect(root.locator(".strip i")).to_have_count(3)
    root.get_by_label("filter", exact=True).last.fill('service:"nova-conductor"')
    enter()
    expect(root.get_by_role("dialog")).to_have_count(0)
    player.press("f")
    root.get_by_role("dialog").get_by_role("button", name="all").click()
    player.at(5)
    close()

    player.press("Home")
    player.press("Control+f")
    type_in("conductor")
    enter()
    expect(root.locator(".facts")).to_contain_text(re.compile(r"conductor: 1 of \d"))
    expect(root.get_by_role("dialog")).to_have_count(0)
    first = root.get_by_role("status").inner_text()
    player.press("n")
    expect(root.get_by_role("status")).not_to_have_text(first)
    player.press("N")
    expect(root.get_by_role("status")).to_have_text(first)
    player.press("N")
    expect(root.locator(".facts")).to_contain_text("from the end again")
    player.press("n")
    expect(root.locator(".facts")).to_contain_text("from the top again")
    player.press("/")
    type_in("nowhere")
    enter()
    expect(root.locator(".problem")).to_contain_text("no step is meant by 'nowhere'")
    player.page.keyboard.press("Control+a")
    type_in("conductor")
    enter()
    expect(root.get_by_role("dialog")).to_have_count(0)
    player.press("Home")
    player.press("n")
    expect(root.get_by_role("status")).to_have_text(first)

    player.press("m")
    type_in("<b>the claim")
    enter()
    expect(root.get_by_role("list", name="markers")).to_contain_text("<b>the claim")
    expect(root.locator(".flag")).to_have_count(1)
    close()

    player.press("Home")
    player.press("b")
    type_in("kind:rpc.cast to:compute")
    enter()
    expect(root.get_by_role("list", name="stops")).to_contain_text(re.compile(r"compute1\D+$"))
    close()
    player.press("c")
    expect(root.locator(".facts")).to_contain_text("stopped at kind:rpc.cast to:compute")
    player.press("Home")
    root.get_by_label("speed").select_option("4")
    player.press(" ")
    expect(root.locator(".facts")).to_contain_text("stopped at", timeout=15_000)
    expect(player.button("play")).to_be_visible()
    root.locator(".flag").click()
    expect(root.get_by_role("status")).to_have_text(first)
    player.press("?")
    expect(root.get_by_role("dialog")).to_contain_text("continue to the next stop")
    expect(root.get_by_role("dialog")).to_contain_text("1 … 8")
    player.lab.assert_clean()


def test_a_cloud_is_followed_while_a_cell_runs_and_a_kernel_that_is_gone_is_told(shown):
    player = shown(
        "from simnova import Cloud\ncloud = Cloud(hosts=3)\nplayer = cloud.player(view='cloud')\n"
        "display(player)\nplayer.follow()\n"
        "for name in ('one', 'two'):\n    cloud.boot(name)\n    cloud.run()"
    )
    expect(player.root.locator(".server")).to_have_count(2)
    player.press("Home")
    expect(player.button("live")).to_have_attribute("aria-pressed", "false")
    sentence = player.root.locator(".sentence").inner_text()
    player.lab.assert_clean()
    player.page.evaluate(RESTART)
    player.press("ArrowRight")
    player.press("ArrowRight")
    expect(player.root.get_by_role("alert")).to_contain_text(
        "The kernel does not answer", timeout=15_000
    )
    expect(player.root.locator(".sentence")).to_have_text(sentence)
    assert player.lab.page_errors == []


def test_the_menu_saves_a_page_and_pictures(player, tmp_path):
    beginnings = {"html": b"<!DOCTYPE html>", "svg": b"<svg ", "png": b"\x89PNG"}
    player.press("ArrowRight")
    for form, beginning in beginnings.items():
        player.button("save").click()
        with player.page.expect_download() as download:
            player.root.get_by_role("menuitem", name=form.upper()).click()
        name = "simnova.html" if form == "html" else f"simnova-step-5.{form}"
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(beginning)
        expect(player.root.get_by_role("menu")).to_be_hidden()
    player.button("save").click()
    player.page.keyboard.press("ArrowDown")
    player.page.keyboard.press("Escape")
    expect(player.root.get_by_role("menu")).to_be_hidden()
    player.at(2)
    player.lab.assert_clean()

"""The player for everyone: axe-core, a calm picture, windows of every width."""

import re

import pytest
from lab import FLAGS, chromium
from playwright.sync_api import expect, sync_playwright

from simnova import Cloud, Host
from simnova.widgets.views import VIEWS

pytestmark = pytest.mark.browser

CUT = """root => Array.from(root.querySelectorAll('[role=tab], .about, .controls > *, .tools > *'))
  .filter(part => part.offsetParent && !part.closest('.tabs') || part.matches('.tabs'))
  .map(part => [part.getBoundingClientRect(), root.getBoundingClientRect(), part.className])
  .filter(([part, whole]) => part.right > whole.right + 1 || part.left < whole.left - 1)
  .map(([, , name]) => name)"""
MOVES = "() => document.getAnimations({ subtree: true }).length"


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud(hosts=[Host("compute1"), Host("compute2", memory_mb=1024)])
    cloud.boot("web")
    cloud.run()
    return cloud


@pytest.fixture(scope="module")
def page_of(cloud, tmp_path_factory):
    """An exported page in a window of its own: there axe-core sees through to every colour."""
    if not chromium():
        pytest.skip("there is no Chromium here; see bindep.txt")
    player = cloud.player()
    player.fork(lambda other: other.boot("another"))
    file = player.export(tmp_path_factory.mktemp("page") / "boot.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)

        def opened(address, **how):
            page = browser.new_context(**{"reduced_motion": "reduce", **how}).new_page()
            page.goto(f"file://{file}#{address}")
            page.locator(".simnova-player").wait_for()
            return page

        yield opened
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view_light_and_dark(page_of, violations, cloud, scheme):
    step = cloud.decision().seq
    page = page_of(f"step={step}", color_scheme=scheme, viewport={"width": 1280, "height": 800})
    root = page.locator(".simnova-player")
    for view in VIEWS:
        for seq in (step, cloud.journal[-1].seq):
            page.evaluate(f"location.hash = 'step={seq}&view={view}'")
            expect(root.get_by_role("tabpanel")).to_have_accessible_name(re.compile(view, re.I))
            assert violations(page) == []
    for key in "/bm?i":
        root.press(key)
        page.wait_for_timeout(60)
        assert violations(page) == []
        root.press("Escape")


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_a_message_travels_only_where_motion_is_welcome(page_of, cloud, motion, moves):
    cast = next(event for event in cloud.journal if event.kind == "rpc.cast")
    page = page_of(f"step={cast.seq - 1}&view=topology", reduced_motion=motion)
    page.wait_for_timeout(600)
    page.evaluate(f"location.hash = 'step={cast.seq}&view=topology'")
    page.wait_for_timeout(120)
    assert (page.locator(".dot").count() > 0) is moves
    if not moves:
        assert page.evaluate(MOVES) == 0
    expect(page.locator(".dot")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 1024, 700, 400])
def test_nothing_is_cut_off_at_any_width(page_of, cloud, width):
    page = page_of(f"step={cloud.decision().seq}", viewport={"width": width, "height": 800})
    root = page.locator(".simnova-player")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert root.evaluate(CUT) == []
    tabs = root.locator(".tabs")
    if width > 400:
        assert tabs.evaluate("tabs => tabs.scrollWidth <= tabs.clientWidth")
    for view in VIEWS:
        page.evaluate(f"location.hash = 'view={view}&step={cloud.decision().seq}'")
        tab = root.locator(f"[role=tab][data-view={view}]")
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(tab).to_be_in_viewport(ratio=0.9)

"""An exported page in a browser that has no network: nothing is asked for but the file itself."""

import re
from urllib.parse import parse_qsl

import pytest
from lab import FLAGS, chromium
from playwright.sync_api import expect, sync_playwright

from simnova import Cloud, Host
from simnova.widgets.views import VIEWS

pytestmark = pytest.mark.browser

WILD = "web</script><script>alert(1)</script>"
STYLE = """cells => cells.map(cell =>
    [...cell.classList].find(name => !['past', 'stop', 'found'].includes(name)) ?? '')"""
VISIBLE = "node => node.offsetParent !== null"


class Opened:
    """A page in a window, and what it has asked for."""

    def __init__(self, browser, file, **how):
        self.file = f"file://{file}"
        context = browser.new_context(offline=True, reduced_motion="reduce", **how)
        self.page = context.new_page()
        self.asked, self.errors = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))
        self.root = self.page.locator(".simnova-player")

    def open(self, address=""):
        self.page.goto("about:blank")
        self.page.goto(self.file + address)
        self.root.wait_for()
        return self

    def at(self, position):
        expect(self.root.get_by_role("status").first).to_contain_text(
            re.compile(rf"^Step {position} of \d+\. \w")
        )

    @property
    def address(self):
        return dict(parse_qsl(self.page.url.partition("#")[2], keep_blank_values=True))

    def shows(self, player):
        """Assert that the steps, the strip and the sequence are those of a player that has a kernel."""
        self.at(player._reel.position(player.step))
        arrows = self.root.locator(".stage .arrow")
        seqs = arrows.evaluate_all("them => them.map(one => Number(one.dataset.seq))")
        assert seqs == [one["seq"] for one in player.score["arrows"]]
        cells = self.root.locator(".strip > *")
        shown = cells.evaluate_all(STYLE)
        assert shown == list(player.strip)
        assert self.address["step"] == str(player.step)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def assert_alone(self):
        assert {url.partition("#")[0] for url in self.asked} <= {self.file, "about:blank"}
        assert self.errors == []


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud(hosts=[Host("compute1"), Host("compute2", memory_mb=1024)])
    cloud.boot(WILD)
    cloud.run()
    return cloud


@pytest.fixture(scope="module")
def player(cloud):
    player = cloud.player(view="decision")
    player.seek(cloud.decision().seq)
    player.mark("the choice")
    player.first()
    return player


@pytest.fixture(scope="module")
def file(player, tmp_path_factory):
    return player.export(tmp_path_factory.mktemp("page") / "boot.html")


@pytest.fixture(scope="module")
def browser():
    if not chromium():
        pytest.skip("there is no Chromium here; see bindep.txt")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


def test_it_steps_by_keys_and_buttons_and_the_address_follows(browser, file, cloud, player):
    page = Opened(browser, file, viewport={"width": 1280, "height": 800}).open()
    steps, button = player._reel.places, page.root.get_by_role("button", name="forward")
    page.at(1)
    assert page.address == {"step": str(steps[0]), "view": "decision"}
    page.page.keyboard.press("ArrowRight")
    page.at(2)
    button.click()
    page.at(3)
    page.page.keyboard.press("ArrowLeft")
    page.at(2)
    assert page.address["step"] == str(steps[1])
    page.root.press("End")
    page.at(len(steps))
    page.root.press("Home")
    page.root.get_by_role("slider").fill("9")
    page.at(9)
    page.root.locator(".arrow.future").first.click()
    page.at(10)
    page.root.get_by_role("slider").fill(str(len(steps) - 2))
    page.at(len(steps) - 2)
    page.root.get_by_label("speed").select_option("4")
    page.root.press(" ")
    page.at(len(steps))
    expect(page.root.get_by_role("button", name="play", exact=True)).to_be_visible()
    for view in VIEWS:
        tab = page.root.locator(f"[role=tab][data-view={view}]")
        if view == "fork":
            expect(tab).to_have_count(0)
            continue
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        assert page.address["view"] == view
        assert page.root.locator(".pane").inner_text().strip()
    hidden = page.root.locator(".needs-kernel")
    assert not any(node.evaluate(VISIBLE) for node in hidden.all())
    assert page.page.locator("script").count() == 3
    size = page.page.evaluate("[innerHeight, document.documentElement.scrollHeight]")
    assert size[0] == size[1]
    page.assert_alone()


def test_a_link_leads_to_a_step_and_a_view(browser, file, cloud):
    step = cloud.decision().seq
    page = Opened(browser, file).open(f"#step={step}&view=cloud")
    expect(page.root.locator(".sentence")).to_contain_text("compute1")
    expect(page.root.locator(".host")).to_have_count(2)
    page.page.evaluate(f"location.hash = 'step={step + 10**6}&view=log'")
    expect(page.root.locator(".lines")).to_contain_text("VM Started")
    expect(page.root.get_by_role("status").first).to_contain_text(
        re.compile(r"^Step (\d+) of \1\.")
    )
    page.page.locator(".copy-link").click()
    expect(page.page.locator(".copy-link")).to_have_text("copied")
    page.open("#step=<script>&view=__proto__")
    page.at(1)
    page.assert_alone()


def test_a_message_and_a_queue_open_as_they_do_with_a_kernel(browser, file):
    page = Opened(browser, file).open("#view=topology")
    page.root.locator(".arrow", has_text="POST /v2.1/servers").first.click()
    panel = page.root.locator("section.panel")
    expect(panel).to_contain_text(WILD)
    page.root.press("Escape")
    expect(panel).to_be_hidden()
    page.root.locator(".bus [role=button]", has_text="scheduler").first.click()
    expect(panel).to_be_visible()
    page.root.press("ArrowRight")
    expect(panel).to_be_visible()
    page.assert_alone()


def test_it_searches_stops_and_has_the_markers_that_were_put(browser, file, cloud):
    page = Opened(browser, file).open()
    status, keys = page.root.get_by_role("status").first, page.page.keyboard
    page.root.press("/")
    keys.type("kind:rpc.cast to:compute")
    keys.press("Enter")
    expect(status).to_contain_text("casts build_and_run_instance")
    expect(page.root.locator(".facts")).to_contain_text("to:compute: 1 of 1")
    expect(page.root.get_by_role("dialog")).to_have_count(0)
    page.root.press("n")
    expect(page.root.locator(".facts")).to_contain_text("1 of 1, from the top again")
    page.root.press("/")
    page.page.get_by_label("search", exact=True).last.fill("service:nobody")
    keys.press("Enter")
    expect(page.root.get_by_role("alert").filter(has_text="no step is meant")).to_be_visible()
    page.page.get_by_label("search", exact=True).last.fill("sort:x")
    keys.press("Enter")
    expect(page.root.get_by_role("alert").filter(has_text="unknown key 'sort'")).to_be_visible()
    keys.press("Escape")
    page.root.press("Home")
    page.root.press("b")
    keys.type("kind:scheduler.select")
    keys.press("Enter")
    keys.press("Escape")
    page.root.press("c")
    expect(page.root.locator(".facts")).to_contain_text("stopped at kind:scheduler.select")
    page.root.press("Home")
    page.root.press("m")
    page.root.get_by_role("dialog").get_by_role("button", name="the choice", exact=True).click()
    assert page.address["step"] == str(cloud.decision().seq)
    page.assert_alone()


def test_details_and_filters_are_walked_as_with_a_kernel_and_a_link_carries_them(
    browser, file, cloud
):
    player, page = cloud.player(step=cloud.decision().seq), Opened(browser, file)
    page.open(f"#step={player.step}")
    page.shows(player)
    page.root.get_by_label("detail", exact=True).select_option("messages")
    player.show("messages")
    page.shows(player)
    page.root.press("f")
    page.root.get_by_label("service").select_option("nova-conductor")
    player.filter = "service:nova-conductor"
    expect(page.root.locator(".filtered")).to_contain_text(
        f"{len(player._reel.places)} of {len(player._reel.steps)}"
    )
    page.press("Enter")
    expect(page.root.get_by_role("dialog")).to_have_count(0)
    page.shows(player)
    page.root.press("ArrowRight")
    player.forward()
    page.shows(player)
    told = {"step": str(player.step), "view": "decision"}
    assert page.address == {**told, "detail": "messages", "filter": "service:nova-conductor"}
    page.open(page.page.url.removeprefix(page.file))
    page.shows(player)
    page.root.press("f")
    page.page.keyboard.type('"no such word"')
    page.press("Enter")
    expect(page.root.get_by_role("alert").filter(has_text="no step is meant")).to_be_visible()
    page.root.get_by_role("button", name="all", exact=True).click()
    player.filter = ""
    page.press("Escape")
    page.shows(player)
    page.root.get_by_label("detail", exact=True).select_option("everything")
    player.show("everything")
    page.shows(player)
    page.assert_alone()


def test_marks_are_in_the_address_of_the_page(browser, file, cloud):
    page, step = Opened(browser, file).open(), cloud.decision().seq
    assert "mark" not in page.address
    page.press("ArrowRight", "m")
    page.page.keyboard.type("<b>here</b> & now")
    page.press("Enter")
    page.root.get_by_role("button", name="rename the choice").click()
    page.page.keyboard.type("the winner")
    page.press("Enter", "Escape")
    seq, marked = page.address["step"], page.page.url.removeprefix(page.file)
    page.open(marked).root.press("m")
    marks = page.root.get_by_label("markers").get_by_role("listitem")
    expect(marks).to_have_text(
        [
            re.compile(rf"^the winnerevent {step}rename"),
            re.compile(rf"^<b>here</b> & nowevent {seq}rename"),
        ]
    )
    assert page.root.locator(".flags .flag").count() == 2
    for name in ("the winner", "<b>here</b> & now"):
        page.root.get_by_role("button", name=f"remove {name}").click()
    page.open(page.page.url.removeprefix(page.file)).root.press("m")
    expect(marks).to_have_count(0)
    page.open("#mark=7:" + "x" * 61 + "&mark=oops&step=1")
    page.at(1)
    page.assert_alone()


def test_state_and_why_are_as_in_a_notebook(browser, file, cloud):
    steps = [event.seq for event in cloud.journal if event.kind == "virt.step"]
    page = Opened(browser, file, viewport={"width": 1280, "height": 800})
    page.open(f"#step={steps[2]}&view=state")
    root = page.root
    expect(root.locator(".pill.now")).to_have_text(re.compile("spawning"))
    expect(root.locator(".pill.been")).to_have_count(4)
    expect(root.locator(".whose b")).to_have_text(WILD)
    waits = root.locator(".waits .waiting")
    expect(waits).to_contain_text("waits for hypervisor: spawn")
    waits.get_by_role("button").click()
    expect(root.locator(".source .now")).to_contain_text("await self.driver.spawn(")
    root.get_by_role("button", name="back to who waits where").click()
    expect(root.locator(".source")).to_have_count(0)
    root.press("End")
    expect(root.locator(".vm.now header")).to_have_text("ACTIVE")
    root.get_by_role("tab", name="Why").click()
    fold = root.locator(".fold").first
    expect(fold.locator(".link").first).to_be_hidden()
    fold.locator("summary").first.press(" ")
    expect(fold.locator(".link").first).to_be_visible()
    root.locator(".turn.decision > .step").click()
    expect(root.locator(".link.first")).to_have_class(re.compile("decision"))
    assert page.address == {"step": str(cloud.decision().seq), "view": "why"}
    page.assert_alone()


def test_a_host_that_lost_cannot_be_asked_and_the_page_says_so(browser, file, cloud):
    page = Opened(browser, file).open(f"#step={cloud.decision().seq}")
    page.root.locator(".matrix").get_by_role("button", name="compute2", exact=True).click()
    expect(page.root.locator(".reason")).to_contain_text("this page has none")
    page.assert_alone()


def test_it_is_dark_where_the_system_is_and_narrow_on_a_telephone(browser, file):
    page = Opened(browser, file, color_scheme="dark", viewport={"width": 400, "height": 800}).open()
    ground = page.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 60
    assert page.page.evaluate("document.documentElement.scrollWidth") == 400
    page.assert_alone()


def test_without_scripts_it_is_a_picture_of_the_step(browser, file):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{file}")
    expect(page.locator(".still svg")).to_be_visible()
    expect(page.locator(".still svg")).to_contain_text("placement")


def test_a_browser_that_cannot_unpack_shows_the_picture_and_says_why(browser, file):
    page = browser.new_context(offline=True).new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(f"file://{file}")
    expect(page.locator(".still .why")).to_contain_text("a browser of 2023 or later")
    expect(page.locator(".still svg")).to_be_visible()

"""State and Why in JupyterLab: what is lit, the lines of source on a click, a chain that is folded and seeks."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CELL = """
from simnova import Cloud
cloud = Cloud(hosts=3)
cloud.boot("<b>web</b>")
cloud.run()
steps = [event.seq for event in cloud.journal if event.kind == "virt.step"]
player = cloud.player(step=steps[2], view="state")
player
"""
TABS = """root => {
    const [tabs, mark] = ['.tabs', '.tabbar .about summary'].map(one => root.querySelector(one));
    return tabs.lastElementChild.getBoundingClientRect().right <= mark.getBoundingClientRect().left;
}"""


def test_state_lights_up_source_opens_and_why_leads_back_to_the_decision(lab):
    lab.page.set_viewport_size({"width": 1280, "height": 800})
    lab.make("state.ipynb", CELL)
    lab.run_all()
    root = lab.page.locator(".simnova-player").first
    root.wait_for()
    assert root.evaluate(TABS)
    assert root.bounding_box()["height"] < 640

    expect(root.locator(".pill.now")).to_have_text(re.compile("spawning"))
    expect(root.locator(".pill.been")).to_have_count(4)
    expect(root.locator(".pill.next")).to_have_count(1)
    expect(root.locator(".whose b")).to_have_text("<b>web</b>")
    waits = root.locator(".waits .waiting")
    expect(waits).to_contain_text("waits for hypervisor: spawn")
    waits.get_by_role("button").click()
    expect(root.locator(".source .now")).to_contain_text("await self.driver.spawn(")
    root.get_by_role("button", name="back to who waits where").click()
    expect(root.locator(".source")).to_have_count(0)
    waits.get_by_role("button").click()
    expect(root.locator(".source .now")).to_contain_text("await self.driver.spawn(")

    root.locator(".tabbar .about summary").click()
    expect(root.locator(".tabbar .about p")).to_contain_text("vm_state")
    root.press("End")
    expect(root.locator(".vm.now header")).to_have_text("ACTIVE")
    expect(root.locator(".source")).to_have_count(0)
    expect(root.locator(".onward")).to_contain_text("os-migrateLive")
    root.get_by_label("server", exact=True).select_option("<b>web</b>")
    expect(root.get_by_label("server", exact=True)).not_to_have_value("")

    root.get_by_role("tab", name="Why").click()
    fold = root.locator(".fold").first
    expect(fold.locator(".link").first).to_be_hidden()
    fold.locator("summary").first.press(" ")
    expect(fold.locator(".link").first).to_be_visible()
    root.locator(".turn.decision > .step").click()
    expect(root.get_by_role("status").first).to_contain_text(
        re.compile("The scheduler chooses .* for server <b>web</b>")
    )
    expect(root.locator(".link.first")).to_have_class(re.compile("decision"))
    assert root.locator("b b").count() == 0
    lab.assert_clean()

"""Topology, message panel and Cloud in JupyterLab: clicks, keys, names that are markup."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CELL = """
from simnova import Cloud
cloud = Cloud(hosts=14)
cloud.boot("<img src=x onerror=alert(1)>")
cloud.run()
cloud.crash("nova-scheduler")
cloud.submit("db")
cloud.run(until=cloud.now + 5)
cast = next(e.seq for e in cloud.journal if e.data.get("method") == "build_and_run_instance")
cloud.player(view="topology", detail="messages", step=cast)
"""


def test_topology_messages_queues_services_and_many_hosts(lab):
    lab.make("topology.ipynb", CELL)
    lab.run_all()
    root = lab.page.locator(".simnova-player").first
    root.wait_for()
    panel, title = root.locator(".panel"), root.locator(".panel header b")

    expect(root.locator(".trip.now.cast path")).to_have_count(3)
    expect(root.locator(".node.compute")).to_have_count(3)
    expect(root.locator(".node.fold")).to_contain_text("11 more")
    expect(panel).to_be_hidden()

    root.press("i")
    expect(title).to_have_text("cast build_and_run_instance")
    expect(panel.locator("dl")).to_contain_text("compute.compute")
    panel.locator("summary", has_text="Instance ").first.click()
    expect(panel.locator(".leaf", has_text="display_name").first).to_contain_text("<img src=x")
    root.press("Escape")
    expect(panel).to_be_hidden()

    now = root.locator(".arrow.now")
    now.focus()
    now.press("Enter")
    expect(title).to_have_text("cast build_and_run_instance")
    root.press("ArrowLeft")
    expect(panel).to_be_hidden()
    root.locator(".arrow.call").first.click()
    expect(title).to_have_text(re.compile("^call "))
    panel.get_by_role("button", name="close").click()

    root.press("End")
    expect(root.locator(".node.service.down")).to_contain_text("scheduler")
    queue = root.locator(".node.queue[data-name=scheduler]")
    expect(queue.locator(".badge.ready")).to_have_text("1")
    queue.focus()
    queue.press("Enter")
    expect(panel.locator(".item")).to_contain_text("call select_destinations")
    panel.locator(".item").click()
    expect(title).to_have_text("call select_destinations")
    root.press("Escape")
    root.locator(".node.service[data-name=nova-conductor]").click()
    expect(panel.locator(".note")).to_have_text("It waits for:")
    expect(panel.locator(".item")).to_contain_text("select_destinations")
    root.press("Escape")

    root.press("3")
    expect(root.locator(".field")).to_have_count(14)
    field = root.locator(".field", has=root.page.locator("b", has_text=re.compile("1")))
    field.first.focus()
    expect(root.locator(".told")).to_contain_text("<img src=x")
    assert root.locator("img, script").count() == 0
    assert not root.evaluate("root => root.scrollWidth > root.clientWidth")
    lab.assert_clean()

"""The player by keys alone in JupyterLab: what they reach, what they do not, and where the focus stays."""

import pytest
from playwright.sync_api import expect

from simnova.widgets.views import VIEWS

pytestmark = pytest.mark.browser

SCENE = (
    "from simnova import Cloud, Host\n"
    "cloud = Cloud(hosts=[Host('compute1'), Host('compute2', memory_mb=1024)])\n"
    "cloud.boot('web'); cloud.run()\n"
    "cloud.player(step=cloud.decision().seq)"
)
FOCUS = """() => {
  const held = document.activeElement;
  return held.closest('.simnova-player') && (held.getAttribute('aria-label') ?? held.textContent);
}"""
NOTEBOOK = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return [content.mode, content.activeCellIndex, content.widgets.map(cell => cell.model.id)];
}"""


def test_keys_alone_reach_everything_and_nothing_reaches_the_notebook(lab, violations):
    lab.make("everyone.ipynb", SCENE, "1 + 1")
    lab.run_all()
    page, root = lab.page, lab.page.locator(".simnova-player")
    root.wait_for()
    root.locator("[role=tab]").first.click()
    before = page.evaluate(NOTEBOOK)
    for view in VIEWS:
        root.press(str(list(VIEWS).index(view) + 1))
        expect(root.locator(f"[data-view={view}][role=tab]")).to_have_attribute(
            "aria-selected", "true"
        )
        assert violations(page, ".simnova-player") == []
        reached = []
        root.focus()
        while (name := page.evaluate(FOCUS)) is not None and len(reached) < 90:
            reached.append(name)
            for key in ("d", "d", "a", "x"):
                page.keyboard.press(key)
            assert page.evaluate(FOCUS) == name
            page.keyboard.press("Tab")
        assert len(reached) < 90, "a trap for the keyboard"
        assert {"play", "step", "search", "save", "what this view shows"} <= set(reached)
    assert page.evaluate(NOTEBOOK) == before

    root.press("/")
    page.keyboard.type("ddax17c ")
    expect(root.get_by_label("search", exact=True).last).to_have_value("ddax17c ")
    page.keyboard.press("Escape")
    expect(root.locator("[data-view=fork][role=tab]")).to_have_attribute("aria-selected", "true")
    assert page.evaluate(NOTEBOOK) == before
    lab.assert_clean()


def test_the_focus_stays_where_it_was_and_each_step_is_said_once(lab, violations):
    lab.make("everyone.ipynb", SCENE)
    lab.run_all()
    page, root = lab.page, lab.page.locator(".simnova-player")
    root.wait_for()
    root.evaluate("""root => {
      window.said = [];
      new MutationObserver(() => window.said.push(root.querySelector('.voice').textContent))
        .observe(root.querySelector('.voice'), { childList: true, characterData: true, subtree: true });
    }""")
    root.locator(".matrix .ask").first.focus()
    held = page.evaluate(FOCUS)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => window.said.length === 1")
    assert page.evaluate(FOCUS) == held
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => window.said.length === 2")
    assert page.evaluate("() => new Set(window.said).size") == 2

    root.press("2")
    node = root.locator(".bus [role=button]", has_text="scheduler").first
    node.focus()
    page.keyboard.press("Enter")
    panel = root.locator("section.panel")
    expect(panel.get_by_role("button", name="close")).to_be_focused()
    assert violations(page, ".simnova-player") == []
    page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(node).to_be_focused()
    lab.assert_clean()

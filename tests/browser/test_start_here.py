"""The first notebook as a learner meets it: run all, then step through the boot, there and back."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def started(lab):
    """The first notebook in JupyterLab, every cell run."""
    lab.page.set_viewport_size({"width": 1280, "height": 800})
    lab.open("00_start_here.ipynb")
    lab.run_all()
    return lab


def step(player):
    """The number of the step that the player is at, and of how many."""
    status = player.get_by_role("status").inner_text()
    return tuple(map(int, re.match(r"Step (\d+) of (\d+)\.", status).groups()))


def test_the_first_notebook_runs_and_its_player_steps_there_and_back(started, tmp_path):
    started.assert_clean()
    player = started.page.locator(".simnova-player").first
    player.scroll_into_view_if_needed()
    position, total = step(player)
    assert (position, total > 50) == (1, True)
    forward = player.get_by_role("button", name="forward", exact=True)
    sentences = []
    for place in range(2, 5):
        forward.click()
        expect(player.get_by_role("status")).to_contain_text(f"Step {place} of {total}.")
        sentences.append(player.locator(".sentence").inner_text())
    assert len(set(sentences)) == 3
    player.get_by_role("button", name="back", exact=True).click()
    expect(player.get_by_role("status")).to_contain_text(f"Step 3 of {total}.")
    expect(player.locator(".sentence")).to_have_text(sentences[1])
    started.screenshot(tmp_path / "start.png")
    assert (tmp_path / "start.png").read_bytes().startswith(b"\x89PNG")


# Beside JupyterLab's list of files, as it opens, the sequence has a good 400 pixels.
WITHIN = """root => {
    const room = root.querySelector('.sequence').getBoundingClientRect();
    return [...root.querySelectorAll('.arrow.now .wire, .arrow.now text, .heads b')].every(part => {
        const box = part.getBoundingClientRect();
        return room.left <= box.left && box.right <= room.right && part.scrollWidth <= part.clientWidth;
    });
}"""


def test_beside_the_list_of_files_every_lifeline_and_the_whole_message_are_in_sight(started):
    started.page.evaluate("() => window.jupyterapp.shell.expandLeft()")
    player = started.page.locator(".simnova-player").first
    started.page.wait_for_function(
        "() => document.querySelector('.simnova-player').clientWidth < 900"
    )
    for place in range(2, 6):
        player.press("ArrowRight")
        expect(player.get_by_role("status")).to_contain_text(f"Step {place} of")
        assert player.evaluate(WITHIN)
    expect(player.locator(".sentence")).to_contain_text("asks Neutron")


def test_at_the_end_the_player_has_caught_up_and_shows_every_server_on_its_host(started):
    player = started.page.locator(".simnova-player").first
    player.press("End")
    player.get_by_role("tab", name="Cloud").click()
    expect(player.locator(".host .server")).to_have_count(3)
    for name in ("web", "db", "mail"):
        expect(player.locator(".host .server", has_text=name)).to_have_count(1)
    started.assert_clean()

"""The player in Notebook 7, by the same server: it opens, steps, turns to another view and asks nobody outside."""

import pytest
from lab import browse
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

BOOT = """
from simnova import Cloud
cloud = Cloud(hosts=3)
cloud.boot("web-1")
cloud.run()
cloud.player()
"""


def test_the_player_steps_and_turns_in_notebook_7(jupyterlab):
    with browse(jupyterlab, height=800, app="notebook") as window:
        window.make("seven.ipynb", BOOT)
        window.run_all()
        assert "/notebooks/" in window.page.url
        player = window.page.locator(".simnova-player")
        player.wait_for()
        status = player.get_by_role("status").first
        expect(status).to_contain_text("Step 1 of ")
        player.press("ArrowRight")
        player.get_by_role("button", name="forward", exact=True).click()
        expect(status).to_contain_text("Step 3 of ")
        player.press("End")
        player.get_by_role("tab", name="Cloud").click()
        expect(player.locator(".server")).to_have_count(1)
        # Notebook 7.6 itself fails to read a setting when it starts; nothing of ours may fail.
        ours = [error for error in window.page_errors if "/static/notebook/" not in error]
        assert (window.troubles(), ours, window.refused) == ([], [], [])

"""A private JupyterLab in a headless Chromium: what the browser tests and the screenshots share.

    with serve(root, scratch) as server, browse(server) as lab:
        lab.open("00_start_here.ipynb")
        lab.run_all()
        lab.assert_clean()

The server keeps its settings in `scratch` and listens on loopback only; the browser refuses every
request to the outside and remembers it. Of SimNova it knows the one option that `make lab` gives its server.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
PROMPT = "--ServerApp.kernel_websocket_connection_class=simnova.widgets.connection.PromptConnection"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTINGS = {
    "c/labconfig/page_config.json": {
        "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}
    },
    # Without this JupyterLab draws only the cells in view.
    "s/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}
FOLDERS = {
    "JUPYTER_CONFIG_DIR": "c",
    "JUPYTER_DATA_DIR": "d",
    "JUPYTER_RUNTIME_DIR": "r",
    "IPYTHONDIR": "i",
    "JUPYTERLAB_SETTINGS_DIR": "s",
    "JUPYTERLAB_WORKSPACES_DIR": "w",
}

# A command given before the kernel is connected is silently lost.
CONNECTED = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session.kernel;
    while (kernel.connectionStatus !== 'connected')
        await new Promise(resolve => setTimeout(resolve, 100));
    await kernel.info;
}"""
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
IN_TIME = """seconds => Promise.race([(%s)(), new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000))])"""
CODE_CELLS = """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
    .filter(cell => cell.type === 'code').map(cell => cell.toJSON())"""


def chromium() -> str | None:
    """The path of the first Chromium found on this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, its token, and the folder it shows."""

    url: str
    token: str
    root: Path

    def ask(self, path: str, method: str = "GET") -> Any:
        """The answer of the server's REST interface; None where it has no body."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")


@contextmanager
def serve(root: Path, scratch: Path, seconds: float = 180) -> Iterator[Server]:
    """Run a JupyterLab over the folder `root`; TimeoutError when it does not start in `seconds`."""
    for name, settings in SETTINGS.items():
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_text(json.dumps(settings))
    server = Server(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(16), root)
    with (scratch / "server.log").open("w") as log:
        process = subprocess.Popen(
            _command(server), env=_environment(scratch), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(server, process, seconds, scratch / "server.log")
            yield server
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(server: Server) -> list[str]:
    return [
        str(Path(sys.executable).parent / "jupyter-lab"),
        "--allow-root",
        "--no-browser",
        "--expose-app-in-browser",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--ip=127.0.0.1",
        f"--port={server.url.rpartition(':')[2]}",
        f"--IdentityProvider.token={server.token}",
        f"--ServerApp.root_dir={server.root}",
        "--ServerApp.port_retries=0",
        PROMPT,
    ]


def _environment(scratch: Path) -> dict[str, str]:
    return os.environ | {name: str(scratch / folder) for name, folder in FOLDERS.items()}


def _wait(server: Server, process: subprocess.Popen[bytes], seconds: float, log: Path) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            server.ask("status")
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"JupyterLab did not answer:\n{log.read_text()}")


@dataclass
class Lab:
    """One browser window on a JupyterLab, or with `app="notebook"` on a Notebook 7, by the same server.

    `refused` holds the addresses outside that the page asked for, `page_errors` the errors that
    its scripts did not catch.
    """

    server: Server
    page: Page
    app: str = "lab"
    refused: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)

    def open(self, notebook: str, seconds: float = 120) -> None:
        """Show a notebook of the server's folder and wait until its kernel is connected.

        A notebook that names no kernel never is: JupyterLab asks which one to take.
        """
        place = {"lab": f"lab/tree/{notebook}?reset&", "notebook": f"notebooks/{notebook}?"}
        self.page.goto(f"{self.server.url}/{place[self.app]}token={self.server.token}")
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=seconds * 1000)
        self.page.evaluate(IN_TIME % CONNECTED, seconds)
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft?.()")

    def make(self, notebook: str, *cells: str) -> None:
        """Write a notebook of these code cells into the server's folder and show it."""
        from nbformat import v4, write

        made = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells], metadata=KERNEL)
        write(made, self.server.root / notebook)
        self.open(notebook)

    def run_all(self, seconds: float = 120) -> None:
        """Run every cell by JupyterLab's own command and wait until the last one is done."""
        self.page.evaluate(IN_TIME % RUN_ALL, seconds)

    def cells(self) -> list[dict[str, Any]]:
        """The code cells of the notebook in view, as nbformat writes them."""
        cells: list[dict[str, Any]] = self.page.evaluate(CODE_CELLS)
        return cells

    def troubles(self) -> list[str]:
        """What went wrong in the notebook in view: errors, warnings, cells that did not run."""
        found = []
        for cell in self.cells():
            source = "".join(cell["source"])
            if source and cell["execution_count"] is None:
                found.append(f"did not run: {source}")
            for output in cell["outputs"]:
                if output["output_type"] == "error" or output.get("name") == "stderr":
                    found.append(f"{output.get('evalue') or output.get('text')}: {source}")
        return found

    def assert_clean(self) -> None:
        """AssertionError when a cell failed, a script failed, or the page asked for the outside."""
        assert self.troubles() == []
        assert self.page_errors == []
        assert self.refused == []

    def screenshot(self, path: Path, selector: str = "") -> None:
        """Write a PNG of the window, or of the first element that matches `selector`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        view = self.page.locator(selector).first if selector else self.page
        view.screenshot(path=path)

    def refuse(self, route: Route) -> None:
        """Abort a request to the outside and remember it."""
        self.refused.append(route.request.url)
        route.abort()


@contextmanager
def browse(
    server: Server, width: int = 1280, height: int = 1600, app: str = "lab", scale: float = 1
) -> Iterator[Lab]:
    """A browser window of `width` by `height` pixels, drawn `scale` times as fine; its kernels end with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            reduced_motion="reduce",
        )
        lab = Lab(server, page, app)
        page.route(re.compile(rf"^https?://(?!{re.escape(server.url[7:])}/)"), lab.refuse)
        page.on("pageerror", lambda error: lab.page_errors.append(error.stack or str(error)))
        try:
            yield lab
        finally:
            browser.close()
            for session in server.ask("sessions"):
                server.ask(f"sessions/{session['id']}", "DELETE")

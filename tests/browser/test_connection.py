"""The server of `make lab` sends each message of a kernel at once, so no step of the player has to wait."""

import subprocess
import sys
from pathlib import Path

import pytest
from lab import PROMPT

MAKEFILE = Path(__file__).parents[2] / "Makefile"
NODELAY = """
import asyncio, socket, sys
from jupyter_server.serverapp import ServerApp
from tornado.websocket import websocket_connect

async def main():
    app = ServerApp(ip="127.0.0.1", port=0, open_browser=False, allow_root=True)
    app.initialize([*sys.argv[1:], "--IdentityProvider.token=t"], find_extensions=False)
    app.start_app()
    kernel = await app.kernel_manager.start_kernel()
    page = await websocket_connect(f"ws://127.0.0.1:{app.port}/api/kernels/{kernel}/channels?token=t")
    [line] = app.kernel_websocket_connection_class._open_sockets
    held = line.websocket_handler.ws_connection.stream.socket
    print(held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    page.close()
    await app._cleanup()

asyncio.run(main())
"""


@pytest.mark.parametrize(("options", "nodelay"), [([PROMPT], 1), ([], 0)], ids=["lab", "plain"])
def test_a_kernels_line_to_the_page_has_no_delay(options, nodelay, tmp_path):
    """Where Jupyter's own server comes to do so by itself, this class and its option can go."""
    root = f"--ServerApp.root_dir={tmp_path}"
    ran = subprocess.run(
        [sys.executable, "-c", NODELAY, root, *options], capture_output=True, text=True, timeout=120
    )
    assert ran.stdout.strip() == str(nodelay), ran.stderr


def test_make_lab_asks_for_it():
    assert PROMPT in MAKEFILE.read_text()

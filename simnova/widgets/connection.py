"""The notebook server's line to the browser, on which an answer does not wait for the message before it.

A kernel says that it is busy, and milliseconds later what the player shows. Jupyter's server leaves it to the system
when that second small message goes (Nagle's algorithm): not before the browser has acknowledged the first, which
takes 40 ms where both are on one machine. `make lab` names this class to its server; without it all works, later.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """A kernel's websocket that sends each message at once (`TCP_NODELAY`)."""

    def connect(self) -> Any:
        """Connect the browser to its kernel, as Jupyter's own class does."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()

"""What all parts of `Server` have: what the API shows of it, and the way to ask for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud


class Shown:
    """A server as the API shows it at this moment. Looking at it changes nothing and is not journalled."""

    def __init__(self, cloud: Cloud, uuid: str) -> None:
        self.cloud = cloud
        self.id = uuid

    def show(self) -> dict[str, Any]:
        """All that `GET /servers/{id}` shows an administrator."""
        return self.cloud.servers.show(self.id)

    @property
    def name(self) -> str:
        """The display name."""
        return str(self.show()["name"])

    @property
    def status(self) -> str:
        """BUILD, ACTIVE, ERROR …; DELETED once it is gone."""
        return str(self.show()["status"])

    @property
    def host(self) -> Any:
        """The compute host on which it runs, None where it has none."""
        return self.show().get("OS-EXT-SRV-ATTR:host")

    @property
    def vm_state(self) -> str:
        """What it is, when nothing is being done to it."""
        return str(self.show()["OS-EXT-STS:vm_state"])

    @property
    def task_state(self) -> Any:
        """What is being done to it, None where nothing is."""
        return self.show()["OS-EXT-STS:task_state"]

    @property
    def addresses(self) -> list[str]:
        """Its addresses on every network."""
        return [ip["addr"] for ips in self.show()["addresses"].values() for ip in ips]

    @property
    def fault(self) -> Any:
        """Why it is in ERROR, in Nova's words; None where it is not."""
        found = self.show().get("fault")
        return found["message"].strip() if found else None

    def act(self, action: str, value: Any = None) -> Any:
        """Ask the API for an action by its name there (`"os-stop"`); runs the cloud until it has answered."""
        return self.cloud.request("POST", f"/v2.1/servers/{self.id}/action", {action: value})

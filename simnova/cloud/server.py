"""What a learner holds of the cloud: a request under way, and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.cloud import console
from simnova.cloud.client import checked
from simnova.cloud.moves import Moves
from simnova.exceptions import UsageError, unknown
from simnova.messaging.rest import Response
from simnova.nova.api.views import STATUSES
from simnova.observe.actions import Actions
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud
    from simnova.observe.states import History


_ACTIONS = (
    "SELECT a.action, e.event, e.host, e.result, "
    "CASE WHEN e.id IS NULL THEN a.message ELSE e.details END AS why, a.request_id "
    "FROM (SELECT * FROM {cell}.instance_actions WHERE instance_uuid = '{server}' ORDER BY id) a "
    "LEFT JOIN {cell}.instance_actions_events e ON e.action_id = a.id"
)
"""Those of a server that no host could take are in cell0."""


class Call:
    """A request that was sent to an API and is answered when the cloud has run that far.

    `first` is the step at which it was asked, `request_id` what all that follows from it carries.
    """

    def __init__(self, cloud: Cloud, request_id: str) -> None:
        self.cloud = cloud
        self.request_id = request_id
        self.first = len(cloud.journal) - 1
        self.answer: Response | None = None
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether the answer is here, or an error in its place."""
        return self.answer is not None or self.error is not None

    def result(self) -> Response:
        """The answer; raises `Refused` or `NovaError` as the API said, `UsageError` where there is none yet."""
        if self.error is not None:
            raise self.error
        if self.answer is None:
            raise UsageError(f"{self!r} is not answered yet: step() or run() the cloud first")
        return checked(self.answer)

    @property
    def servers(self) -> list[Server]:
        """The servers this request has made, once it is answered."""
        body = self.result().body
        if "reservation_id" in body:
            return self.cloud.servers.of_reservation(body["reservation_id"])
        return [Server(self.cloud, body["server"]["id"])]

    @property
    def server(self) -> Server:
        """The (first) server this request has made, once it is answered."""
        return self.servers[0]

    def __repr__(self) -> str:
        state = "no answer yet" if not self.done else repr(self.error or self.answer)
        return f"<request {self.request_id}: {state}>"


class Server(Moves):
    """A server as the API shows it at this moment. Looking at it changes nothing and is not journalled."""

    @property
    def history(self) -> History:
        """The states it has gone through; `cloud.states(server=server)` draws its way."""
        return self.cloud.history(self)

    def stop(self) -> None:
        """Ask the API to shut it down."""
        self.act("os-stop")

    def start(self) -> None:
        """Ask the API to start it again."""
        self.act("os-start")

    def reboot(self, kind: str = "SOFT") -> None:
        """Ask the API to reboot it: "SOFT", the guest does it itself, or "HARD", the plug is pulled."""
        self.act("reboot", {"type": kind})

    def pause(self) -> None:
        """Ask the API to freeze it; it stays in memory."""
        self.act("pause")

    def unpause(self) -> None:
        """Ask the API to let it go on."""
        self.act("unpause")

    def suspend(self) -> None:
        """Ask the API to save its memory to disk and stop it."""
        self.act("suspend")

    def resume(self) -> None:
        """Ask the API to start it from its saved memory."""
        self.act("resume")

    def change_password(self, password: str) -> None:
        """Ask the API to change the administrator's password inside it."""
        self.act("changePassword", {"adminPass": password})

    def attach_interface(self, network: str | None = None, **more: Any) -> dict[str, Any]:
        """Ask the API to plug in a card on a network, given by its name, and wait until it is plugged in; its port."""
        found = {"net_id": self.cloud.networks.id_of(network)} if network else {}
        path = f"/v2.1/servers/{self.id}/os-interface"
        answer = self.cloud.request("POST", path, {"interfaceAttachment": {**found, **more}})
        return dict(answer["interfaceAttachment"])

    def detach_interface(self, port: str) -> None:
        """Ask the API to pull out the card of a port, given by its id."""
        self.cloud.request("DELETE", f"/v2.1/servers/{self.id}/os-interface/{port}")

    def console_output(self, length: int | None = None) -> str:
        """Ask the API for the last lines that it has written to its console, or all of them."""
        wanted = {} if length is None else {"length": length}
        return str(self.act("os-getConsoleOutput", wanted)["output"])

    def console(self, protocol: str = "vnc", kind: str = "novnc") -> str:
        """Ask the API for the address of a console; the token in it ends after `token_ttl` seconds."""
        path = f"/v2.1/servers/{self.id}/remote-consoles"
        body = {"remote_console": {"protocol": protocol, "type": kind}}
        return str(self.cloud.request("POST", path, body)["remote_console"]["url"])

    def open_console(self, url: str) -> None:
        """Go to such an address: its proxy lets in who brings a token that has not ended; raises `Refused` otherwise.

        The proxy (`nova-novncproxy` …) is started where it has never run; one that was stopped or has crashed is not.
        """
        proxy, token = console.address(url, self.cloud.conf)
        cell = self.cloud.assembly.layout.of_host(self.cloud.assembly.hosts, self.host)
        proxy = f"{proxy}@{cell}" if cell else proxy
        if proxy not in self.cloud.assembly.running:
            self.cloud.start(proxy)
        self.cloud.request("GET", f"/?token={token}", service=proxy)

    def metadata(self, path: str = "/openstack/latest/meta_data.json", **how: str) -> Any:
        """Ask the metadata service as its guest would, at 169.254.169.254: a page, a dict where it is JSON.

        `method` and `body` are for what a guest may write, `address` which of its addresses asks. Raises `Refused`.
        """
        return self.cloud.ask_as_guest(self, path, **how)

    @property
    def actions(self) -> Actions:
        """What was asked of it, and what each service did of that, oldest first; a row for each event.

        `why` is the reason of an event that has failed; of an action without events it is the action's own message.
        """
        cells = self.cloud.assembly.layout.databases
        found = [self.cloud.sql(_ACTIONS.format(cell=cell, server=self.id)) for cell in cells]
        rows = [row for table in found for row in table.rows]
        return Actions(found[0].columns, rows, whole=("request_id",))

    def rename(self, name: str) -> None:
        """Ask the API to give it another name."""
        self.cloud.request("PUT", f"/v2.1/servers/{self.id}", {"server": {"name": name}})

    def set_metadata(self, **items: str) -> None:
        """Ask the API to set metadata items; the others stay."""
        self.cloud.request("POST", f"/v2.1/servers/{self.id}/metadata", {"metadata": items})

    def lock(self, reason: str | None = None) -> None:
        """Ask the API to keep everyone but an administrator from changing it."""
        self.act("lock", {"locked_reason": reason} if reason else None)

    def unlock(self) -> None:
        """Ask the API to take the lock off."""
        self.act("unlock")

    def rescue(self, image: str | None = None) -> None:
        """Ask the API to start it from a rescue image, given by its name; by default from its own."""
        found = {"rescue_image_ref": self.cloud.images.id_of(image)} if image else None
        self.act("rescue", found)

    def unrescue(self) -> None:
        """Ask the API to start it from its own disk again."""
        self.act("unrescue")

    def create_image(self, name: str, **metadata: str) -> str:
        """Ask the API for an image of its disk; the image's id."""
        return str(self.act("createImage", {"name": name, "metadata": metadata})["image_id"])

    def create_backup(self, name: str, backup_type: str = "daily", rotation: int = 1) -> str:
        """Ask the API for a backup, of which at most `rotation` of that type are kept; the image's id."""
        wanted = {"name": name, "backup_type": backup_type, "rotation": rotation}
        return str(self.act("createBackup", wanted)["image_id"])

    def rebuild(self, image: str | None = None, **changes: Any) -> None:
        """Ask the API to make it anew from an image, given by its name; by default from the one it has."""
        found = self.cloud.images.id_of(image) if image else self.show()["image"]["id"]
        self.act("rebuild", {"imageRef": found, **changes})

    def shelve(self) -> None:
        """Ask the API to stop it and to upload its disk."""
        self.act("shelve")

    def shelve_offload(self) -> None:
        """Ask the API to give up its host."""
        self.act("shelveOffload")

    def unshelve(self, **where: str | None) -> None:
        """Ask the API to start it again; `availability_zone` or `host` say where."""
        self.act("unshelve", where or None)

    def reset_state(self, state: str = "error") -> None:
        """Ask the API to write down that it is in "error", or "active"."""
        self.act("os-resetState", {"state": state})

    def restore(self) -> None:
        """Ask the API to bring it back after a soft delete."""
        self.act("restore")

    def force_delete(self) -> None:
        """Ask the API to delete it now, even where it waits to be reclaimed."""
        self.act("forceDelete")

    def delete(self) -> None:
        """Ask the API to delete it; runs the cloud until the API has answered."""
        self.cloud.request("DELETE", f"/v2.1/servers/{self.id}")

    def wait(self, status: str = "ACTIVE") -> Server:
        """Run the cloud until the server has this status. Raises `UsageError` where it ends in another.

        Of a real guest that switches itself off libvirt may tell a moment later: that is waited for.
        """
        if status not in STATUSES:
            raise unknown("status", status, STATUSES)
        self.cloud.listen()
        while self.status != status and (not self.cloud.clock.quiet or self._goes_off(status)):
            self.cloud.step()
        if self.status != status:
            why = f" ({self.fault})" if self.fault else ""
            raise UsageError(
                f"server '{self.name}' is {self.status} and nobody works on it: it will not be {status}{why}"
            )
        return self

    def _facts(self) -> dict[str, Any]:
        shown = self.show()
        facts = {
            "status": shown["status"],
            "task": shown["OS-EXT-STS:task_state"],
            "host": shown.get("OS-EXT-SRV-ATTR:host"),
            "flavor": shown["flavor"].get("original_name"),
            "addresses": ", ".join(self.addresses),
            "fault": self.fault,
            "id": self.id,
        }
        return {name: value for name, value in facts.items() if value}

    def __repr__(self) -> str:
        facts = self._facts()
        rest = ", ".join(
            f"{name} {value}"
            for name, value in facts.items()
            if name not in ("status", "id", "flavor")
        )
        return f"<Server {self.name}: {facts['status']}{', ' if rest else ''}{rest}>"

    def _repr_html_(self) -> str:
        return Table((self.name, ""), list(self._facts().items()))._repr_html_()

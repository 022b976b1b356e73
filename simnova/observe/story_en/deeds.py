"""The actions on a server that a client asks Nova's API for, in words (`nova/api/openstack/compute/servers.py` and its
neighbours).
"""

from __future__ import annotations

from typing import Any, Final

from simnova.observe.story_en.words import named, value
from simnova.observe.telling import Telling

_DEEDS: Final = {
    "resize": "to resize {server} to flavor {flavor}",
    "confirmResize": "to confirm the resize of {server}: what is left on its old host may go",
    "revertResize": "to take the resize of {server} back",
    "migrate": "to move {server} to {host}, switched off",
    "os-migrateLive": "to move {server} to {host} while it runs",
    "evacuate": "to build {server} anew on {host}, since its own is down",
    "os-stop": "to stop {server}",
    "os-start": "to start {server}",
    "reboot": "to reboot {server} ({kind})",
    "pause": "to freeze {server} in memory",
    "unpause": "to let {server} go on",
    "suspend": "to save the memory of {server} and stop it",
    "resume": "to start {server} from its saved memory",
    "rescue": "to start {server} from a rescue disk",
    "unrescue": "to start {server} from its own disk again",
    "rebuild": "to build {server} anew from image {image}",
    "createImage": "to make an image of {server}, called {name}",
    "createBackup": "to make a backup of {server}, called {name}",
    "shelve": "to put {server} on the shelf",
    "shelveOffload": "to take {server}, which is shelved, off its host",
    "unshelve": "to take {server} from the shelf",
    "lock": "to lock {server}",
    "unlock": "to unlock {server}",
    "restore": "to restore {server}, which is soft-deleted",
    "forceDelete": "to delete {server} at once",
    "changePassword": "to change the password inside {server}",
    "os-resetState": "to write into the row of {server} that it is {state}",
}


def action(telling: Telling, server: str) -> str:
    """What an action asks for: `to resize server web to flavor m1.medium`."""
    asked = telling.body if isinstance(telling.body, dict) else {}
    name = next(iter(asked), "an action")
    if name not in _DEEDS:
        return f"for {value(name)} of {server}"
    given = asked[name] if isinstance(asked[name], dict) else {}
    return _DEEDS[name].format(server=server, **words(telling, given))


def words(telling: Telling, given: dict[str, Any]) -> dict[str, str]:
    """The arguments of an action, by name where they have one; what the scheduler is left to choose, too."""
    flavor = str(given.get("flavorRef", ""))
    return {
        "flavor": telling.names.flavors.get(flavor, flavor),
        "host": value(given.get("host") or "a host that the scheduler chooses"),
        "kind": value(given.get("type", "SOFT")),
        "image": named(telling, given.get("imageRef", "")),
        "name": value(given.get("name", "")),
        "state": value(given.get("state", "")).upper(),
    }

"""Services, hypervisors, log lines, and what comes from outside."""

from __future__ import annotations

from typing import Any

from simnova.nova.objects.states import PowerState
from simnova.observe.markup import short
from simnova.observe.names import host_of, uuids
from simnova.observe.story_en import faults
from simnova.observe.story_en.words import (
    after,
    resources,
    seconds,
    server,
    several,
    subject,
    value,
    who,
)
from simnova.observe.telling import Telling

_ASKED = {
    "spawn": "to start the guest of {server}",
    "destroy": "to destroy the guest of {server}",
    "cleanup": "to clean up after {server}",
    "get_info": "how the guest of {server} is",
    "get_available_resource": "what the host has",
    "get_available_nodes": "which nodes it manages",
    "update_provider_tree": "what the host has to offer",
    "init_host": "to get ready",
    "get_inventory": "what the host has to offer",
    "get_traits": "which traits the host has",
    "get_num_instances": "how many guests it has",
    "instance_exists": "whether it knows the guest of {server}",
    "list_instances": "for a list of its guests",
    "list_instance_uuids": "for a list of its guests",
    "plug_vifs": "to plug in the network of {server}",
    "power_off": "to switch the guest of {server} off",
    "power_on": "to switch the guest of {server} on",
    "reboot": "to reboot the guest of {server}",
    "pause": "to freeze the guest of {server}",
    "unpause": "to let the guest of {server} go on",
    "suspend": "to save the memory of {server} and to stop it",
    "resume": "to start {server} from its saved memory",
    "snapshot": "to upload the disk of {server}",
    "rescue": "to start {server} from a rescue disk",
    "unrescue": "to start {server} from its own disk",
    "attach_interface": "to plug a card into {server}",
    "detach_interface": "to pull a card out of {server}",
    "get_console_output": "what {server} has written",
    "get_vnc_console": "where the console of {server} is",
    "get_spice_console": "where the console of {server} is",
    "get_serial_console": "where the console of {server} is",
    "set_admin_password": "to change the password inside {server}",
    "migrate_disk_and_power_off": "to switch the guest of {server} off and send its disk",
    "finish_migration": "to make the guest of {server} of the disk that has come",
    "confirm_migration": "to remove what {server} has left",
    "finish_revert_migration": "to make the guest of {server} again what it was",
    "check_can_live_migrate_destination": "whether it can take the guest of {server}",
    "check_can_live_migrate_source": "whether it can send the guest of {server}",
    "pre_live_migration": "to get ready for the guest of {server}",
    "live_migration": "to send the guest of {server} while it runs",
    "live_migration_abort": "to call the migration of {server} off",
    "live_migration_force_complete": "to end the migration of {server} by force",
    "post_live_migration": "to forget the guest of {server}",
    "post_live_migration_at_source": "to unplug the network of {server}",
    "post_live_migration_at_destination": "to keep the guest of {server}",
    "rollback_live_migration_at_source": "to keep the guest of {server} after all",
    "rollback_live_migration_at_destination": "to remove what was made for {server}",
    "manage_image_cache": "to tidy its image cache",
    "delete_instance_files": "to remove the files of {server}",
    "resume_state_on_host_boot": "to start the guest of {server}, as it ran before",
    "poll_rebooting_instances": "to see to reboots that hang",
}


def up(telling: Telling) -> str:
    """service.start"""
    return f"{subject(telling)} is up."


def down(telling: Telling) -> str:
    """service.stop"""
    return f"{subject(telling)} is stopped in good order."


def crashed(telling: Telling) -> str:
    """service.crash"""
    return f"{subject(telling)} crashes; whatever it was doing stays as it is."


def virt_call(telling: Telling) -> str:
    """virt.call"""
    method = str(telling.data.get("method"))
    asked = _ASKED.get(method, "for something")
    about = asked.format(server=server(telling, telling.data.get("instance")))
    return f"{subject(telling)} asks its hypervisor {about} (driver.{method})."


def virt_return(telling: Telling) -> str:
    """virt.return"""
    given, result = telling.data.get("seconds"), telling.data.get("result")
    spent = seconds(given if isinstance(given, int | float) else telling.took)
    method = str(telling.data.get("method"))
    known = (
        _DONE
        if result is not False
        else _DONE | {"instance_exists": "does not know the guest of {server}"}
    )
    what = known.get(method, "has done {method}").format(
        server=server(telling, telling.data.get("instance")), method=method
    )
    tells = result is not None and result != [] and method not in _UNTOLD
    gives = f": {shown(result)}" if tells else ""
    return f"The hypervisor {what}{f' after {spent}' if spent else ''}{gives}."


_DONE = {
    "spawn": "has spawned the guest of {server}",
    "destroy": "has destroyed the guest of {server}",
    "get_info": "tells how the guest of {server} is",
    "instance_exists": "knows the guest of {server}",
    "init_host": "is ready",
    "power_off": "has switched the guest of {server} off",
    "power_on": "has switched the guest of {server} on",
    "reboot": "has rebooted the guest of {server}",
    "migrate_disk_and_power_off": "has switched the guest of {server} off and sent its disk",
    "finish_migration": "has made the guest of {server} of the disk that has come",
    "confirm_migration": "has removed what {server} had left",
    "finish_revert_migration": "has made the guest of {server} again what it was",
}
_UNTOLD = {"migrate_disk_and_power_off", "instance_exists"}
"""What the steps before have told already, and what the sentence itself tells."""


def shown(result: Any) -> str:
    """What a driver's method has returned, short; a power state by its name."""
    if isinstance(result, dict) and result.get("state") in PowerState.__members__.values():
        return PowerState(result["state"]).name.lower()
    if isinstance(result, dict) and all(isinstance(one, dict) for one in result.values()):
        return resources({name: one.get("total") for name, one in result.items()})
    if isinstance(result, dict):
        said = {name: one for name, one in result.items() if one is not None}
        flat = {name: one for name, one in said.items() if not isinstance(one, (dict, list))}
        return several((f"{name} {value(thing, 24)}" for name, thing in flat.items()), most=4)
    if isinstance(result, list):
        texts = (shown(one) if isinstance(one, dict) else value(one, 24) for one in result)
        return several(texts, most=4)
    return value(result, 60)


def whose(telling: Telling) -> str:
    """Of which server, where it is about one."""
    uuid = telling.data.get("instance")
    return f" for {server(telling, uuid)}" if uuid else ""


def virt_error(telling: Telling) -> str:
    """virt.error"""
    data = telling.data
    told = ": ".join(str(data[name]) for name in ("error", "message") if data.get(name))
    reason = value(told or "an error", 200).rstrip(".")
    return (
        f"The hypervisor fails at {data.get('method')}{whose(telling)}{after(telling)}: {reason}."
    )


_STEPS = {
    "download": "has fetched the image{size} into its cache",
    "convert": "has converted the image to raw",
    "overlay": "has made a disk of {gb} GB over the cached image",
    "config_drive": "has made a config drive ({format})",
    "define": "has defined the domain {domain}",
    "start": "has started the guest",
    "stop": "has stopped the guest",
    "shutdown": "has seen the guest shut down, as it was asked to,",
    "pause": "has frozen the guest",
    "unpause": "has let the guest go on",
    "save": "has saved the guest's memory and stopped it",
    "restore": "has started the guest from its saved memory",
    "extract": "has copied the guest's disk{size}",
    "upload": "has sent the copy{size}",
    "redefine": "has given the domain {domain} another definition",
    "plug": "has plugged a card in",
    "unplug": "has pulled a card out",
    "password": "has changed the password inside the guest",
    "undefine": "has undefined the guest and removed its disk",
    "remove": "has removed a file that nobody needs any more",
    "copy": "has sent the disk{size} to {dest}",
    "copy_base": "has copied the cached image{size} from {source}",
    "precopy": "has sent round {round} of the guest's memory ({left} MB are to be sent again)",
    "switchover": "has stopped the guest and sent the last {left} MB",
    "postcopy": "has sent the last {left} MB after the guest",
}


def virt_step(telling: Telling) -> str:
    """virt.step"""
    data = telling.data
    size = f" ({data['bytes'] / 2**20:.0f} MiB)" if isinstance(data.get("bytes"), int) else ""
    known = _STEPS.get(str(data.get("step")), f"has done '{data.get('step')}'")
    done = known.format_map(
        {
            **data,
            "size": size,
            "gb": data.get("gb", "some"),
            "domain": data.get("domain", ""),
            "dest": data.get("dest", "another host"),
        }
    )
    spent = f" in {seconds(data['seconds'])}" if data.get("seconds") else ""
    return f"The hypervisor of {host_of(telling.actor) or telling.actor} {done.rstrip()}{whose(telling)}{spent}."


def unexpected(telling: Telling) -> str:
    """state.unexpected"""
    data = telling.data
    before, moved = data.get("before") or data.get("from"), data.get("after") or data.get("to")
    change = f" from {before} to {moved}" if before or moved else ""
    return f"{subject(telling)} makes a change of state that Nova's own flow does not have{whose(telling)}{change}."


def given(args: Any) -> str:
    """The arguments of a command."""
    if isinstance(args, dict):
        shown = {name: thing for name, thing in args.items() if thing is not None}
        return several((f"{name} {value(thing, 30)}" for name, thing in shown.items()), most=5)
    return value(args, 80) if args else ""


_COMMANDS = {
    "advance": "You let {seconds:g} s pass.",
    "capture": "Someone has taken {host} over, and tries what its nova-compute can reach.",
    "heard": "The hypervisor of {host} tells, unasked, that a guest is {state}.",
    "metadata": "The guest at {address} asks 169.254.169.254: {method} {path}.",
    "write_memory": "You have the guest write {rate:g} MB a second to its memory.",
}


def command(telling: Telling) -> str:
    """input"""
    verb, args = str(telling.data.get("verb", "something")), telling.data.get("args")
    try:
        if verb == "guest":
            return deed(telling, telling.data["args"])
        if verb == "at":
            return faults.at(args or {})
        if verb == "request":
            return asked(telling, telling.data["args"])
        if verb not in _COMMANDS:
            return f"You {faults.deed(verb, args or {})}."
        named = {
            name: who(thing) if name == "service" else thing for name, thing in (args or {}).items()
        }
        return _COMMANDS[verb].format_map(named)
    except (AttributeError, KeyError, ValueError, TypeError):
        told = given(args)
        return f"You ask from outside: {verb}{f' ({told})' if told else ''}."


def asked(telling: Telling, args: dict[str, Any]) -> str:
    """A request from outside, and which server it is about where its path names one."""
    known = (uuid for uuid in uuids(str(args["path"])) if uuid in telling.names.servers)
    about = next((f", for {server(telling, uuid)}" for uuid in known), "")
    return f"You ask {who(args['service'])}{about}: {args['method']} {short(args['path'])}."


_DEEDS = {
    "poweroff": "The guest of {server} on {host} switches itself off: nobody has asked Nova.",
    "crash": "The guest of {server} on {host} crashes.",
}


def deed(telling: Telling, args: dict[str, Any]) -> str:
    """What a guest does, or somebody on its host does to it, beside Nova."""
    text = _DEEDS.get(
        args["deed"], "On {host} somebody does `virsh {deed}` to the guest of {server}."
    )
    return text.format_map({**args, "server": server(telling, args["server"])})


_SPENT = {
    "request": "{of} has spent {spent} on a request, {name}",
    "transaction": "{of} has spent {spent} on a transaction with {name}",
    "database": "{of} has spent {spent} on a transaction of {by}",
}


def cost(telling: Telling) -> str:
    """cost"""
    data = telling.data
    named = {"of": data["of"], "name": data["name"], "by": telling.actor}
    told = _SPENT[data["what"]].format(spent=f"{1e3 * data['seconds']:.3g} ms", **named)
    waited = (
        f" which had waited {1e3 * data['waited']:.3g} ms for its turn" if data["waited"] else ""
    )
    return f"{told}{',' if waited else ''}{waited}."


def log(telling: Telling) -> str:
    """log"""
    data = telling.data
    return f"{subject(telling)} logs {data.get('level', 'INFO')}: {value(data.get('message'), 200)}"

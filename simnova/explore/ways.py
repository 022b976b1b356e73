"""The ways in which a request ends when something breaks: by what they are known, and why Nova ends it so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simnova.explore.play import Ending
from simnova.explore.points import Point

ELSEWHERE = "compute2"
"""The host that nobody breaks: the scenarios' first server goes to the other one."""


@dataclass(frozen=True)
class Way:
    """One way to end, why, and who sees to it; where a `Hang` is left besides, that has its own remedy."""

    name: str
    fits: Callable[[Point, Ending], bool]
    why: str
    mends: str = ""


def way_of(point: Point, ending: Ending) -> Way | None:
    """The way that an ending is one of."""
    return next((way for way in WAYS if way.fits(point, ending)), None)


def _refused(_: Point, ending: Ending) -> bool:
    return not ending.accepted and ending.settled.status is None


def _unheard(_: Point, ending: Ending) -> bool:
    return not ending.accepted and ending.settled.vm_state == "active"


def _forgotten(_: Point, ending: Ending) -> bool:
    return not ending.accepted and ending.settled.build_request


def _well(ending: Ending) -> bool:
    facts = ending.settled
    whole = facts.allocation == facts.guests == facts.ports == (facts.host,)
    return facts.vm_state == "active" and whole


def _waited(_: Point, ending: Ending) -> bool:
    return _well(ending) and ending.broken.vm_state != "active"


def _next_host(_: Point, ending: Ending) -> bool:
    return _well(ending) and ending.settled.host == ELSEWHERE


def _not_needed(_: Point, ending: Ending) -> bool:
    return _well(ending)


def _undone(_: Point, ending: Ending) -> bool:
    return ending.settled.vm_state == "active"


def _fault(text: str, cell0: bool) -> Callable[[Point, Ending], bool]:
    def fits(_: Point, ending: Ending) -> bool:
        facts = ending.settled
        return (facts.row == "nova_cell0") is cell0 and (facts.fault or "").startswith(text)

    return fits


def _found(_: Point, ending: Ending) -> bool:
    return ending.settled.vm_state == "error" and ending.settled.fault is None


def _building(_: Point, ending: Ending) -> bool:
    return ending.settled.vm_state == "building"


WAYS: tuple[Way, ...] = (
    Way(
        "refused",
        _refused,
        "nova-api asks Glance and Neutron before it writes anything, and nothing was written: the client "
        "hears at once that it failed, and nothing is left.",
        "nobody needs to: ask again",
    ),
    Way(
        "built, and the client does not know",
        _unheard,
        "The cast was on the wire when nova-api died, so the server is built; only the answer is missing. Who "
        "asks again has two.",
        "the client: look whether it is there before asking again",
    ),
    Way(
        "forgotten, and the client does not know",
        _forgotten,
        "nova-api died between its database, which has the request, and the cast.",
    ),
    Way(
        "built after the restart",
        _waited,
        "The message waited in its queue, which RabbitMQ keeps while nobody reads it, or was not acknowledged yet "
        "and went back there: the next life of the service takes it up.",
        "the restart of the service, by itself",
    ),
    Way(
        "built on the next host",
        _next_host,
        "A call of nova-compute to the conductor was not answered within `rpc_response_timeout` (60 s). For "
        "nova-compute the build has failed before it made anything (RescheduledException): it gives back what "
        "it had claimed, and the conductor casts to the next alternate. Where the reply was lost and not the "
        "call, what was asked has been done all the same.",
        "Nova, by itself; a host whose row was saved unheard counts wrongly until something changes on it",
    ),
    Way(
        "built",
        _not_needed,
        "What broke was not needed any more, or is a fan-out for which nobody waits "
        "(`_sync_scheduler_instance_info` repeats it).",
        "nobody needs to",
    ),
    Way(
        "built, and undone in part",
        _undone,
        "The guest runs and the row says ACTIVE, but nova-compute heard a timeout while it wrote that, or the "
        "end of its action: for it the build failed, and a build that fails gives its allocation back, "
        "before the last save its ports too.",
    ),
    Way(
        "no host: the scheduler does not answer",
        _fault("Timed out", cell0=True),
        "select_destinations is a call: the conductor waits `rpc_response_timeout` (60 s) for a sign of life, "
        "then buries the server in cell0, in ERROR, with the fault and an action that failed. Where the "
        "scheduler answers too late, or takes the message up after its restart, it claims room for nobody.",
        "the user: delete it, ask again",
    ),
    Way(
        "no host: Placement does not answer",
        _fault("No valid host", cell0=True),
        "The scheduler takes a Placement that does not answer for one that has no room (`safe_connect` "
        "returns None): NoValidHost, ERROR in cell0.",
        "the user: delete it, ask again",
    ),
    Way(
        "no other host",
        _fault("Exceeded maximum number of retries", cell0=False),
        "The build failed on its host and was given back, and the conductor could claim no alternate: Glance "
        "or Placement was still away.",
        "the user: delete it, ask again",
    ),
    Way(
        "given up on its host",
        _fault("Build of instance", cell0=False),
        "What fails while the task is written down or disks are prepared aborts the build "
        "(BuildAbortException); so does a Neutron that is still away when what it did is to be undone, for else "
        "the next host would try. Ports are removed as far as Neutron answers.",
        "the user: delete it, ask again",
    ),
    Way(
        "given up after it was started",
        _fault("Timed out", cell0=False),
        "The last save of the row was not answered: \"Unexpected build failure, not rescheduling build.\" "
        "Ports and allocation are given back, the host's name is taken off the server, and nobody stops the "
        "guest.",
    ),
    Way(
        "found at the start",
        _found,
        "nova-compute died at work: what it had acknowledged is lost with it. Its next life finds the server "
        "half built (`_init_instance`, or by its allocation where it was not claimed yet) and sets ERROR, "
        "without a fault.",
        "the restart sets ERROR; the user deletes it",
    ),
    Way(
        "for ever in BUILD",
        _building,
        "Who had the message is dead, or the message is lost, and with it all that was to come; or "
        "nova-compute could tell nobody what it did: there is no periodic task that looks for a build that "
        "nobody works on.",
    ),
)  # fmt: skip
"""In this order: the first that fits is the one."""

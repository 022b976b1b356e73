"""What the scheduler decides."""

from __future__ import annotations

from typing import Any

from simnova.observe.story_en.words import count, server, several
from simnova.observe.telling import Telling


def rejected(data: dict[str, Any]) -> dict[str, str]:
    """The hosts that a filter turned down, and why; empty where the journal keeps no verdicts."""
    verdicts = data.get("verdicts") or {}
    return {host: str(said) for host, said in verdicts.items() if said is not True}


def because(host: str, reason: str) -> str:
    """A host and the reason, without a reason that says nothing."""
    return f"{host} ({reason.rstrip('.')})" if reason and reason not in {"False", "None"} else host


def verdict(telling: Telling) -> str:
    """scheduler.filter"""
    data = telling.data
    out = rejected(data)
    name, asked, passed = data.get("filter"), int(data["asked"]), int(data["passed"])
    if not out and passed == asked:
        return f"{name} passes {passed} of {count(asked, 'host')}."
    if len(out) == 1:
        ((host, reason),) = out.items()
        detail = f": {reason.rstrip('.')}" if reason not in {"", "False", "None"} else ""
        return f"{name} rejects {host}{detail}; {passed} of {count(asked, 'host')} left."
    why = several((because(host, reason) for host, reason in out.items()), most=3)
    return f"{name} passes {passed} of {count(asked, 'host')}" + (
        f"; it rejects {why}." if why else "."
    )


def weigh(telling: Telling) -> str:
    """scheduler.weigh"""
    data = telling.data.copy()  # each look at what it says of many hosts would work it out again
    weights = data.get("weights") or {}
    order = data.get("order") or sorted(weights, key=lambda host: -weights[host])
    ranked = [f"{host} {weights[host]:.2f}" if host in weights else str(host) for host in order]
    names = count(len(data.get("weighers") or ()), "weigher ranks", "weighers rank")
    hosts = f"{count(len(order), 'host')}, heaviest first: {several(ranked, most=6)}"
    return f"{names[0].upper()}{names[1:]} {hosts}{told(data)}."


def told(data: dict[str, Any]) -> str:
    """Which weighers made a difference between the hosts."""
    deciding = [
        str(one.get("name"))
        for one in data.get("weighers") or ()
        if one.get("multiplier") and len(set((one.get("normalized") or {}).values())) > 1
    ]
    if not data.get("weighers") or len(data.get("weights") or ()) < 2:
        return ""
    return f"; {several(deciding)} told them apart" if deciding else "; all weigh the same"


def select(telling: Telling) -> str:
    """scheduler.select"""
    data = telling.data
    spare = [str(host) for host in data.get("alternates") or ()]
    ready = (
        f"; {several(spare)} {'is' if len(spare) == 1 else 'are'} kept as alternates"
        if spare
        else ""
    )
    if len(spare) == 1:
        ready = f"; {spare[0]} is kept as an alternate"
    whom = server(telling, data.get("instance"))
    return f"The scheduler chooses {data.get('host')} for {whom}{standing(telling)}{ready}."


def standing(telling: Telling) -> str:
    """How the chosen host stood among the weighed ones, where it was not simply the heaviest."""
    weighed = telling.behind("scheduler.weigh", within=40)
    data = weighed.data if weighed else {}
    weights, order, host = data.get("weights") or {}, data.get("order") or [], telling.data["host"]
    if host not in weights or data.get("instance") != telling.data.get("instance"):
        return ""
    first = order[0] if order else host
    if weights[first] > weights[host]:
        drawn = f"host_subset_size lets it draw among the best, or {first} could not be claimed"
        return f", although {first} weighs more: {drawn}"
    equal = sum(weight == weights[host] for weight in weights.values())
    return f", the first of the {equal} that weigh the same" if equal > 1 and host == first else ""

"""The answer to a scenario, in the shape of those that were recorded of real Nova."""

from __future__ import annotations

from typing import Any

from simnova.scenario.play import Played

Answer = dict[str, Any]


def as_answer(played: Played) -> Answer:
    """What was seen, as JSON."""
    placed, passed = set(played.candidates), set(played.passed)
    found: Answer = {
        "name": played.name,
        "enabled_filters": played.enabled_filters,
        "hosts": {
            host: {
                "filters": {name: _plain(verdict) for name, verdict in said.items()},
                "placement": host in placed,
                "passed": host in passed,
                **_weights(played, host),
            }
            for host, said in played.verdicts.items()
        },
        "placement_query": played.query and f"/allocation_candidates?{played.query}",
        "order": list(played.weights),
        "tie_for_best": _tie(played.weights),
        "selections": played.selections,
    }
    return found if played.error is None else {**found, "error": played.error}


def _plain(verdict: bool | str) -> bool | str:
    """A no without its reason; an exception stays as it is."""
    return verdict if verdict is True or str(verdict).startswith("EXC ") else False


def _tie(weights: dict[str, float]) -> list[str]:
    most = max(weights.values(), default=0.0)
    best = [host for host, weight in weights.items() if weight == most]
    return best if len(best) > 1 else []


def _weights(played: Played, host: str) -> Answer:
    """The weight of a host that was weighed, and of which parts it is the sum."""
    if host not in played.weights:
        return {}
    parts = {each["name"]: _part(each, host) for each in played.weighers}
    weight = {"weight": played.weights[host]}
    return {"weights": parts, **weight} if parts else weight


def _part(weigher: dict[str, Any], host: str) -> dict[str, float]:
    multiplier = weigher["multiplier"]
    factor = multiplier[host] if isinstance(multiplier, dict) else multiplier
    scaled = weigher["normalized"][host]
    raw = weigher["raw"][host]
    return {"raw": raw, "norm": scaled, "multiplier": factor, "score": factor * scaled}

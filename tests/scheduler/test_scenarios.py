"""The same clouds, the same requests: what real Nova's scheduler answered, ours answers, in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simnova import scenario as scenarios
from simnova.kernel.clock import Clock
from simnova.nova import loadables
from simnova.nova.scheduler.filters import all_filters

SHARED = Path(__file__).parents[3] / "shared" / "nova" / "scheduler_scenarios.jsonl"
SMALL = Path(__file__).parent / "data" / "scenarios.jsonl"
PATH = SHARED if SHARED.exists() else SMALL
RECORDED = [json.loads(line) for line in PATH.read_text().splitlines()]
MORE = SMALL.with_name("pinning_and_devices.jsonl")
"""Dedicated CPUs, pages, PCI devices at NUMA nodes, failing requests: what the recordings above do not have."""
COMMITTED = [json.loads(line) for line in SMALL.read_text().splitlines()]
NUMBERS = ("weights", "weight")


def named(line: dict[str, Any]) -> str:
    return str(line["scenario"]["name"])


def without_numbers(answer: dict[str, Any]) -> dict[str, Any]:
    hosts = {
        name: {key: value for key, value in host.items() if key not in NUMBERS}
        for name, host in answer["hosts"].items()
    }
    return {**answer, "hosts": hosts}


def numbers(answer: dict[str, Any]) -> dict[str, float]:
    """Every weight under a name of its own: `host/RAMWeigher/raw`, `host/weight`."""
    found = {}
    for name, host in answer["hosts"].items():
        for weigher, parts in host.get("weights", {}).items():
            found |= {f"{name}/{weigher}/{part}": value for part, value in parts.items()}
        found |= {f"{name}/weight": host["weight"]} if "weight" in host else {}
    return found


@pytest.mark.parametrize(
    "line",
    [
        *COMMITTED,
        *(
            pytest.param(one, marks=pytest.mark.thorough)
            for one in RECORDED
            if one not in COMMITTED
        ),
    ],
    ids=named,
)
def test_the_answer_is_real_novas(line: dict[str, Any]) -> None:
    read = scenarios.from_json(line["scenario"])
    assert not [warning for warning in read.warnings if "ignored" in warning]
    agree(read.answer(), line["answer"])


@pytest.mark.parametrize("text", MORE.read_text().splitlines())
def test_what_is_odd_is_decided_as_in_nova(text: str) -> None:
    line = json.loads(text)
    agree(scenarios.from_json(line["scenario"]).answer(), line["answer"])


def agree(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    assert without_numbers(answer) == without_numbers(expected)
    assert numbers(answer) == pytest.approx(numbers(expected), rel=1e-9, abs=1e-9)
    json.dumps(answer, allow_nan=False)


def test_the_committed_recordings_are_among_the_shared() -> None:
    shared = {named(line): line for line in RECORDED}
    for line in COMMITTED:
        assert shared[named(line)] == line


@pytest.mark.parametrize("line", RECORDED[::20], ids=named)
def test_the_objects_of_a_scenario_get_the_same_verdicts(line: dict[str, Any]) -> None:
    read = scenarios.from_json(line)
    conf, spec = scenarios.config(read), scenarios.request_spec(read)
    for host in scenarios.host_states(read):
        said = line["answer"]["hosts"][host.host]["filters"]
        for name, expected in said.items():
            plug_in = loadables.make(all_filters()[name], conf, Clock())
            assert bool(plug_in.host_passes(host, spec)) == expected

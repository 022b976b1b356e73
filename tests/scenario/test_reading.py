"""A scenario is read or refused; a refusal names the field, the value and the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simnova import UsageError
from simnova.scenario import from_json


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("hosts", 0, "vcpus"), "8", "host 'a': vcpus is \"8\", but must be a whole number"),
        (("hosts", 0, "vcpus"), True, "vcpus is true"),
        (("hosts", 0, "vcpus"), -1, "from 0 up (physical CPUs)"),
        (("hosts", 0, "name"), None, "hosts 0 lacks 'name'"),
        (("hosts", 0, "total_ram_mb"), None, "host 'a' lacks 'total_ram_mb'"),
        (("hosts", 0, "aggregates"), ["x"], "unknown aggregate of host 'a' 'x'"),
        (("hosts", 0, "service"), {"up": "yes"}, "host 'a': service: up is \"yes\""),
        (("hosts", 0, "service"), {"last_seen_s": 1e300}, "must be a number of seconds"),
        (("hosts", 0, "instances"), [{"name": "x"}], "lacks 'uuid'"),
        (("hosts", 0, "instances"), ["i", "i"], "two servers have the UUID 'i'"),
        (("hosts", 0, "extra_inventory"), {"VGPU": {"used": 1}}, "VGPU lacks 'total'"),
        (("hosts", 1, "name"), "a", "two hosts are called 'a'"),
        (("hosts",), None, "the scenario lacks 'hosts'"),
        (("hosts",), {"a": {}}, 'hosts is {"a": {}}, but must be a list of objects'),
        (("request",), None, "lacks 'request'"),
        (("request", "flavor"), None, "request lacks 'flavor'"),
        (("request", "flavor", "ram_mb"), 0.5, "flavor: ram_mb is 0.5"),
        (("request", "group"), [{"policy": "affinity"}], "must be an object (the server group"),
        (("request", "group"), {"policy": "sideways"}, "must be affinity, anti-affinity"),
        (("request", "num_instances"), 0, "a whole number from 1 to"),
        (("request", "num_instances"), 2**52, "a whole number from 1 to"),
        (("request", "flavor", "vcpus"), 2**52, "a whole number from 0 to"),
        (("request", "hints"), {"same_host": {"a": 1}}, "hints is"),
        (("aggregates",), [{"name": "g"}, {"name": "g"}], "two aggregates are called 'g'"),
        (("config",), [1], "config is [1]"),
        (("release",), "zulu", "must be one of mitaka"),
    ],
)
def test_what_is_wrong_is_named(
    small: dict[str, Any], where: tuple[Any, ...], value: Any, said: str
) -> None:
    held: Any = small
    for key in where[:-1]:
        held = held[key]
    held[where[-1]] = value
    with pytest.raises(UsageError) as refused:
        from_json(small)
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "[1", "[]", "3", "null", '{"hosts": NaN}', b"\xff\xfe\n"])
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(UsageError):
        from_json(text)


def test_what_is_nested_without_end_is_refused() -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        from_json('{"hosts": ' + "[" * 100_000)


def test_what_is_unknown_is_ignored_with_a_warning(small: dict[str, Any]) -> None:
    hosts = [host | {"color": "red"} for host in small["hosts"]]
    data = small | {"hosts": hosts, "comment": "?", "config": {"scheduler": {"workerz": 1}}}
    read = from_json(data)
    assert [text.partition(":")[0] for text in read.warnings] == [
        "unknown field of the scenario 'comment'",
        "unknown field of host 'a' 'color'",
        "unknown option of [scheduler] 'workerz'",
    ]
    assert read.answer() == from_json(small).answer()


def test_null_is_as_good_as_absent(small: dict[str, Any]) -> None:
    nothing = dict.fromkeys(["service", "traits", "zone", "free_ram_mb", "instances"])
    hosts = [host | nothing for host in small["hosts"]]
    request = small["request"] | {"hints": {"query": None}}
    data = small | {"hosts": hosts, "enabled_filters": None, "request": request}
    assert from_json(data).answer() == from_json(small).answer()


def test_it_reads_what_it_writes(small: dict[str, Any]) -> None:
    read = from_json(small)
    assert from_json(read.to_json()) == read


def test_a_line_of_a_recording_will_do(small: dict[str, Any]) -> None:
    assert from_json({"scenario": small, "answer": {}}) == from_json(json.dumps(small))

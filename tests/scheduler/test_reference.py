"""The page of filters and weighers says what there is."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from simnova.config import Config
from simnova.nova.scheduler.filters import all_filters, get_filter_classes
from simnova.nova.scheduler.reference import ABSENT, GONE, options, reference
from simnova.nova.scheduler.scale import normalize
from simnova.nova.scheduler.weights import BaseHostWeigher, all_weighers, get_weigher_classes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "filters.md"


def test_the_page_is_up_to_date() -> None:
    said = "run: python -m simnova.nova.scheduler > docs/reference/filters.md"
    assert PAGE.read_text() == reference(), said


def test_it_has_every_filter_and_weigher_once() -> None:
    rows = [line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted([*all_filters(), *all_weighers()])


@pytest.mark.parametrize("name", GONE)
def test_a_filter_of_an_older_release_says_until_when(name: str) -> None:
    assert f"Until {GONE[name].release}: " in (inspect.getdoc(all_filters()[name]) or "")


def test_what_is_absent_is_absent() -> None:
    assert not set(ABSENT) & set(all_filters())


def test_options_are_found_in_the_source_and_the_docstring() -> None:
    found = {name: options(cls) for name, cls in {**all_filters(), **all_weighers()}.items()}
    assert found["ComputeFilter"] == ["service_down_time"]
    assert found["AllHostsFilter"] == []
    assert len(found["IsolatedHostsFilter"]) == 3
    assert len(found["MetricsWeigher"]) == 4
    assert found["AggregateIoOpsFilter"] == found["IoOpsFilter"]


@pytest.mark.parametrize("release", ["mitaka", "newton", "hibiscus"])
def test_every_default_of_a_release_is_there(release: str) -> None:
    chosen = Config(release).filter_scheduler
    assert len(get_filter_classes(chosen.enabled_filters)) == len(chosen.enabled_filters)
    assert get_weigher_classes(chosen.weight_classes)


def test_the_page_tells_how_weights_are_normalised():
    told = " ".join(PAGE.read_text().split())
    assert normalize([1024, 3072, 4096]) == pytest.approx([0, 0.67, 1], abs=0.01)
    assert normalize([1024, 3072, 4096], minval=0) == [0.25, 0.75, 1]
    assert "1024, 3072 and 4096 MB free: with no `minval` they have 0, 0.67 and 1" in told
    assert "RAMWeigher (`minval` 0)" in told
    assert "where low and high are equal" in (BaseHostWeigher.__doc__ or "")

"""`simnova schedule`: one scenario as tables, or a stream of them, each answered on its line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from simnova import cli
from simnova.scenario import from_json
from simnova.scenario.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scenario.md"


class Input(io.StringIO):
    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.buffer = io.BytesIO(text)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda text: monkeypatch.setattr(sys, "stdin", Input(text))


def test_each_line_has_its_answer_and_a_broken_one_stops_nothing(
    small: dict[str, Any], typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps(small).encode()
    typed(b"\n".join([line, b"{", b"", b"\xff\xfe", b'{"hosts": []}', line]))
    assert cli.main(["schedule", "--jsonl"]) == 1
    first, *broken, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == last == from_json(small).answer()
    assert [list(answer) for answer in broken] == [["error"]] * 3


def test_a_request_without_a_host_is_no_broken_line(
    small: dict[str, Any], typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(json.dumps(small | {"hosts": [], "extra": 1}).encode())
    assert cli.main(["schedule", "--jsonl"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["error"] == "No valid host was found. "
    assert told.err.startswith("simnova: scenario 1: unknown field of the scenario 'extra'")


def test_a_file_is_told_as_tables(
    small: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cloud.json"
    path.write_text(json.dumps(small, indent=2))
    assert cli.main(["schedule", str(path)]) == 0
    told = capsys.readouterr().out
    assert "Weights, heaviest first" in told
    assert told.endswith("server 1: a, alternates b\n")


@pytest.mark.parametrize(
    ("text", "said"), [(b"{", "this is no JSON"), (b"{}", "lacks 'hosts'"), (b"", "no JSON")]
)
def test_what_is_no_scenario_is_refused(
    typed: Any, capsys: pytest.CaptureFixture[str], text: bytes, said: str
) -> None:
    typed(text)
    assert cli.main(["schedule"]) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schedule", "/nowhere.json"]) == 1
    assert "cannot read /nowhere.json" in capsys.readouterr().err


def test_the_reference_page_is_up_to_date() -> None:
    said = "run: python -m simnova.scenario > docs/reference/scenario.md"
    assert PAGE.read_text() == reference(), said

"""`simnova schedule`: one scenario as tables, or a stream of them, each answered on its line."""

from __future__ import annotations

import io
import json
import subprocess
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
    assert told.err.startswith("simnova: line 1: unknown field of the scenario 'extra'")


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


def test_a_broken_line_is_told_by_its_number(
    small: dict[str, Any], typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(json.dumps(small).encode() + b"\n\n{}\n")
    assert cli.main(["schedule", "--jsonl"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["error"].startswith("line 3: the scenario lacks 'hosts'")


def test_one_scenario_on_many_lines_is_no_stream(
    small: dict[str, Any], typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(json.dumps(small, indent=2).encode())
    assert cli.main(["schedule", "--jsonl"]) == 1
    told = capsys.readouterr()
    assert not told.out
    assert told.err.endswith("leave --jsonl out\n")


def test_one_scenario_can_be_answered_in_json(
    small: dict[str, Any], typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(json.dumps(small).encode())
    assert cli.main(["schedule", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == from_json(small).answer()
    with pytest.raises(SystemExit):
        cli.main(["schedule", "--jso"])


def test_who_reads_the_head_alone_hears_no_complaint(small: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text((json.dumps(small) + "\n") * 50)
    asked = [sys.executable, "-m", "simnova", "schedule", "--jsonl", str(path)]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


def test_a_zone_that_no_host_is_in_is_told(small: dict[str, Any]) -> None:
    small["request"]["availability_zone"] = "nope"
    (warning,) = from_json(small).warnings
    assert "availability_zone 'nope' is the zone of no host (zones: nova)" in warning
    small["hosts"][0]["zone"] = "nope"
    assert not from_json(small).warnings

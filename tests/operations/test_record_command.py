"""`simnova record` as it is typed: options anywhere, and mistakes told before anything is done."""

from __future__ import annotations

import pytest

from simnova.cli import main


def done(printed: str) -> list[str]:
    return [line.partition(",")[0] for line in printed.splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize(
    "words",
    [
        "create --down host1 evacuate --seed 1",
        "--down host1 create evacuate --seed=1",
        "create evacuate --seed 1 --down host1",
    ],
)
def test_options_may_stand_between_the_actions(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", *words.split()]) == 0
    assert done(capsys.readouterr().out) == ["create", "evacuate"]


def test_actions_keep_their_order_around_options(capsys: pytest.CaptureFixture[str]) -> None:
    words = "create --set ram_allocation_ratio=2 pause --hosts 1 unpause --seed 2 delete"
    assert main(["record", *words.split()]) == 0
    assert done(capsys.readouterr().out) == ["create", "pause", "unpause", "delete"]


@pytest.mark.parametrize("words", ["create resize=m1.big", "create pause rebuild=debian"])
def test_a_name_that_the_cloud_does_not_have_is_told_before_the_first_action(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", *words.split()]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "unknown" in told.err


@pytest.mark.parametrize("number", ["0", "-1", "two"])
def test_a_cloud_needs_a_host(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["record", "create", "--hosts", number])
    assert f"{number}: give a whole number, 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["record create --nix resize", "boot one two"])
def test_what_is_no_argument_is_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words.split())
    assert "unrecognized arguments" in capsys.readouterr().err

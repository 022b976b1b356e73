"""What the README shows works when it is pasted."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_its_code_runs(block, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "pasted"})
    if "print" in block:
        assert "to active" in capsys.readouterr().out


def test_the_five_lines_are_five():
    lines = [line for line in BLOCKS[0].splitlines() if line.strip()]
    assert len(lines) <= 5
    assert "boot" in BLOCKS[0]


def test_every_file_it_links_to_is_there():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    missing = [link for link in links if not (Path(__file__).parent.parent / link).exists()]
    assert links
    assert missing == []

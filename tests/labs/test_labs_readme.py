"""The exercise that the labs' README shows works when it is pasted."""

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "labs" / "README.md").read_text()


def test_the_small_exercise_is_set_and_its_answer_is_right(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pasted = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.S):
        exec(compile(block, "README.md", "exec"), pasted)
    assert "✓" in capsys.readouterr().out
    assert pasted["right"] == [pasted["answer"]]
    assert "What does not arrive after this?" in (tmp_path / "exercise.html").read_text()

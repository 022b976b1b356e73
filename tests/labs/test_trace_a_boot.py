"""The lab "trace a boot", made, handed in and graded as an instructor would do it."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat import NotebookNode

LAB = "trace_a_boot"
NOTEBOOK = f"{LAB}/{LAB}.ipynb"
LABS = Path(__file__).parents[2] / "labs"


def code(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The code cells by nbgrader's id."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


SOURCE = read(LABS / "source" / NOTEBOOK)
CHECKS = [name for name, cell in code(SOURCE).items() if cell.metadata.nbgrader.grade]
ANSWERS = [name for name, cell in code(SOURCE).items() if cell.metadata.nbgrader.solution]


class Course(NamedTuple):
    """A course in a folder of its own: what was released, and how two submissions were graded."""

    root: Path
    released: NotebookNode
    graded: dict[str, NotebookNode]
    scores: dict[str, tuple[float, float]]


def nbgrader(root: Path, *arguments: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(
        ["nbgrader", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
    )


def hand_in(root: Path, student: str, notebook: NotebookNode) -> None:
    path = root / "submitted" / student / NOTEBOOK
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def solved(released: NotebookNode) -> NotebookNode:
    """The student's version with the answers of the source in it."""
    notebook, answers = NotebookNode(released).copy(), code(SOURCE)
    notebook = nbformat.from_dict(notebook)
    for name, cell in code(notebook).items():
        if name in ANSWERS:
            cell.source = answers[name].source
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    shutil.copy(LABS / "nbgrader_config.py", root)
    shutil.copytree(LABS / "source", root / "source")
    nbgrader(root, "generate_assignment", "--create", LAB)
    released = read(root / "release" / NOTEBOOK)
    hand_in(root, "empty", released)
    hand_in(root, "solved", solved(read(root / "release" / NOTEBOOK)))
    nbgrader(root, "autograde", LAB)
    nbgrader(root, "export")
    with open(root / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return Course(
        root,
        released,
        {name: read(root / "autograded" / name / NOTEBOOK) for name in ("empty", "solved")},
        {row["student_id"]: (float(row["raw_score"]), float(row["max_score"])) for row in rows},
    )


def errors(cell: NotebookNode) -> list[NotebookNode]:
    return [output for output in cell.outputs if output.output_type == "error"]


def test_the_students_version_has_no_answers_and_no_hidden_tests(course):
    text = "\n".join(cell.source for cell in course.released.cells)
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert text.count("# your answer here") == len(ANSWERS) == 13
    assert not any(cell.get("outputs") for cell in course.released.cells)


def test_the_solution_gets_every_point_and_the_empty_lab_none(course):
    assert course.scores == {"empty": (0.0, 25.0), "solved": (25.0, 25.0)}


def test_the_hidden_tests_ran(course):
    text = "".join(output.text for output in code(course.graded["solved"])["function"].outputs)
    assert text.count("✓") == 4


def test_on_the_empty_lab_each_check_fails_with_a_hint_and_nothing_else_fails(course):
    for name, cell in code(course.graded["empty"]).items():
        assert [error.ename for error in errors(cell)] == (["Hint"] if name in CHECKS else [])


def test_a_hint_is_all_that_a_learner_sees(course):
    for name in CHECKS:
        [error] = errors(code(course.graded["empty"])[name])
        assert error.traceback == [f"✗ {error.evalue}"]


def test_no_hint_holds_the_answer(course):
    hints = {name: errors(code(course.graded["empty"])[name])[0].evalue for name in CHECKS}
    assert "compute3" not in hints["winner"]
    assert "ComputeFilter" not in hints["losers"]
    assert "RAM" not in hints["decisive"]
    assert "conductor" not in hints["queues"].replace("nova-conductor", "")
    assert "build_requests" not in hints["stand-in"]
    assert "networking" not in hints["states"]
    assert "compute4" not in hints["prediction"]
    assert "build_instances" not in hints["handed-back"].replace("build_and_run_instance", "")

"""The project's own papers agree with each other: dependencies, environments, lock, README."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, Version, VersionSpec

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
README = ROOT / "README.md"

CONDA_NAMES = {"matplotlib": "matplotlib-base"}
NEEDS_A_COMPILER = {"libvirt-python"}


def requirements(*extras: str) -> list[Requirement]:
    """The package's own dependencies, and those of the extras named."""
    listed = list(PROJECT["dependencies"])
    for extra in extras:
        listed += PROJECT["optional-dependencies"][extra]
    return [Requirement(line) for line in listed]


EVERYTHING = requirements(*PROJECT["optional-dependencies"])


def conda_specs() -> dict[str, MatchSpec]:
    specs = [MatchSpec(line) for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    return {canonicalize_name(spec.name.normalized): spec for spec in specs}


def locked_versions() -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def bounds(text: str) -> set[str]:
    return set(text.replace(" ", "").split(",")) - {""}


def test_each_dependency_is_listed_once():
    names = [canonicalize_name(requirement.name) for requirement in EVERYTHING]
    assert sorted(names) == sorted(set(names))


def test_environment_has_the_same_dependencies_with_the_same_bounds():
    wanted = {
        canonicalize_name(CONDA_NAMES.get(needed.name, needed.name)): bounds(str(needed.specifier))
        for needed in requirements("lab", "libvirt")
    }
    wanted["python"] = bounds(PROJECT["requires-python"])
    wanted["pip"] = set()
    assert {name: bounds(str(spec.version or "")) for name, spec in conda_specs().items()} == wanted


def test_environment_takes_nothing_from_elsewhere():
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    pip_sections = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, dict)]
    assert pip_sections == [{"pip": ["-e ."]}]


@pytest.mark.parametrize("requirement", EVERYTHING, ids=lambda requirement: requirement.name)
def test_the_version_tested_here_lies_inside_the_bounds(requirement):
    try:
        installed = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        if requirement.name not in NEEDS_A_COMPILER:
            raise
        pytest.skip(f"{requirement.name} is not installed here")
    assert installed in requirement.specifier
    spec = conda_specs().get(canonicalize_name(CONDA_NAMES.get(requirement.name, requirement.name)))
    if spec is not None:
        assert VersionSpec(str(spec.version)).matches(Version(installed))


def test_lock_covers_every_dependency_inside_its_bounds():
    locked = locked_versions()
    outside = [
        str(requirement)
        for requirement in EVERYTHING
        if not all(
            version in SpecifierSet(str(requirement.specifier))
            for version in locked.get(canonicalize_name(requirement.name), ["0"])
        )
    ]
    assert outside == []


def test_lock_and_environment_hold_no_address():
    for text in (LOCK, (ROOT / "environment.yml").read_text()):
        assert re.findall(r"\S*://\S*|--(?:extra-)?index-url.*|\S+ @ \S+", text) == []


def imported_packages() -> set[str]:
    """The top names of everything that simnova/ imports and that is not its own or Python's."""
    names = set()
    for path in (ROOT / "simnova").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module))
    return {name.split(".")[0] for name in names} - {"simnova", *sys.stdlib_module_names}


def test_what_the_package_imports_is_a_dependency():
    homes = {"libvirt": ["libvirt-python"], **importlib.metadata.packages_distributions()}
    declared = {canonicalize_name(needed.name) for needed in requirements("lab", "libvirt", "png")}
    undeclared = {
        name
        for name in imported_packages()
        if not declared & {canonicalize_name(home) for home in homes.get(name, [])}
    }
    assert undeclared == set()


def rows_of_the_boot_path(text: str) -> list[str]:
    """The files of this project named in the second column of a table."""
    rows = re.findall(r"^\|[^|\n]*\|([^|\n]*)\|", text, re.MULTILINE)
    return [path for cell in rows for path in re.findall(r"`(simnova/[^`\s]+)`", cell)]


def test_a_table_row_yields_its_second_column():
    table = "| step | here | in Nova |\n|---|---|---|\n| 1 | `simnova/a.py` | `nova/b.py` |\n"
    assert rows_of_the_boot_path(table) == ["simnova/a.py"]


@pytest.mark.skipif(not README.exists(), reason="README.md is not written yet")
def test_the_readme_names_files_that_exist():
    named = rows_of_the_boot_path(README.read_text())
    assert named, "the README has its table of the boot path"
    assert [path for path in named if not (ROOT / path.split("::")[0]).exists()] == []

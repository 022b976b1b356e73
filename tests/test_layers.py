"""Who may import whom: the rooms of the design page, read from the imports themselves."""

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
EDGES = {
    "",
    "__main__",
    "cli",
    "cli_journals",
    "magics",
}  # what a person touches: these may import everything
SERVICES = {"nova", "keystone", "glance", "neutron", "placement"}
BELOW_SERVICES = {
    "exceptions",
    "jsonschemas",
    "standards",
    "saving",
    "config",
    "kernel",
    "messaging",
    "db",
}
ROOMS = {
    "exceptions": set(),
    "jsonschemas": set(),
    "standards": set(),
    "saving": {"exceptions"},
    "arguments": {"exceptions"},
    "config": {"exceptions"},
    "kernel": {"exceptions", "saving"},
    "messaging": {"exceptions", "config", "kernel"},
    "db": {"exceptions", "config", "kernel", "observe.table"},
    **dict.fromkeys(SERVICES, BELOW_SERVICES),
    "observe": {"exceptions", "saving", "kernel.journal", "nova.objects"},
    "whatif": {*BELOW_SERVICES, "nova", "placement", "scenario", "observe"},
    "teaching": {"exceptions", "kernel.journal", "observe"},
    "widgets": {"arguments", "exceptions", "saving", "config", "kernel", "nova.objects", "observe"},
    "cloud": {"arguments", *BELOW_SERVICES, *SERVICES, "observe", "whatif", "widgets"},
    "explore": {*BELOW_SERVICES, *SERVICES, "cloud", "observe", "whatif", "scenario", "widgets"},
    "scenario": {*BELOW_SERVICES, "nova", "placement", "observe"},
    "http": {*BELOW_SERVICES, *SERVICES, "cloud"},
}
NOVA_SERVICES = {"api", "compute", "conductor", "console", "scheduler"}
# The modules through which services reach each other; utils as in Nova, whose conductor shares them.
CLIENTS = {"api", "client", "rpcapi", "utils"}
JUPYTER = {
    "IPython",
    "anywidget",
    "ipykernel",
    "ipywidgets",
    "jupyter_server",
    "jupyterlab",
    "traitlets",
}
HEAVY = {"matplotlib", "networkx", "numpy", "pandas"}


class Import(NamedTuple):
    """One imported name: by whom, what, on which line, and whether importing the module runs it."""

    module: str
    target: str
    line: int
    runs: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in sorted((ROOT / "simnova").rglob("*.py"))}


def tree(module: str) -> ast.Module:
    """Read anew each time: the garbage collector takes longer over all trees than the parser does."""
    return ast.parse(PATHS[module].read_text())


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements(node: ast.AST, runs: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Every statement below, and whether it runs when the module is imported; no expression holds an import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            continue
        asleep = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        below = runs and not asleep and not is_type_checking(child)
        yield child, below
        yield from statements(child, below)


def source(module: str, node: ast.ImportFrom) -> str:
    """The absolute name that an import is from."""
    if not node.level:
        return str(node.module)
    depth = node.level - (PATHS[module].name == "__init__.py")
    base = module.split(".")[: len(module.split(".")) - depth]
    return ".".join([*base, *([node.module] if node.module else [])])


def targets(module: str, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    origin = source(module, node)
    names = [f"{origin}.{alias.name}" for alias in node.names]
    return [name if name in PATHS else origin for name in names]


@functools.cache
def imports() -> list[Import]:
    return sorted(
        {
            Import(module, target, getattr(node, "lineno", 0), runs)
            for module in PATHS
            for node, runs in statements(tree(module))
            for target in targets(module, node)
        }
    )


def first_party() -> list[Import]:
    return [found for found in imports() if found.target.split(".")[0] == "simnova"]


def inner(module: str) -> str:
    """The module's name inside the package: simnova.kernel.clock is kernel.clock."""
    return module.partition(".")[2]


def room(module: str) -> str:
    return inner(module).split(".")[0]


def within(module: str, place: str) -> bool:
    return inner(module) == place or inner(module).startswith(f"{place}.")


def is_client(module: str) -> bool:
    """Whether this is what a service offers the others: compute.rpcapi, scheduler.client.report."""
    return bool(CLIENTS & set(inner(module).split(".")[2:3]))


def nova_service(module: str) -> str:
    """The Nova service that a module is part of, or nothing."""
    parts = inner(module).split(".")
    return parts[1] if parts[0] == "nova" and len(parts) > 1 and parts[1] in NOVA_SERVICES else ""


def third_party(*packages: str) -> list[Import]:
    return [found for found in imports() if found.target.split(".")[0] in packages]


def told(found: list[Import]) -> list[str]:
    return [str(one) for one in found]


def test_every_room_is_on_the_plan():
    rooms = {room(module) for module in PATHS}
    assert rooms - EDGES <= set(ROOMS)


def test_dependencies_point_one_way():
    wrong = [
        found
        for found in first_party()
        if room(found.module) not in EDGES
        and room(found.module) != room(found.target)
        and not any(within(found.target, place) for place in ROOMS[room(found.module)])
    ]
    assert told(wrong) == []


def test_novas_services_reach_each_other_only_through_a_client():
    wrong = [
        found
        for found in first_party()
        if nova_service(found.module)
        and nova_service(found.target)
        and nova_service(found.module) != nova_service(found.target)
        and not is_client(found.target)
    ]
    assert told(wrong) == []


def test_nova_compute_and_its_drivers_import_no_database():
    wrong = [
        found
        for found in first_party()
        if room(found.target) == "db"
        and (within(found.module, "nova.compute") or within(found.module, "nova.virt"))
        and not is_client(found.module)
    ]
    assert told(wrong) == []


def test_only_the_clock_imports_simpy():
    wrong = [found for found in third_party("simpy") if inner(found.module) != "kernel.clock"]
    assert told(wrong) == []


def test_libvirt_is_imported_when_its_driver_is_made():
    wrong = [
        found
        for found in third_party("libvirt", "libvirt_qemu", "libvirtaio")
        if found.runs or not within(found.module, "nova.virt.libvirt")
    ]
    assert told(wrong) == []


def test_only_the_widgets_need_jupyter():
    wrong = [
        found for found in third_party(*JUPYTER) if room(found.module) not in {"widgets", "magics"}
    ]
    assert told(wrong) == []


def test_heavy_libraries_are_imported_where_they_are_used():
    assert told([found for found in third_party(*HEAVY) if found.runs]) == []


def test_no_import_cycle():
    graph: dict[str, set[str]] = {}
    for found in first_party():
        if found.runs and found.target != found.module:
            graph.setdefault(found.module, set()).add(found.target)
    graphlib.TopologicalSorter(graph).prepare()


def definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    """Public classes and functions, and those inside public classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("_") or "overload" in map(ast.unparse, child.decorator_list):
                continue
            yield f"{prefix}.{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from definitions(child, f"{prefix}.{child.name}")
        elif isinstance(child, ast.If | ast.Try):
            yield from definitions(child, prefix)


def undocumented(module: str) -> list[str]:
    parsed = tree(module)
    public = [(module, parsed), *definitions(parsed, module)]
    return [name for name, node in public if not ast.get_docstring(node)]  # type: ignore[arg-type]


def test_everything_public_has_a_docstring():
    assert [name for module in PATHS for name in undocumented(module)] == []


def test_importing_the_package_loads_nothing_heavy():
    script = "import simnova, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    assert set(loaded.stdout.split()) & {*HEAVY, *JUPYTER, "libvirt"} == set()


class TestTheReadingOfImports:
    """The checks above are worth what this reading is."""

    SAMPLE = """
from typing import TYPE_CHECKING
import numpy
if TYPE_CHECKING:
    import networkx
class Driver:
    import simpy
    def connect(self):
        import libvirt
"""

    def test_it_tells_what_runs_at_import_from_what_does_not(self):
        found = {
            target: runs
            for node, runs in statements(ast.parse(self.SAMPLE))
            for target in targets("simnova", node)
        }
        assert found == {
            "typing": True,
            "numpy": True,
            "networkx": False,
            "simpy": True,
            "libvirt": False,
        }

    def test_it_resolves_relative_imports(self):
        node = ast.parse("from ..kernel import clock").body[0]
        assert isinstance(node, ast.ImportFrom)
        assert targets("simnova.kernel.clock", node) == ["simnova.kernel.clock"]

    def test_it_knows_a_service_and_its_client(self):
        assert nova_service("simnova.nova.compute.manager") == "compute"
        assert nova_service("simnova.nova.objects.instance") == ""
        assert is_client("simnova.nova.scheduler.client.report")
        assert is_client("simnova.nova.compute.rpcapi")
        assert not is_client("simnova.nova.compute.manager")
        assert not is_client("simnova.nova.api.servers")

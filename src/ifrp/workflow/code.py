"""Which source code a verb runs, found by following import statements from its function; nothing is imported.

The Snakefile makes these files inputs of the verb's rule, so that a change reruns what it concerns and nothing else. A verb
itself only hands its arguments on, so its own few lines are not among them. Libraries that draw import graphs, such as
grimp, know modules and not the imports inside one function, and are not there where Snakemake alone is installed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ifrp.errors import IfrpError

PACKAGE = Path(__file__).parents[1]
STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)
"""what can hold an import: no expression can"""
CONFIG = {f"ifrp.config.{path.stem}" for path in (PACKAGE / "config").glob("[!_]*")}
PARTS = {"ifrp.paper.tables", "ifrp.paper.figures"}
NOT_CODE = {
    "ifrp",
    "ifrp.config",
    *CONFIG,
    "ifrp.config.methods.fitting",
    *PARTS,
    "ifrp.options",
    "ifrp.paths",
    "ifrp.errors",
}
"""modules whose effect the workflow sees otherwise (as settings, inputs, paths of outputs, failures), and the version number; not
the keys of each method, whose defaults are in no setting"""


def sources(group: str, verb: str, *modules: str) -> list[str]:
    """Source files that a verb runs, found from its imports, relative to the package's folder.

    Args:
        group: one of the six names.
        verb: a verb of the group.
        modules: dotted names of modules that the verb finds by name at run time, such as a method.

    Raises:
        IfrpError: there is no such verb or module.
    """
    waiting = [name for node in _verb(group, verb) for name in _imports(node)]
    for module in modules:
        if find(module) is None:
            raise IfrpError(f"There is no module {module}; look in {PACKAGE}.")
        waiting.append(module)
    followed: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in followed | NOT_CODE:
            followed.add(module)
            waiting.extend(imported(module))
    files = [path for module in followed if (path := find(module))]
    return sorted(str(path.relative_to(PACKAGE)) for path in files)


def _verb(group: str, verb: str) -> list[ast.stmt]:
    """The verb's function, and the functions of its module that it calls."""
    path = PACKAGE / group / "commands.py"
    named = {node.name: node for node in parse(path).body if isinstance(node, ast.FunctionDef)}
    start = verb.replace("-", "_")
    if start not in named:
        raise IfrpError(f"{path} has no function {start} for the verb `ifrp {group} {verb}`.")
    called = {node.id for node in ast.walk(named[start]) if isinstance(node, ast.Name)}
    return [named[start], *(node for name, node in named.items() if name in called)]


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a file, parsed once."""
    return ast.parse(path.read_text(), str(path))


@cache
def imported(module: str) -> list[str]:
    """Modules of this package that a module imports itself, save for type checking only."""
    path = find(module)
    return list(_imports(parse(path))) if path else []


def _imports(tree: ast.AST) -> Iterator[str]:
    """Modules of this package that are imported anywhere in `tree`, save for type checking only."""
    if isinstance(tree, ast.If) and isinstance(tree.test, ast.Name) and tree.test.id == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names if alias.name.startswith("ifrp."))
    elif isinstance(tree, ast.ImportFrom) and (tree.module or "").split(".")[0] == "ifrp":
        for alias in tree.names:
            name = f"{tree.module}.{alias.name}"
            yield name if find(name) else str(tree.module)
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, STATEMENTS):
            yield from _imports(child)


@cache
def find(module: str) -> Path | None:
    """The file of a module of this package, none if there is no such module."""
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.exists()), None)

"""Which source code a verb runs, found by following import statements from its function; nothing is imported.

The Snakefile makes these files inputs of the verb's rule, so that a change reruns what it concerns and nothing else.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ifrp.errors import IfrpError

PACKAGE = Path(__file__).parent
CONFIG = {f"ifrp.config.{path.stem}" for path in (PACKAGE / "config").glob("[!_]*.py")}
NOT_CODE = {"ifrp", "ifrp.config", *CONFIG, "ifrp.options", "ifrp.paths", "ifrp.errors"}
"""modules whose effect the workflow sees otherwise (as settings, paths of outputs, failures), and the version number"""


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
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in found | NOT_CODE:
            found.add(module)
            waiting.extend(imported(module))
    files = [path for module in found if (path := find(module))]
    return sorted(str(path.relative_to(PACKAGE)) for path in files)


def digest(group: str, verb: str) -> str:
    """Short hash of the verb's own code; comments, docstrings and the help of options do not count."""
    code = []
    for node in _verb(group, verb):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            code += [ast.dump(statement) for statement in body]
        else:
            code.append(ast.dump(node))
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:12]


def _verb(group: str, verb: str) -> list[ast.stmt]:
    """The verb's function, and whatever it uses of its module, in the order of the file."""
    path = PACKAGE / group / "commands.py"
    tree = parse(path)
    named = {name: node for node in tree.body for name in _defines(node)}
    start = verb.replace("-", "_")
    if not isinstance(named.get(start), ast.FunctionDef):
        raise IfrpError(f"{path} has no function {start} for the verb `ifrp {group} {verb}`.")
    waiting, used = [start], {start}
    while waiting:
        for node in ast.walk(named[waiting.pop()]):
            if isinstance(node, ast.Name) and node.id in named and node.id not in used | {"app"}:
                used.add(node.id)
                waiting.append(node.id)
    return [node for node in tree.body if used & set(_defines(node))]


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    return []


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
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.dump(tree.test):
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names if alias.name.startswith("ifrp."))
    elif isinstance(tree, ast.ImportFrom) and (tree.module or "").split(".")[0] == "ifrp":
        for alias in tree.names:
            name = f"{tree.module}.{alias.name}"
            yield name if find(name) else str(tree.module)
    for child in ast.iter_child_nodes(tree):
        yield from _imports(child)


@cache
def find(module: str) -> Path | None:
    """The file of a module of this package, none if there is no such module."""
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.exists()), None)

"""What README and docs say is so: files exist, commands exist, every module has its line."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer

from ifrp.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "config/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def modules() -> dict[str, str]:
    """Every module of the package, and the first line of its docstring."""
    found = {}
    for path in sorted((ROOT / "src/ifrp").rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text()))
        assert text, f"{path} has no docstring"
        found[str(path.relative_to(ROOT / "src/ifrp"))] = text.splitlines()[0]
    return found


def test_the_overview_has_a_line_for_every_module() -> None:
    page = (ROOT / "docs/overview.md").read_text()
    wanted = [
        f"| `{name}` | {line} |" for name, line in modules().items() if not name.endswith("__init__.py")
    ]
    missing = [line for line in wanted if line not in page]
    assert not missing, "docs/overview.md lacks, or words differently:\n" + "\n".join(missing)
    listed = re.findall(r"^\| `([\w/]+\.py)` \|", page, flags=re.MULTILINE)
    assert set(listed) <= set(modules()), "docs/overview.md lists a file that is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def commands() -> set[tuple[str, ...]]:
    """Every `ifrp …` command there is."""
    tree = typer.main.get_command(app)
    groups: dict[str, object] = tree.commands  # type: ignore[attr-defined]
    found: set[tuple[str, ...]] = set()
    for name, group in groups.items():
        found |= {(name, verb) for verb in getattr(group, "commands", {})} or {(name,)}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_shown_exist(page: Path) -> None:
    known = commands()
    text = page.read_text()
    shown = re.findall(r"`(ifrp [a-z][^`]*)`", text)
    for block in re.findall(r"```(?:bash)?\n(.*?)```", text, flags=re.DOTALL):
        shown += [line for line in block.splitlines() if line.startswith("ifrp ")]
    for line in shown:
        words = tuple(word for word in shlex.split(line.split("#")[0])[1:3] if word not in ("…", "<group>"))
        assert (
            words in known or words[:1] in known or (len(words) == 1 and any(c[0] == words[0] for c in known))
        ), line


def test_the_readme_names_the_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target

"""Fixtures that several modules share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import results_tree

from ifrp.config import Config


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """The tree with all its results, and the working directory in it."""
    root = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield results_tree.complete(root)


@pytest.fixture
def partly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A tree in which one experiment recovered the portraits of five test faces only."""
    monkeypatch.chdir(tmp_path)
    return results_tree.partly(tmp_path)

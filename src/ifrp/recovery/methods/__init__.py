"""One file per method, found by its name and imported only when it is used."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from ifrp.errors import IfrpError

if TYPE_CHECKING:
    from ifrp.recovery.method import Method


def names() -> list[str]:
    """Names of all methods, without importing any."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def find(name: str) -> type[Method[Any]]:
    """The class of a method.

    Raises:
        IfrpError: there is no such method.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise IfrpError(f"There is no method {name}; {hint}There are {', '.join(known)}.")
    found: type[Method[Any]] = importlib.import_module(f"{__name__}.{name}").Method
    return found

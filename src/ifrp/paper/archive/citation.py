"""What CITATION.cff says of the project and of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ifrp.config import read
from ifrp.errors import IfrpError

FILE = Path("CITATION.cff")


@dataclass(frozen=True)
class Citation:
    """The project and the paper that it makes.

    Attributes:
        project: title of the software.
        makers: who made it.
        licence: SPDX identifier.
        title: of the paper.
        authors: of the paper, given names first.
        address: of the paper, its DOI as an address.
    """

    project: str
    makers: tuple[str, ...]
    licence: str
    title: str
    authors: tuple[str, ...]
    address: str


def cited(file: Path = FILE) -> Citation:
    """Reads it.

    Raises:
        IfrpError: there is no such file, or it lacks an entry.
    """
    if not file.exists():
        raise IfrpError(f"There is no {file}: run from the project's root.")
    content = read(file)
    try:
        paper = content["preferred-citation"]
        return Citation(
            project=content["title"],
            makers=tuple(author["name"] for author in content["authors"]),
            licence=content["license"],
            title=paper["title"],
            authors=tuple(f"{author['given-names']} {author['family-names']}" for author in paper["authors"]),
            address=f"https://doi.org/{paper['doi']}",
        )
    except KeyError as error:
        raise IfrpError(f"{file} does not say {error}.") from error

"""Tables that people hand in: what is taken as they have it, and what is told with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ifrp import artifacts, tables
from ifrp.errors import IfrpError

WANTED = [{"file": "1.png", "person": "Ann Ä"}, {"file": "007", "person": "NA"}]
PLAIN = "file,person\n1.png,Ann Ä\n007,NA\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", " , ").encode(),
        PLAIN.replace("\n", ",,\n").encode(),
        PLAIN.replace("\n", "\n\n,\n").encode(),
        b'"file","person"\n"1.png","Ann \xc3\x84"\n"007","NA"',
    ],
)
def test_a_table_is_read_as_people_have_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    assert [row.cells for row in tables.read(tmp_path / "t.csv", ["file", "person"])] == [
        row if b",,\n" not in content or b"\n\n" in content else row | {"": ""} for row in WANTED
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "lacks the column file; it needs file, person, and its first line names none"),
        (b"file,who\n1,x\n", "lacks the column person; .*first line names file, who"),
        (b"file,person,person\n1,x,y\n", "has the column person twice"),
        (b"file,person\n1,x\n2,y,z\n", "line 3, has 3 values for 2 columns"),
        (b"file,person\n1\n", "line 2, has 1 values for 2 columns"),
        (
            b'file,person\n1,"x\n2,y\n',
            "line 2, cannot be read as a row of a table: a quotation mark does not end",
        ),
        (
            b"file,person\n1,%s\n" % (b"x" * 200_000),
            "line 2, cannot be read as a row of a table: field larger",
        ),
        (b"file,person\n1,M\xfcller\n", "line 2, is no text in UTF-8: save it as CSV in UTF-8"),
        (b"file,person\n1,x\0\n", "line 2, has a character that no text has"),
        (b"PK\x03\x04\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(IfrpError, match=re.escape(str(tmp_path / "t.csv")) + ".*" + sentence):
        tables.read(tmp_path / "t.csv", ["file", "person"])


def test_a_folder_or_nothing_in_place_of_a_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(IfrpError, match="Is a directory"):
        tables.read(tmp_path, ["file"])
    with pytest.raises(IfrpError, match="No such file"):
        tables.read(tmp_path / "none.csv", ["file"])


def test_a_list_says_which_line_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("2\nx y\n1.jpg 1 -1\n\n2.jpg 1\n")
    with pytest.raises(IfrpError, match=r"list\.txt, line 5, has 2 values for 3 columns"):
        tables.listed(tmp_path / "list.txt")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a table"),
        (b"a,b\n1,2,3\n1,2,3\n", "has rows with more values than its first line has names"),
        (b"a,b\n1,2\n1,2,3\n", "cannot be read as a table"),
        (b"a,c\n1,2\n", "lacks the column b"),
        (b'a,b\n1,"2\n', "cannot be read as a table"),
    ],
)
def test_a_table_of_the_project_that_is_damaged_is_told(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(IfrpError, match=sentence):
        artifacts.read_table(tmp_path / "t.csv", ["a", "b"])
    (tmp_path / "t.csv").unlink()
    with pytest.raises(IfrpError, match="No such file"):
        artifacts.read_table(tmp_path / "t.csv")

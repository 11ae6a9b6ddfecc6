"""`import ifrp`: pictures of every kind into the released models, from a folder that holds nothing of the project."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

import ifrp
from ifrp.cli import app
from ifrp.errors import IfrpError
from ifrp.faces import find, geometry
from ifrp.recovery import portrait

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/recover.md").read_text()
COMMANDS = re.findall(r"^ifrp recover [^#\n]*", PAGE, re.MULTILINE)
EYES = ((205, 102), (247, 104))  # of skimage's astronaut, read off with a ruler


@pytest.fixture(scope="module")
def small() -> ifrp.Model:
    return ifrp.load("small", device="cpu")


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.fromarray(data.astronaut())


@pytest.fixture
def folder(picture: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and in it a picture of one person, of two, and of a cat."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    picture.save("in/one.png")
    two = Image.new("RGB", (1024, 512))
    two.paste(picture, (0, 0))
    two.paste(picture.resize((256, 256)), (512, 128))
    two.save("in/two.png")
    Image.fromarray(data.chelsea()).save("in/cat.png")
    return tmp_path


def run(*words: str) -> str:
    """The verb with some arguments, which must succeed; what it printed."""
    result = CliRunner().invoke(app, ["recover", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_every_kind_of_picture_is_the_same_picture(
    small: ifrp.Model, picture: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    picture.save(path)
    first = small.recover(picture)
    for other in (np.asarray(picture), path, str(path)):
        again = small.recover(other)
        assert np.array_equal(np.asarray(first.face), np.asarray(again.face))
        assert again.portrait.box == first.portrait.box
    for each in small.recover([picture, path]):  # sums in another order
        np.testing.assert_allclose(np.asarray(each.face, float), np.asarray(first.face, float), atol=2)


def test_it_says_where_the_face_was_and_how_surely(small: ifrp.Model, picture: Image.Image) -> None:
    result = small.recover(picture)
    assert result.face.size == (small.size, small.size) == result.portrait.image.shape[:2]
    assert result.portrait.box is not None
    left, top, right, bottom = result.portrait.box
    assert all(left < x < right and top < y < bottom for x, y in EYES)
    assert right - left < 200
    assert result.portrait.confidence is not None
    assert result.portrait.confidence > 0.99
    assert result.portrait.warnings == ()
    assert result.compared.size == (2 * small.size, small.size)


def test_what_was_cut_as_the_model_wants_it_is_taken_as_it_is(
    small: ifrp.Model, picture: Image.Image
) -> None:
    """The face that was found, given again as aligned, makes the very same face."""
    found = small.recover(picture)
    again = small.recover(found.portrait.image, aligned=True)
    assert np.array_equal(np.asarray(found.face), np.asarray(again.face))
    assert again.portrait.box is None
    assert again.portrait.confidence is None


def test_an_aligned_portrait_does_not_change_by_being_looked_for(
    small: ifrp.Model, picture: Image.Image
) -> None:
    cut = small.recover(picture).portrait.image
    assert np.array_equal(small.recover(cut).portrait.image, cut)
    assert small.recover(Image.fromarray(cut).resize((64, 64))).portrait.box == (0, 0, 64, 64)


def test_all_faces_the_largest_first(small: ifrp.Model, picture: Image.Image) -> None:
    two = Image.new("RGB", (1024, 512))
    two.paste(picture.resize((256, 256)), (0, 128))
    two.paste(picture, (512, 0))
    faces = small.recover_all(two)
    boxes = [each.portrait.box for each in faces]
    assert len(boxes) == 2
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0][0] > 512 > boxes[1][2]
    assert small.recover(two).portrait.warnings == ("it is the largest of 2 faces",)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_that_lies_is_taken_upright(small: ifrp.Model, picture: Image.Image, quarters: int) -> None:
    """The same portrait comes out of it, and the box is where the face lies in the picture that was given."""
    upright = small.recover(picture).portrait
    seen = small.recover(np.rot90(np.asarray(picture), quarters).copy()).portrait
    off = np.abs(seen.image.astype(float) - upright.image)
    assert off.mean() < 12
    assert seen.warnings == (f"it is turned by {abs(round(_turn(seen)))} degrees",)
    assert seen.box is not None
    left, top, right, bottom = seen.box
    for x, y in EYES:
        there = [(x, y), (y, 512 - x), (512 - x, 512 - y), (512 - y, x)][quarters]
        assert left < there[0] < right
        assert top < there[1] < bottom


def _turn(seen: ifrp.Portrait) -> float:
    assert seen.place is not None
    return float(np.degrees(np.arctan2(seen.place[1, 0], seen.place[0, 0])))


def test_a_picture_is_the_same_however_it_is_given(
    small: ifrp.Model, picture: Image.Image, tmp_path: Path
) -> None:
    """With transparency, lying by its EXIF: as a file, and opened by Pillow."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.png"
    clear = picture.copy()
    clear.putalpha(Image.fromarray(np.tile(np.arange(512) < 300, (512, 1))))
    clear.rotate(90, expand=True).save(path, exif=exif)
    one = small.recover(path)
    with Image.open(path) as opened:
        other = small.recover(opened)
    assert np.array_equal(np.asarray(one.face), np.asarray(other.face))
    assert one.portrait.warnings == ()
    assert np.asarray(portrait.opened(path))[:, 400:].min() == 255


def test_doubts_are_told() -> None:
    """Of a face of five landmarks, turned about its left eye."""
    five = np.array([[0.0, 0.0], [12.0, 0.0], [6.0, 7.0], [2.0, 14.0], [10.0, 14.0]])
    upright = find.Found(five, 0.8).points
    for angle, turned in ((0, ()), (75, ("it is turned by 75 degrees",))):
        radians = np.radians(angle)
        turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
        face = find.Found(five @ turn.T, confidence=0.8)
        told = portrait.warnings(face, geometry.similar(face.points, upright), 1)
        unsure = ("it may be no face (confidence 0.80)", "it is small: 12 pixels between the eyes")
        assert told == unsure + turned
    sure = find.Found(10 * five, 0.99)
    assert portrait.warnings(sure, geometry.similar(sure.points, upright), 1) == ()


def test_what_is_no_picture_or_no_face_is_one_sentence(small: ifrp.Model, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")
    cat = data.chelsea()
    for wrong, sentence in (
        (tmp_path / "note.png", r"note\.png: not a picture\."),
        (tmp_path / "none.png", r"none\.png: it cannot be read: No such file"),
        (cat, "Picture 1: no face was found in it"),
        (np.zeros((4, 4, 3)), r"Picture 1: an array float64 \(4, 4, 3\) is no picture"),
    ):
        with pytest.raises(IfrpError, match=sentence):
            small.recover(wrong)  # type: ignore[arg-type]
    with pytest.raises(IfrpError, match=r"Picture 2: no face"):
        small.recover([data.astronaut(), cat])
    with pytest.raises(IfrpError, match=r"no model nosuch: .*\(ifrp-plus, small\)"):
        ifrp.load("nosuch")


def test_the_command_needs_no_project(folder: Path) -> None:
    told = run("in", "--model", "small", "--output", "out", "--compare", "--table", "out.csv")
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "one-compared.png", "one.png", "two-compared.png", "two.png",
    ]  # fmt: skip
    with Image.open("out/one-compared.png") as both:
        assert both.size == (256, 128)
    with Path("out.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows["in/cat.png"]["note"] == "no face was found in it"
    assert rows["in/cat.png"]["face"] == ""
    assert rows["in/one.png"]["face"] == "out/one.png"
    assert int(rows["in/one.png"]["left"]) < EYES[0][0] < EYES[1][0] < int(rows["in/one.png"]["right"])
    assert "largest of 2 faces" in rows["in/two.png"]["note"]
    assert "2 recovered, 1 skipped: open out." in told


def test_all_faces_are_written(folder: Path) -> None:
    run("in/two.png", "--model", "small", "--output", "out", "--all")
    assert sorted(path.name for path in Path("out").iterdir()) == ["two-2.png", "two.png"]


def test_where_no_face_is_found_the_way_out_is_told(folder: Path) -> None:
    result = CliRunner().invoke(app, ["recover", "in/cat.png", "--model", "small", "--output", "out"])
    assert isinstance(result.exception, IfrpError)
    assert "--aligned takes pictures that are faces already" in str(result.exception)
    assert not Path("out").exists()
    run("in/cat.png", "--model", "small", "--output", "out", "--aligned")
    assert Path("out/cat.png").exists()


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pictures that the page names, in a folder that holds nothing else."""
    monkeypatch.chdir(tmp_path)
    for name in ("painting.jpg", "group.jpg"):
        shutil.copy(ROOT / "src/ifrp/examples/SK-A-1324.jpg", name)
    for name in ("album", "cropped", "oils"):
        shutil.copytree(ROOT / "src/ifrp/examples", name)
    return tmp_path


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_of_the_page_work_as_pasted(gallery: Path, line: str) -> None:
    told = run(*shlex.split(line)[2:])
    assert "skipped" in told
    assert any(Path("faces" if "--output" in line else "recovered").glob("*.png"))


def test_the_python_of_the_page_works_as_pasted(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    exec(code, {})
    assert re.fullmatch(r"\(\d+, \d+, \d+, \d+\) [01]\.\d+ \(\)\n", capsys.readouterr().out)
    assert Path("face.png").exists()


def test_one_face_takes_no_workflow_engine(tmp_path: Path) -> None:
    """The package imports in an instant, and recovers without anything of the extra `paper`."""
    code = (
        "import sys, ifrp; assert 'torch' not in sys.modules; ifrp.load('small', 'cpu'); from ifrp import cli, recovery;"
        "from ifrp.recovery import recover;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    extra = "dvc dvclive jupyter lightning_fabric matplotlib nbclient numba pandas piq pooch psutil scipy skimage snakemake typst"
    assert not set(extra.split()) & set(done.stdout.split())

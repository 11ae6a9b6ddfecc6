"""Every kind of odd file, archives, tables of identities, and CelebA's official layout."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from celeba import release as write_release
from PIL import Image

from ifrp import paths, stacks
from ifrp.config import CelebAFaces, FaceCounts, Faces, PhotoFaces
from ifrp.errors import IfrpError
from ifrp.faces import geometry, pictures
from ifrp.faces.celeba import OFFICIAL, celeba
from ifrp.faces.files import Files
from ifrp.faces.photos import photos
from ifrp.faces.pictures import Skip, decode, reduced
from ifrp.faces.prepare import prepare
from ifrp.faces.source import Record, Source, whole

RAMP = np.tile(np.linspace(10, 240, 120).astype(np.uint8), (100, 1))  # (100, 120), dark left to bright right
COLOUR = np.stack([RAMP, RAMP[:, ::-1], np.full_like(RAMP, 90)], -1)  # (100, 120, 3)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def sideways() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side
    return encoded(Image.fromarray(COLOUR).rotate(90, expand=True), "PNG", exif=exif)


def transparent() -> bytes:
    alpha = np.where(RAMP < 128, 0, 255).astype(np.uint8)
    return encoded(Image.fromarray(np.dstack([COLOUR, alpha])), "PNG")


def bomb() -> bytes:
    """A PNG of a few hundred bytes whose header announces 60,000×60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + encoded(Image.fromarray(COLOUR), "PNG")[33:]


def chunk(kind: bytes, content: bytes, wrong: int = 0) -> bytes:
    """A part of a PNG file, with a sum that is wrong in some bits."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked) ^ wrong)


def beside(*chunks: bytes) -> bytes:
    """The picture as PNG, with something beside its pixels."""
    plain = encoded(Image.fromarray(COLOUR), "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def deep(numbers: np.ndarray) -> bytes:
    """A colour PNG of 16 bits, which Pillow does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    header = struct.pack(">IIBBBBB", numbers.shape[1], numbers.shape[0], 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def odd_exif(kind: str) -> bytes:
    """A picture stored on its left side, whose EXIF names a maker that stands beyond its end, before the orientation."""
    tags = struct.pack("<HHII", 0x010F, 2, 500, 90_000) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + tags + bytes(4)
    how: dict[str, object] = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    return encoded(Image.fromarray(GREY).rotate(90, expand=True), kind, exif=exif, **how)


GREY = np.stack([RAMP] * 3, -1)
TWELVE = (COLOUR * (4095 / 255)).round().astype(np.uint16)
MUCH = b"k\0\0" + zlib.compress(bytes(5 * 2**20))
GOOD = {
    "rgb": (encoded(Image.fromarray(COLOUR), "PNG"), COLOUR),
    "grey": (encoded(Image.fromarray(RAMP), "PNG"), GREY),
    "16 bits": (encoded(Image.fromarray(RAMP.astype(np.uint16) * 257), "PNG"), GREY),
    "16 bits, big-endian": (encoded(Image.fromarray(RAMP.astype(">u2") * 257), "TIFF"), GREY),
    "CMYK": (encoded(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"), COLOUR),
    "turned by EXIF": (sideways(), COLOUR),
    "transparent": (transparent(), np.where(RAMP[..., None] < 128, 255, COLOUR)),
    "palette": (encoded(Image.fromarray(GREY).quantize(256), "PNG"), GREY),
    "bitmap": (encoded(Image.fromarray(RAMP > 128), "PNG"), np.where(GREY > 128, 255, 0)),
    "animation": (
        encoded(Image.fromarray(RAMP), "GIF", save_all=True, append_images=[Image.new("L", (120, 100))]),
        GREY,
    ),
    "12 of 16 bits": (encoded(Image.fromarray(TWELVE[..., 0]), "PNG"), GREY),
    "12 of 16 bits, big-endian": (encoded(Image.fromarray(TWELVE[..., 0].astype(">u2")), "TIFF"), GREY),
    "12 of 16 bits in colour": (deep(TWELVE), COLOUR),
    "16 bits in colour": (deep(COLOUR.astype(np.uint16) * 257), COLOUR),
    "PGM of 12 bits": (b"P5 120 100 4095\n" + TWELVE[..., 0].astype(">u2").tobytes(), GREY),
    "PNG with much text": (beside(chunk(b"zTXt", MUCH)), COLOUR),
    "PNG with a large profile": (beside(chunk(b"iCCP", MUCH)), COLOUR),
    "PNG with a bad text": (beside(chunk(b"tEXt", b"a\0b", wrong=1)), COLOUR),
    "PNG with bad EXIF": (beside(chunk(b"eXIf", b"II*", wrong=1)), COLOUR),
    "PNG without its end": (encoded(Image.fromarray(COLOUR), "PNG")[:-12], COLOUR),
    "PNG with odd EXIF": (odd_exif("PNG"), GREY),
    "JPEG with odd EXIF": (odd_exif("JPEG"), GREY),
    "JPEG without its end": (encoded(Image.fromarray(GREY), "JPEG", quality=100)[:-2], GREY),
    "JPEG with half its end": (encoded(Image.fromarray(GREY), "JPEG", quality=100)[:-1], GREY),
    "progressive JPEG without its end": (
        encoded(Image.fromarray(GREY), "JPEG", quality=100, progressive=True)[:-2], GREY,
    ),
}  # fmt: skip
JPEG = encoded(Image.fromarray(COLOUR), "JPEG")
BAD = {
    "text": (b"not a picture at all", "not a picture"),
    "empty": (b"", "not a picture"),
    "web page": (b"<!DOCTYPE html><html></html>", "not a picture"),
    "truncated JPEG": (JPEG[: 3 * len(JPEG) // 4], "damaged: its end is missing, and [2-9]"),
    "truncated progressive JPEG": (
        encoded(Image.fromarray(COLOUR), "JPEG", progressive=True)[:650], "damaged: its end is missing",
    ),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(99), "HEIC: .*pillow-heif"),
    "JPEG XL": (b"\xff\x0a" + bytes(99), "JPEG XL: save it as JPEG or PNG"),
    "SVG": (b"<?xml version='1.0'?>\n<svg/>", "an SVG drawing"),
    "PDF": (b"%PDF-1.7\n", "a PDF document"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "a PostScript drawing"),
    "raw": (b"II*\0\x10\0\0\0CR\x02\0" + bytes(99), "a raw photograph"),
    "preview": (encoded(Image.fromarray(COLOUR), "TIFF", tiffinfo={254: 1}), "a raw photograph"),
    "other colours": (encoded(Image.new("LAB", (9, 9)), "TIFF"), "LAB"),
    "truncated PNG": (GOOD["rgb"][0][:200], "damaged"),
    "scrambled PNG": (GOOD["rgb"][0][:60] + bytes(200) + GOOD["rgb"][0][260:], "damaged"),
    "bomb": (bomb(), "many pixels"),
    "floating point": (encoded(Image.fromarray(RAMP.astype(np.float32)), "TIFF"), "32 bits"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_odd_pictures_become_upright_rgb(kind: str) -> None:
    content, goal = GOOD[kind]
    picture = decode(content)
    assert picture.mode == "RGB"
    off = 2 if "JPEG" in kind else 1 if kind == "palette" or "12" in kind else 0
    np.testing.assert_allclose(np.asarray(picture).astype(int), goal, atol=off)


def test_a_jpeg_that_is_too_large_is_read_smaller_and_others_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "LARGEST_PICTURE", 4_000)
    small = decode(JPEG)
    assert (small.size, reduced(small), whole(small)) == ((60, 50), 2, (120, 100))
    np.testing.assert_allclose(np.asarray(small.resize((120, 100)), float), COLOUR, atol=40)
    box = Source("it", [Record("a", "a")], lambda _: small, (40, 20, 64, 64))
    np.testing.assert_allclose(2 * box.place(0, small, 32), geometry.crop((40, 20, 64, 64), 32))
    with pytest.raises(
        Skip, match="too many pixels: 0 megapixels are read at most, 500 megapixels of a JPEG"
    ):
        decode(GOOD["rgb"][0])
    monkeypatch.setattr(pictures, "LARGEST_JPEG", 4_000)
    with pytest.raises(Skip, match="too many pixels"):
        decode(JPEG)


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_picture_is_skipped_with_a_reason(kind: str) -> None:
    content, reason = BAD[kind]
    with pytest.raises(Skip, match=reason):
        decode(content)


def test_random_damage_never_escapes_as_another_exception() -> None:
    rng = np.random.default_rng(0)
    originals = [
        JPEG,
        sideways(),
        encoded(Image.fromarray(COLOUR), "TIFF"),
        encoded(Image.fromarray(COLOUR), "WEBP"),
    ]
    for trial in range(400):
        content = bytearray(originals[trial % 4])
        for place in rng.integers(0, len(content), 8):
            content[place] = rng.integers(256)
        with contextlib.suppress(Skip):
            assert decode(bytes(content)).mode == "RGB"


# Folders and archives


def test_an_archive_is_read_in_memory_and_reaches_nothing_outside(tmp_path: Path) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("b/one.png", "../escape.png", "__MACOSX/b/._one.png", ".DS_Store", "b/.hidden.png"):
            file.writestr(name, GOOD["rgb"][0])
        file.mkdir("b/empty")
        file.writestr("large.png", bytes(300 * 2**20))  # 300 MB of zeros in 300 KB
    before = sorted(tmp_path.rglob("*"))
    files = Files(archive)
    assert files.names == ["b/one.png", "large.png"]
    assert decode(files.read("b/one.png")).size == (120, 100)
    with pytest.raises(Skip, match="300 MB"):
        files.read("large.png")
    assert sorted(tmp_path.rglob("*")) == before
    assert not (tmp_path.parent / "escape.png").exists()


def test_a_damaged_member_is_skipped(tmp_path: Path) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("one.png", GOOD["rgb"][0])
    content = bytearray(archive.read_bytes())
    content[100] ^= 255
    archive.write_bytes(content)
    with pytest.raises(Skip, match="CRC"):
        Files(archive).read("one.png")


def test_prepare_goes_on_after_bad_files_and_writes_down_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("photos")
    (folder / "deep").mkdir(parents=True)
    for name, (content, _) in (GOOD | BAD).items():
        (folder / "deep" / name).write_bytes(content)
    (folder / "tiny.png").write_bytes(encoded(Image.new("RGB", (20, 20)), "PNG"))
    settings = PhotoFaces(path="photos", crop=(35, 30, 40, 40))
    faces = Faces(source="photos", size=32, split=FaceCounts(len(GOOD) - 2, 1, 1), photos=settings)
    facts = prepare(photos(settings), faces, seed=1)
    reasons = pd.read_csv(paths.SKIPPED).set_index("file")["reason"]
    used = {
        name for split in ("train", "val", "test") for name in stacks.read(paths.faces(split)).table["file"]
    }
    assert used == {f"deep/{name}" for name in GOOD}
    assert set(reasons.index) <= {f"deep/{name}" for name in BAD} | {"tiny.png"}
    assert facts["skipped"] == len(reasons)
    greedy = Faces(source="photos", size=32, split=FaceCounts(len(GOOD), 1, 1), photos=settings)
    with pytest.raises(IfrpError, match=r"lower faces\.split"):
        prepare(photos(settings), greedy, seed=1)
    reasons = pd.read_csv(paths.SKIPPED).set_index("file")["reason"]
    assert set(reasons.index) == {f"deep/{name}" for name in BAD} | {"tiny.png"}
    assert "reaches beyond the picture of 20×20 pixels" in reasons["tiny.png"]


def test_a_crop_belongs_to_pictures_of_one_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in range(10):
        Image.fromarray(COLOUR).resize((120, 100 + number % 2)).save(f"photos/{number}.png")
    Image.fromarray(COLOUR).resize((480, 400)).save("photos/large.png")
    settings = PhotoFaces(path="photos", crop=(35, 30, 40, 40))
    faces = Faces(source="photos", size=32, split=FaceCounts(8, 1, 1), photos=settings)
    prepare(photos(settings), faces, seed=1)
    used = {
        file for split in ("train", "val", "test") for file in stacks.read(paths.faces(split)).table["file"]
    }
    assert used == {f"{number}.png" for number in range(10)}
    with pytest.raises(
        IfrpError, match=r"1 because: the crop .* belongs to pictures of 120×10. pixels.*large\.png"
    ):
        prepare(photos(settings), replace(faces, split=FaceCounts(9, 1, 1)), seed=1)
    with pytest.raises(
        IfrpError, match=r"photos\.crop ends at 155, 70, beyond the 120×10. pixels of \d\.png"
    ):
        photos(replace(settings, crop=(115, 30, 40, 40)))
    for number in range(6):
        Image.fromarray(COLOUR).resize((200 + 20 * number, 200)).save(f"photos/{number}.png")
    with pytest.raises(IfrpError, match=r"photos\.crop is one box for pictures of one size, and .*\.png has"):
        photos(settings)


# Identities


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/3.png", "b/4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(GOOD["rgb"][0])
    return tmp_path


def matched(folder: Path, table: str, **settings: object) -> tuple[dict[str, str], dict[str, str]]:
    path = folder / "people.csv"
    path.write_text(table)
    given = {"crop": (0, 0, 50, 50)} | settings
    source = photos(PhotoFaces(path=str(folder), identities=str(path), **given))  # type: ignore[arg-type]
    return {record.file: record.person for record in source.records}, dict(source.skipped)


def test_identities_match_by_path_then_by_base_name(folder: Path) -> None:
    people, skipped = matched(folder, "file,identity\na\\1.png,007\n2.png,Ada\n1.png,x\n4.png, \n9.png,Eve\n")
    assert people == {"a/1.png": "007", "a/2.png": "Ada"}
    assert set(skipped) == {"b/1.png", "b/3.png", "b/4.png", "9.png"}
    for name, reason in (
        ("b/1.png", "several"),
        ("b/3.png", "not in"),
        ("b/4.png", "no person"),
        ("9.png", "not in"),
    ):
        assert reason in skipped[name]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("name,person\n1.png,x\n", "lacks the column file"),
        ("file,who\n1.png,x\n", "lacks the column person"),
        ("file,person\n3.png,x\n3.png,y\n", "names the file 3.png twice"),
        ("", "lacks the column file; .*names none"),
        ("file,person\n3.png,x,7\n4.png,x,8\n", "line 2, has 3 values for 2 columns"),
    ],
)
def test_bad_tables_are_refused(folder: Path, table: str, sentence: str) -> None:
    with pytest.raises(IfrpError, match=sentence):
        matched(folder, table)


def test_landmark_columns_are_checked(folder: Path) -> None:
    columns = ("lx", "ly", "rx", "ry", "mx", "my")
    table = "file,person,lx,ly,rx,ry,mx,my\n3.png,x,40,40,80,40,60,80\n4.png,x,40,40,80,40,60,\n"
    people, skipped = matched(folder, table, crop=None, landmarks=columns)
    assert list(people) == ["b/3.png"]
    assert "not a number" in skipped["b/4.png"]
    with pytest.raises(IfrpError, match="lacks the column nose"):
        matched(folder, table, crop=None, landmarks=(*columns[:5], "nose"))
    with pytest.raises(IfrpError, match="six columns or more, not 4"):
        matched(folder, table, crop=None, landmarks=columns[:4])
    with pytest.raises(IfrpError, match="swap the two eyes"):
        matched(folder, table, crop=None, landmarks=("rx", "ry", "lx", "ly", "mx", "my"))


# Folders and archives


def test_links_are_followed_once_and_what_cannot_be_read_is_told(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "5.png").write_bytes(GOOD["rgb"][0])
    (folder / "c").symlink_to(elsewhere)
    (folder / "d").symlink_to(elsewhere)
    (folder / "a/round").symlink_to(folder)
    (folder / "a/gone.png").symlink_to(folder / "nowhere.png")
    os.mkfifo(folder / "b/pipe.png")
    (folder / "a/Thumbs.db").write_bytes(b"x")
    files = Files(folder)
    assert files.names == ["a/1.png", "a/2.png", "b/1.png", "b/3.png", "b/4.png", "c/5.png"]
    assert files.skipped == {
        "a/gone.png": "a link to nothing",
        "a/round": "a link to a folder that is looked through already",
        "b/pipe.png": "neither a file nor a folder",
        "d": "a link to a folder that is looked through already",
    }
    source = photos(PhotoFaces(path=str(folder), crop=(0, 0, 50, 50)))
    assert source.skipped == files.skipped


def test_a_folder_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("/b"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)  # the owner of the tests may read everything
    files = Files(folder)
    assert files.names == ["a/1.png", "a/2.png"]
    assert files.skipped == {"b": "the folder cannot be read: Permission denied"}


def packed(path: Path, *names: str) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # names that are there twice
        for name in names:
            member = zipfile.ZipInfo()
            member.filename = name
            archive.writestr(member, GOOD["rgb"][0])
    return path


def test_names_in_archives_stay_in_them(tmp_path: Path) -> None:
    names = (
        "Ann\\1.png",
        "../up.png",
        "/root.png",
        "C:\\disk.png",
        "Bob/2.png",
        "Bob/2.png",
        "__MACOSX/Bob/2.png",
        ".hidden/3.png",
    )
    files = Files(packed(tmp_path / "album.zip", *names))
    assert files.names == ["Ann/1.png", "Bob/2.png"]
    assert files.read("Ann/1.png") == GOOD["rgb"][0]
    away = "its name leads out of the archive"
    twice = "the archive has two files of this name"
    assert files.skipped == {
        "../up.png": away,
        "/root.png": away,
        "C:/disk.png": away,
        "Bob/2.png (again)": twice,
    }


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("album.zip", lambda whole: whole[: len(whole) // 2], "is a damaged zip archive"),
        ("album.zip", lambda whole: whole.replace(b"PK\1\2", b"PK\1\7"), "is a damaged zip archive"),
        ("album.z01", lambda whole: whole[:200], "is one part of a split archive"),
        ("album.zip.001", lambda whole: whole, "is one part of a split archive"),
        ("album.zip", lambda whole: b"PK\7\x08" + whole[:90], "is one part of a split archive"),
        ("album.zip", lambda _: gzip.compress(b"x"), "is a gzip archive, which is not read: unpack it"),
        ("album.tar", lambda _: b"\0" * 257 + b"ustar\0" + b"\0" * 249, "is a tar archive"),
        ("album.zip", lambda _: b"", "neither a folder nor a zip archive"),
    ],
)
def test_what_is_no_whole_archive_is_told_before_anything_is_read(
    tmp_path: Path, name: str, content: Callable[[bytes], bytes], sentence: str
) -> None:
    whole = packed(tmp_path / "whole.zip", "1.png").read_bytes()
    (tmp_path / name).write_bytes(content(whole))
    with pytest.raises(IfrpError, match=sentence):
        Files(tmp_path / name)


# CelebA


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release in CelebA's layout: 12 pictures of 178×218 pixels, 6 people, the last picture missing."""
    picture = Image.new("RGB", (178, 218), "grey")
    picture.paste((255, 0, 0), (34, 54, 34 + 107, 54 + 133))
    write_release(tmp_path, 12, 6, [encoded(picture, "JPEG", quality=100, subsampling=0)], absent=1)
    return tmp_path


def test_celeba_is_read_from_its_archive(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(release)
    settings = CelebAFaces(folder=".", official_splits=True, exclude=("Eyeglasses",))
    source = celeba(settings)
    assert [record.file for record in source.records] == [
        f"{number:06}.jpg" for number in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11)
    ]
    assert dict(source.skipped) == {"000012.jpg": "not in img_align_celeba.zip"}
    faces = Faces(source="celeba", size=64, split=FaceCounts(3, 2, 1), celeba=settings)
    prepare(source, faces, seed=1)
    for split, people in (("train", {"1", "2"}), ("val", {"3", "4"}), ("test", {"5", "6"})):
        stack = stacks.read(paths.faces(split))
        assert set(stack.table["person"]) <= people
        inner = stack.images[:, 4:-4, 4:-4]
        np.testing.assert_allclose(inner, np.broadcast_to((254, 0, 0), inner.shape), atol=4)


def test_celeba_by_landmarks(release: Path) -> None:
    source = celeba(CelebAFaces(folder=str(release), crop=None))
    left_eye, mouth = (np.array([[0.340 * 128], [0.421 * 128], [1]]), np.array([[64], [0.766 * 128], [1]]))
    place = source.place(0, Image.new("RGB", (178, 218)), 128)
    assert np.abs(place @ left_eye - [[69], [111]]).max() < 0.7
    assert np.abs(place @ mouth - [[88.5], [152]]).max() < 0.7


def test_celeba_is_read_as_torchvision_reads_it(tmp_path: Path) -> None:
    from ifrp.compat import prepare_torchvision

    prepare_torchvision()
    from torchvision.datasets import CelebA

    class Release(CelebA):  # type: ignore[misc]
        def _check_integrity(self) -> bool:
            return True  # its sums are those of the real release

    write_release(tmp_path / "celeba", 40)
    settings = CelebAFaces(
        folder=str(tmp_path / "celeba"), crop=None, official_splits=True, exclude=("Eyeglasses",)
    )
    ours = celeba(settings)
    assert len(ours.records) == 36
    for part, split in (("train", "train"), ("valid", "val"), ("test", "test")):
        theirs, found = Release(tmp_path, part), [record for record in ours.records if record.split == split]
        kept = np.flatnonzero(theirs.attr[:, theirs.attr_names.index("Eyeglasses")] == 0)
        assert [record.file for record in found] == [theirs.filename[index] for index in kept]
        assert [int(record.person) for record in found] == theirs.identity[kept, 0].tolist()
        points = theirs.landmarks_align[kept][:, [0, 1, 2, 3, 6, 7, 8, 9]]
        assert [list(record.landmarks) for record in found] == points.tolist()


def test_celebas_mistakes_are_named(release: Path) -> None:
    with pytest.raises(
        IfrpError, match="Eyeglases, which is no attribute of CelebA; there are Eyeglasses, Smiling"
    ):
        celeba(CelebAFaces(folder=str(release), exclude=("Eyeglases",)))
    (release / "identity_CelebA.txt").unlink()
    with pytest.raises(IfrpError, match=r"identity_CelebA.txt is missing: run `ifrp faces download`"):
        celeba(CelebAFaces(folder=str(release)))


def test_the_official_sums_are_those_that_torchvision_publishes() -> None:
    from ifrp.compat import prepare_torchvision

    prepare_torchvision()
    from torchvision.datasets import CelebA

    theirs = {name: (md5, drive) for drive, md5, name in CelebA.file_list}
    assert {name: theirs[name] for name in OFFICIAL} == {
        name: (official.md5, official.drive) for name, official in OFFICIAL.items()
    }

"""Stacks, weights and cards: whole or not there, and strict when read."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from ifrp import artifacts, cli, paths, provenance, stacks, why
from ifrp.errors import IfrpError


def write(path: Path, count: int = 3) -> None:
    with stacks.create(path, (count, 4, 5)) as (images, rows):
        images[:] = np.arange(count * 60).reshape(count, 4, 5, 3)
        rows.extend({"file": f"{i:03}", "person": "007"} for i in range(count))


def test_a_stack_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "a.npy")
    found = stacks.read(tmp_path / "a.npy")
    assert isinstance(found.images, np.memmap)
    np.testing.assert_array_equal(found.images, np.arange(180).reshape(3, 4, 5, 3))
    assert list(found.table["file"]) == ["000", "001", "002"]
    assert list(found.table["person"]) == ["007"] * 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.npy"]


def test_checksums_are_the_published_ones(tmp_path: Path) -> None:
    """RFC 1321, appendix A.5; FIPS 180-4, the example of one block."""
    (tmp_path / "abc").write_text("abc")
    assert artifacts.hexdigest(tmp_path / "abc", "md5") == "900150983cd24fb0d6963f7d28e17f72"
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert artifacts.hexdigest(tmp_path / "abc") == expected


def test_what_several_cards_name_is_read_once_and_again_if_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, read = tmp_path / "source.npy", list[Path]()
    digest = artifacts.hexdigest

    def reading(path: Path) -> str:
        read.append(path)
        return digest(path)

    monkeypatch.setattr(artifacts, "hexdigest", reading)
    for content in ("one", "another"):
        source.write_text(content)
        assert {artifacts.checksum(source) for _ in range(3)} == {digest(source)}
    assert read == [source, source]


def test_the_table_of_a_stack_is_what_pandas_writes(tmp_path: Path) -> None:
    rows = [{"file": f"{i}", "index": i, "scale": i / 3, "note": None, "flag": i > 1} for i in range(4)]
    for name, appended in (("rows", rows), ("again", stacks.rows_of(pd.DataFrame(rows)))):
        with stacks.create(tmp_path / f"{name}.npy", (4, 2, 2)) as (_, table):
            table.extend(appended)
        wanted = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
        assert (tmp_path / f"{name}.csv").read_text() == wanted


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_stack_leaves_the_old_one(tmp_path: Path, fault: type[BaseException]) -> None:
    path = tmp_path / "a.npy"
    write(path)
    before = path.read_bytes()

    def interrupted() -> None:
        with stacks.create(path, (9, 4, 5)) as (images, _):
            images[:] = 1
            raise fault

    with pytest.raises(fault):
        interrupted()
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.npy"]


def test_a_person_may_be_called_na(tmp_path: Path) -> None:
    names = ["NA", "None", "nan", "7"]
    with stacks.create(tmp_path / "faces.npy", (4, 2, 2)) as (_, rows):
        rows.extend([{"file": f"{name}.png", "person": name, "rotation": None} for name in names])
    table = stacks.read(tmp_path / "faces.npy").table
    assert table["person"].tolist() == names
    assert table["rotation"].isna().all()


def test_too_few_rows_are_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="1 table rows for 2"),
        stacks.create(tmp_path / "a.npy", (2, 4, 5)) as (_, rows),
    ):
        rows.append({"file": "x"})
    assert not list(tmp_path.iterdir())


def test_what_is_no_stack_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    with pytest.raises(IfrpError, match="does not exist"):
        stacks.read(path)
    path.with_suffix(".csv").write_text("file\n")
    path.write_bytes(b"not an array")
    with pytest.raises(IfrpError, match="not an image stack"):
        stacks.read(path)
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(IfrpError, match="not uint8"):
        stacks.read(path)
    write(path)
    path.with_suffix(".csv").write_text("file\na\n")
    with pytest.raises(IfrpError, match="1 rows for 3 pictures"):
        stacks.read(path)


def test_weights_come_back_and_load_strictly(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    module = nn.Linear(3, 2)
    artifacts.save_weights(path, module.state_dict())
    other = nn.Linear(3, 2)
    artifacts.load_into(other, artifacts.load_weights(path), path)
    torch.testing.assert_close(other.weight, module.weight)
    with pytest.raises(IfrpError, match=r"w\.safetensors does not fit Linear"):
        artifacts.load_into(nn.Linear(4, 2), artifacts.load_weights(path), path)


def test_a_torch_file_with_code_in_it_is_not_executed(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "sprung"),))  # type: ignore[return-value]

    path = tmp_path / "trap.pt"
    path.write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(IfrpError):
        artifacts.load_weights(path)
    torch.save(Trap(), path)
    with pytest.raises(IfrpError):
        artifacts.load_weights(path)
    assert not (tmp_path / "sprung").exists()


def test_damaged_and_missing_weights_say_so(tmp_path: Path) -> None:
    with pytest.raises(IfrpError, match="no weights at"):
        artifacts.load_weights(tmp_path / "none.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(IfrpError, match="cannot be read"):
        artifacts.load_weights(tmp_path / "cut.safetensors")


def test_cards_chain_back_to_the_source(tmp_path: Path) -> None:
    source, result = tmp_path / "source.npy", tmp_path / "result.csv"
    for path, inputs in ((source, []), (result, [source])):
        with provenance.card(path, {"key": 1}, seed=5, inputs=inputs) as facts:
            path.write_text(path.name)
            facts["count"] = 2
    assert [(depth, path) for depth, path, _ in why.chain(result)] == [(0, result), (1, source)]
    card = provenance.read_card(result)
    assert card["inputs"][str(source)] == artifacts.hexdigest(source)
    assert (card["seed"], card["settings"], card["facts"]) == (5, {"key": 1}, {"count": 2})
    with pytest.raises(IfrpError, match="no provenance card"):
        provenance.read_card(tmp_path / "other.csv")


def test_the_same_weights_are_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    script = (
        "import sys, torch; from pathlib import Path; from ifrp.artifacts import save_weights\n"
        "names = [f'layer{i}' for i in range(20)]\n"
        "save_weights(Path(sys.argv[1]), {n: torch.ones(3) for n in names}, {n: n for n in names})"
    )
    files = [tmp_path / f"{i}.safetensors" for i in range(3)]
    for path in files:
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert len({path.read_bytes() for path in files}) == 1
    assert artifacts.read_header(files[0])["layer7"] == "layer7"


@pytest.fixture
def chained(tmp_path: Path) -> tuple[Path, Path]:
    """A stack, a table that was made from it, and both cards."""
    source, result = tmp_path / "source.npy", tmp_path / "result.csv"
    with provenance.card(source, {}, seed=5):
        write(source)
    with provenance.card(result, {"key": 1}, seed=5, inputs=[source, source.with_suffix(".csv")]):
        result.write_text("a,b")
    return source, result


def test_why_tells_each_step(chained: tuple[Path, Path]) -> None:
    source, result = chained
    lines = list(why.report(result))
    assert [line for line in lines if not line.startswith("  ")][:1] == [str(result)]
    assert any(line.strip() == str(source) for line in lines)
    assert any("settings" in line and '{"key": 1}' in line for line in lines)
    assert sum("seed 5" in line for line in lines) >= 2


def test_why_tells_of_packages_that_are_no_longer_installed(
    chained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    source, result = chained
    assert any("packages" in line and f"numpy {np.__version__}" in line for line in why.report(source))
    assert list(why.drifted(result)) == []
    card = json.loads(source.with_suffix(".json").read_text())
    for name, version in (("numpy", "1.0.1"), ("gone-for-ever", "2.0")):
        card["packages"][name] = version
    source.with_suffix(".json").write_text(json.dumps(card))
    told = list(why.drifted(result))
    assert len(told) == 1
    assert told[0].startswith(f"{source} was made with numpy 1.0.1, and {np.__version__} is installed")
    cli.why(result, check=True)
    assert told[0] in capsys.readouterr().out


def test_of_a_released_file_only_itself_can_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its card names files of the run that made it; others of the same names lie here, or none."""
    monkeypatch.chdir(tmp_path)
    released, faces = paths.released("mine"), paths.faces("train")
    for path in (released, faces):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"as it was")
    with provenance.card(released, {}, 1, [faces]):
        pass
    with provenance.card(faces, {}, 1):
        pass
    faces.write_bytes(b"of another run")
    assert [path for _, path, _ in why.chain(released)] == [released]
    assert list(why.faults(released)) == []
    cli.why(released, check=True)
    assert "stayed where it was trained" in capsys.readouterr().out
    released.write_bytes(b"cut")
    assert list(why.faults(released)) == [f"{released} has changed since it was made."]
    with pytest.raises(IfrpError, match="is not the file that was released: get it again"):
        cli.why(released, check=True)


def test_what_is_kept_of_another_run_is_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/results/gpu is for the printed paper: cards of models that do not lie here, and numbers that are no card."""
    monkeypatch.chdir(tmp_path)
    model, kept, numbers, result = map(
        Path, ("model.bin", "kept/card.json", "kept/numbers.json", "paper.pdf")
    )
    kept.parent.mkdir()
    model.write_bytes(b"of another run")
    with provenance.card(model, {}, 1, [model]):
        pass
    model.with_suffix(".json").rename(kept)
    model.write_bytes(b"of this run")
    numbers.write_text('{"ifrp.psnr": 20}')
    with provenance.card(result, {}, 1, [kept, numbers]):
        result.write_bytes(b"%PDF")
    assert [path for _, path, _ in why.chain(result)] == [result]
    assert list(why.faults(result)) == []
    numbers.write_text('{"ifrp.psnr": 30}')
    assert list(why.faults(result)) == [f"{numbers} has changed since {result} was made from it."]


@pytest.mark.parametrize("name", ["ifrp-plus", "small"])
def test_the_released_files_are_those_of_their_cards(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])
    assert list(why.faults(paths.shipped(name))) == []
    assert provenance.read_card(paths.shipped(name))["artifact"] == str(paths.shipped(name))


def test_why_finds_what_was_edited_or_is_gone(chained: tuple[Path, Path]) -> None:
    source, result = chained
    assert list(why.faults(result)) == []
    result.write_text("a,c")
    assert list(why.faults(result)) == [f"{result} has changed since it was made."]
    with source.open("r+b") as file:
        file.truncate(100)
    source.with_suffix(".csv").unlink()
    told = set(why.faults(result))
    assert f"{source} has changed since {result} was made from it." in told
    assert f"{source.with_suffix('.csv')} is missing." in told
    with pytest.raises(IfrpError, match="no provenance card"):
        list(why.faults(result.with_name("other.csv")))

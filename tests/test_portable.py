"""The same numbers on any processor: that jobs compute so, and what is said of a run whose files are others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ifrp import artifacts, cli, paths, portable, provenance, reference
from ifrp.errors import IfrpError

AVX2 = pytest.mark.skipif(not portable._able(), reason="the processor has no AVX2")
PROBE = """
import json, sys
import torch
import numpy as np
from ifrp import runtime
from ifrp.config import Runtime
runtime.device(Runtime(device="cpu"))
values = torch.from_numpy(np.random.default_rng(1).random(5001, dtype=np.float32) * 9)
out = torch.empty_like(values)
torch.sqrt(values, out=out)
roots = [values.sqrt(), values.clone().sqrt_(), out]
leaf = values[1:9].clone().requires_grad_()
(leaf.sqrt().sum() + leaf.log10().sum()).backward()
shortest = values.new_tensor([0, 1, 4, float("inf"), -1])
print(json.dumps({
    "torch": torch.backends.cpu.get_cpu_capability(),
    "numpy": [name for name in ("X86_V3", "X86_V4") if np._core._multiarray_umath.__cpu_features__[name]],
    "by IEEE": all(torch.equal(root, values.rsqrt().reciprocal()) for root in roots),
    "roots": max(float((root.double() / values.double().sqrt() - 1).abs().max()) for root in roots),
    "logarithms": float((values.log10().double() - values.double().log2() * np.log10(2)).abs().max()),
    "gradient": float((leaf.grad - (0.5 * leaf.detach() ** -0.5 + 1 / (leaf.detach() * np.log(10)))).abs().max()),
    "edges": [repr(value) for value in shortest.sqrt().tolist()],
}))
"""
VERB = f"""
import sys, types
from ifrp import cli
def probe(*_, **__):
    exec({PROBE!r}, {{}})
    return ""
for name, work in (("ifrp.faces.celeba", "write"), ("ifrp.recovery.recover", "recover")):
    sys.modules[name] = types.SimpleNamespace(**{{work: probe}})
sys.argv = ["ifrp", *sys.argv[1:]]
cli.main()
"""
"""runs a verb whose work is the probe"""


def probed(*words: str, folder: Path) -> dict[str, Any]:
    """What a process of the command line computes with."""
    outer = {key: value for key, value in os.environ.items() if key not in portable.CHOICES}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", VERB, *words],
        cwd=folder, env=outer, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "verrid" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("faces: {source: celeba}\n")
    return tmp_path


@AVX2
def test_a_verb_of_the_workflow_computes_with_what_every_such_processor_has(folder: Path) -> None:
    found = probed("faces", "download", folder=folder)
    assert found["torch"] == "AVX2"
    assert found["numpy"] == []
    assert found["by IEEE"]
    assert found["roots"] < 2**-22
    assert found["logarithms"] < 2**-20
    assert found["gradient"] < 1e-5
    assert found["edges"] == ["0.0", "1.0", "2.0", "inf", "nan"]


@AVX2
@pytest.mark.parametrize("words", [("faces", "download"), ("recover", "--example")])
def test_what_is_not_of_the_workflow_or_not_to_be_portable_computes_as_fast_as_it_can(
    folder: Path, words: tuple[str, ...]
) -> None:
    """As a process does that knows nothing of all this."""
    if words[0] == "faces":
        (folder / "config/config.yaml").write_text("faces: {source: celeba}\nruntime: {portable: false}\n")
    found = probed(*words, folder=folder)
    plain = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=folder, capture_output=True, text=True, check=True,
        env={key: value for key, value in os.environ.items() if key not in portable.CHOICES},
    )  # fmt: skip
    assert found == json.loads(plain.stdout)


def test_a_configuration_file_that_is_wrong_is_told_by_the_verb_alone(folder: Path) -> None:
    (folder / "config/config.yaml").write_text("faces: {sorce: celeba}\n")
    done = subprocess.run(
        [sys.executable, "-m", "ifrp", "faces", "download"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("sorce") == 1
    assert "Traceback" not in done.stderr


def test_where_numpy_is_loaded_it_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the libraries would compute one way and half the other."""
    monkeypatch.setattr(os, "environ", {"PATH": ""})
    assert "numpy" in sys.modules
    portable.settle()
    assert not portable.settled()
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(portable, "_able", lambda: False)
    portable.settle()
    assert not portable.settled()
    monkeypatch.setattr(portable, "_able", lambda: True)
    portable.settle()
    assert portable.settled()


@pytest.mark.parametrize(
    ("machine", "flags", "able"),
    [("x86_64", "fpu avx2 bmi2 fma", True), ("x86_64", "fpu avx sse4_2", False), ("aarch64", "asimd", False)],
)
def test_a_processor_that_cannot_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, flags: str, able: bool
) -> None:
    listed = tmp_path / "cpuinfo"
    listed.write_text(f"processor : 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr(portable, "LISTED", listed)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert portable._able() == able


# whether a run is the one that is shown


def stack(path: Path, value: int, *inputs: Path, command: str) -> None:
    """A file and its card."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with provenance.card(path, {}, 1, inputs):
        np.save(path, np.full(3, value)) if path.suffix == ".npy" else path.write_text(f"a\n{value}\n")
    card = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**card, "command": f"ifrp {command}"}))


FACES, WARPED, PORTRAITS = paths.faces("train"), paths.warped("train"), paths.portraits("train", "ink")
TABLE, TIMING = paths.table("quality"), paths.table("timing")
ORDER = [FACES, WARPED, PORTRAITS, TABLE]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of four files and their list; one more tells seconds, and others have no card of this kind."""
    monkeypatch.chdir(tmp_path)
    stack(FACES, 1, command="faces prepare")
    stack(WARPED, 2, FACES, command="faces prepare")  # by its name it would come first
    stack(PORTRAITS, 3, WARPED, command="portraits make train ink")
    stack(TABLE, 4, PORTRAITS, command="paper table quality")
    stack(TIMING, 5, PORTRAITS, command="paper table timing")
    live = paths.validation_curve("ifrp").parents[2] / "metrics.json"
    live.parent.mkdir(parents=True)
    live.write_text('{"step": 3}')
    reference.write()


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """What `ifrp check --reference` prints."""
    cli.check(reference=True)
    return capsys.readouterr().out


@pytest.mark.usefixtures("run")
def test_the_list_names_stacks_weights_and_tables_in_the_order_of_the_workflow() -> None:
    listed = reference.read()
    assert [Path(file.file) for file in listed] == ORDER
    assert [file.rule for file in listed] == ["faces_prepare"] * 2 + ["portraits_make", "paper_table"]
    assert listed[0].sha256 == artifacts.hexdigest(FACES)


@pytest.mark.usefixtures("run")
def test_a_run_that_is_the_same_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys).splitlines() == [
        "4 of 4 stacks, weights and tables are, byte for byte, those of the run in docs/results/default."
    ]


@pytest.mark.usefixtures("run")
def test_the_first_file_that_differs_is_named_with_its_rule_and_what_may_be_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack(PORTRAITS, 7, WARPED, command="portraits make train ink")
    stack(TABLE, 8, PORTRAITS, command="paper table quality")
    with pytest.raises(IfrpError, match="this is not the run in docs/results/default"):
        told(capsys)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("2 of 4 ")
    assert second.startswith(
        f"2 differ, first in the order of the workflow {PORTRAITS}, which portraits_make made on "
    )
    assert "without runtime.portable, by code 0.1.0" in second
    assert "as with another seed" in third


@pytest.mark.usefixtures("run")
def test_a_file_that_differs_and_has_no_card_is_told_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    FACES.write_bytes(b"cut")
    FACES.with_suffix(".json").unlink()
    with pytest.raises(IfrpError):
        told(capsys)
    assert (
        f"1 differ, first in the order of the workflow {FACES}, which faces_prepare made.\n"
        in capsys.readouterr().out
    )


@pytest.mark.usefixtures("run")
def test_of_files_that_are_not_here_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    TABLE.unlink()
    out = told(capsys)
    assert out.startswith("3 of 3 ")
    assert "Nothing is said of 1 more of that run" in out
    assert f"first {TABLE}, which paper_table makes." in out
    for path in ORDER:
        path.unlink(missing_ok=True)
    with pytest.raises(IfrpError, match="There is no run here"):
        told(capsys)


def test_without_the_list_it_is_said_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        IfrpError, match=r"There is no docs/results/default/sha256.csv.*clone of the repository"
    ):
        reference.read()
    artifacts.save_table(paths.REFERENCE, pd.DataFrame({"file": ["a"]}))
    with pytest.raises(IfrpError, match="lacks the column sha256"):
        reference.read()

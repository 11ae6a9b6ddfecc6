"""A copy of the project in which `ifrp` only writes its outputs, so that Snakemake and DVC run in seconds."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import yaml

from ifrp import dvcfile

ROOT = Path(__file__).parents[1]
COPIED = (
    "Snakefile",
    "workflow",
    "profiles",
    "config",
    "src",
    "dvc.yaml",
    ".dvc/config",
    ".dvcignore",
    "environment.yml",
    "paper",
    "docs/results/gpu",
    "docs/images/gpu-retrieval.png",
    "notebooks",
)
BIN = Path(sys.executable).parent
STAND_IN = f"""#!{sys.executable}
import os, sys, time, yaml
from pathlib import Path
sys.path.insert(0, "src")
from ifrp import paths
group, verb, *rest = sys.argv[1:]
def stack(path): return [path.with_suffix(s) for s in (".npy", ".csv", ".json")]
def styles():
    table = yaml.safe_load(open(os.environ["IFRP_CONFIG"]))["styles"]["table"]
    return [line.split(",")[0] for line in open(table)][1:]
def card(path): return [path, path.with_suffix(".json")]
made = {{
    "faces render": lambda: stack(paths.RENDERED),
    "faces prepare": lambda: [paths.SKIPPED] + [p for s in ("train", "val", "test")
                              for p in stack(paths.faces(s)) + stack(paths.warped(s))],
    "styles artwork": lambda style: card(paths.artwork(style)),
    "styles distance": lambda: [*card(paths.STYLE_DISTANCE), paths.STYLE_PAIRS],
    "styles train": lambda style: [*card(paths.style_network(style)), paths.style_curve(style)],
    "styles sheet": lambda: card(paths.STYLE_SHEET),
    "portraits make": lambda split, style, _="", warp=None: stack(paths.portraits(split, style, warp)),
    "faces warp": lambda name: [p for s in ("train", "val") for p in stack(paths.warped(s, name))],
    "recovery recogniser": lambda name: card(paths.recogniser(name)),
    "recovery train": lambda name: [*card(paths.recovery_model(name)), paths.training_curve(name),
        paths.validation_curve(name)],
    "recovery apply": lambda name: [p for style in styles() for p in stack(paths.recovered(name, style))],
    "evaluation quality": lambda name: card(paths.quality(name)),
    "evaluation identity": lambda name, _, evaluator: card(paths.identity(name, evaluator))
    + card(paths.consistency(name, evaluator)) + card(paths.retrieval(name, evaluator)),
    "evaluation distractors": lambda _, evaluator: card(paths.distractors(evaluator)),
    "evaluation exposure": lambda: card(paths.EXPOSURE),
    "evaluation yardsticks": lambda: card(paths.YARDSTICKS),
    "evaluation summary": lambda name: card(paths.summary(name)) + card(paths.metrics(name)),
    "paper table": lambda name: [paths.table(name, s) for s in ("csv", "md", "tex", "typ", "html", "json")],
    "paper numbers": lambda name: [paths.numbers(name)],
    "paper pdf": lambda name: card(paths.document(name)),
    "paper notebook": lambda name: card(paths.executed(name)),
    "paper figure": lambda name: [paths.figure(name, s) for s in ("png", "pdf", "json")],
}}
if os.environ.get("SLOW") == f"{{group}} {{verb}}":
    Path("slow").touch()
    time.sleep(60)
now = time.time()
for path in made[f"{{group}} {{verb}}"](*rest):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text({{
        "retrieval.csv": f"rank,seen,unseen,sketch\\n1,{{now}},{{now}},{{now}}\\n2,{{now}},{{now}},{{now}}\\n",
        "validation_psnr.tsv": f"step\\tvalidation_psnr\\n1\\t{{now}}\\n2\\t{{now}}\\n",
        "metrics.yaml": f"unseen:\\n  frr: {{now}}\\n",
    }}.get(path.name, f'{{{{"seconds": 0, "at": {{now}}}}}}' if path.suffix == ".json" else f"{{path}} {{now}}"))
if "FAIL" in os.environ and os.environ["FAIL"] == f"{{group}} {{verb}}":
    sys.exit(1)
"""
STYLES = """name,split,address,sha256,licence
whirl,seen,drawn:whirl,,MIT
breakers,unseen,drawn:breakers,,MIT
hatching,sketch,drawn:hatching,,MIT
"""


class Project:
    """The copy.

    Attributes:
        root: its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name,
                    target,
                    ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "*.safetensors"),
                )
            else:
                shutil.copy(ROOT / name, target)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        person = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *person, "commit", "-q", "--allow-empty", "-m", "Start"], cwd=root, check=True)
        (root / ".gitignore").write_text("/data/\n/models/\n/results/\n/.snakemake/\n/logs/\n")
        (root / "src/ifrp/weights/ifrp-plus.safetensors").write_text("weights")
        (root / "bin").mkdir()
        (root / "bin/ifrp").write_text(STAND_IN)
        (root / "bin/ifrp").chmod(0o755)
        self.table = Path(self.configuration()["styles"]["table"])
        self.write(self.table, STYLES)
        experiments = {"input": {"method": "input"}, "ifrp": {"method": "ifrp"}}
        ablations: dict[str, Any] = {
            "ifrp-oracle": {"method": "ifrp", "aligned": True},
            "ifrp-five": {"method": "ifrp", "warp": "five"},
        }
        self.edit(
            faces={"warps": {"five": {"angles": [0, 15]}}},
            recovery={"experiments": experiments, "ablations": ablations},
            evaluation={"others": ["evaluator2"]},
            paper={
                "ablations": {"rotation": {"5-angles": "ifrp-five"}, "alignment": {"oracle": "ifrp-oracle"}},
                "main_ablations": [],
                "own": None,
                "seeds": {},
            },
        )
        with contextlib.chdir(root):
            dvcfile.write()

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in the copy and keeps its output."""
        around = self.environment(**environment)
        return subprocess.run(command, cwd=self.root, env=around, capture_output=True, text=True, check=False)

    def environment(self, **more: str) -> dict[str, str]:
        """Variables for a program in the copy."""
        unset = ("DVC_", "IFRP_", "SNAKEMAKE_")
        outer = {key: value for key, value in os.environ.items() if not key.startswith(unset)}
        return {
            **outer,
            "PATH": os.pathsep.join([str(self.root / "bin"), str(BIN), outer["PATH"]]),
            **more,
        }

    def start(self, *command: str, slow: str) -> subprocess.Popen[str]:
        """Starts a program in the copy, and returns when it has come to a verb, which takes a minute."""
        (self.root / "slow").unlink(missing_ok=True)
        around = self.environment(SLOW=slow)
        started = subprocess.Popen(
            command, cwd=self.root, env=around, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        for _ in range(600):
            if (self.root / "slow").exists() or started.poll() is not None:
                break
            time.sleep(0.1)
        assert started.poll() is None, started.communicate()[0]
        return started

    def kill(self, started: subprocess.Popen[str], number: int) -> str:
        """Sends a signal to a program and all that it started, as a terminal does; returns what was printed."""
        os.killpg(started.pid, number)
        try:
            # A job that was just being started may not get it; Snakemake then waits for the whole minute that the job takes.
            return started.communicate(timeout=180)[0]
        except subprocess.TimeoutExpired:
            # Snakemake's handler of SIGTERM, and of that alone, can wait for its own thread: docs/known-issues.md
            if number != signal.SIGTERM:
                raise
            os.killpg(started.pid, signal.SIGKILL)
            return started.communicate()[0]

    def commit(self) -> None:
        """Commits everything but the artifacts."""
        for command in (["add", "--force", "bin"], ["add", "."], ["commit", "-q", "-m", "Results"]):
            done = self.run("git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *command)
            assert done.returncode == 0, done.stderr

    def clone(self, root: Path) -> Project:
        """Commits everything but the artifacts, and clones it."""
        self.commit()
        subprocess.run(["git", "clone", "-q", str(self.root), str(root)], check=True)
        found = object.__new__(Project)
        found.root, found.table = root, self.table
        return found

    def make(self, *arguments: str, **environment: str) -> str:
        """Runs Snakemake, which must succeed; returns all that it printed."""
        done = self.run("snakemake", *arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def dvc(self, *arguments: str) -> str:
        """Runs DVC, which must succeed; returns all that it printed."""
        done = self.run("dvc", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def plan(self, *arguments: str) -> str:
        """What a dry run prints of each job; by itself it only counts them."""
        return self.make("--quiet", "host", "--dryrun", *arguments)

    def pending(self, *arguments: str) -> set[str]:
        """What a dry run would do, such as `recovery_train ifrp`."""
        told = self.plan(*arguments)
        found = set()
        for rule, rest in re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)*)", told, re.MULTILINE):
            wildcards = re.search(r"^    wildcards: (.*)$", rest, re.MULTILINE)
            values = [part.split("=")[1] for part in wildcards[1].split(", ")] if wildcards else []
            found.add(" ".join([rule, *values]))
        assert found or "Nothing to be done" in told, told
        return found - {"all", "ablations"}

    def forget(self) -> None:
        """Leaves what a fresh clone has: no artifacts, no records of Snakemake; DVC's cache stays, as a remote would."""
        for name in ("data", "models", "results", ".snakemake", "logs"):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def restore(self) -> None:
        """What a fresh clone has after `dvc pull`, once a run that had nothing to do has recorded it for Snakemake."""
        self.forget()
        self.dvc("checkout")
        assert "Nothing to be done" in self.make()

    def records(self) -> dict[Path, tuple[float, int]]:
        """Time and size of the artifacts, and of what Snakemake and DVC keep of them; not of Snakemake's logs and caches."""
        tops = [self.root / top for top in ("data", "models", "results", ".snakemake", "dvc.lock")]
        files = (path for top in tops for path in [top, *top.rglob("*")] if path.is_file())
        kept = (path for path in files if not {"log", "iocache"} & {*path.parts})
        return {path: (path.stat().st_mtime, path.stat().st_size) for path in kept}

    def finished(self) -> dict[Path, str]:
        """What every artifact holds now, of those whose jobs Snakemake has recorded as ended."""
        marks = (self.root / ".snakemake/incomplete").iterdir()
        under_way = {self.root / urlsafe_b64decode(mark.name).decode() for mark in marks if mark.is_file()}
        places = [self.root / name for name in ("data", "models", "results")]
        found = (path for place in places for path in place.rglob("*") if path.is_file())
        return {path: path.read_text() for path in found if path not in under_way}

    def configuration(self) -> dict[str, Any]:
        """The plain content of config/config.yaml."""
        found: dict[str, Any] = yaml.safe_load((self.root / "config/config.yaml").read_text())
        return found

    def edit(self, **sections: Any) -> None:
        """Changes keys of config/config.yaml, section by section."""
        found = self.configuration()
        for name, value in sections.items():
            found[name] = {**found.get(name, {}), **value} if isinstance(value, dict) else value
        self.write("config/config.yaml", yaml.safe_dump(found, sort_keys=False))

    def write(self, name: str | Path, text: str) -> None:
        """Writes a file of the copy."""
        (self.root / name).write_text(text)

    def append(self, name: str, text: str) -> None:
        """Adds to a file of the copy."""
        with (self.root / name).open("a") as file:
            file.write(text)

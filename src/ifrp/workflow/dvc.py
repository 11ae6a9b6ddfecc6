"""Keeps Snakemake's records and DVC's in step; the Snakefile calls this at its start, and when jobs begin and end.

Snakemake goes by its own records in .snakemake, DVC by hashes in dvc.lock. A stamp beside Snakemake's records says
for which dvc.lock the two agree. Without it, files may have been restored (`dvc checkout`, `dvc pull`, the run-cache)
behind Snakemake's back: if they are those of dvc.lock, a run first lets Snakemake record them (`snakemake --touch`), with
the settings that made them. A dry run writes nothing and starts nothing, and says what a run would do first.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ifrp import paths
from ifrp.artifacts import atomic, hexdigest
from ifrp.config import Config, merge, plain, presets
from ifrp.errors import IfrpError
from ifrp.workflow.run import fingerprint, resolve, write

LOCK = Path("dvc.lock")
STAMP = Path(".snakemake/dvc.lock.sha256")
FILES = Path(".snakemake/dvc.files.json")
"""size and time of every file then, and which folders of dvc.lock were not there"""
CACHE = Path(".dvc/cache/files/md5")
LOCKED = Path(".snakemake/dvc.lock.yaml")
"""the configuration that dvc.lock was written for"""
NESTED = "IFRP_NESTED"
"""set for the runs of Snakemake that are started here"""
LONG_AGO = 316_000_000
"""a time in 1980, before which archives of reports know none"""
FOLLOWED = {"seed", "faces", "styles", "portraits", "recovery", "evaluation", "paper"}
"""what DVC compares of a configuration"""
LOOKS = (
    "dryrun", "lint", "unlock", "dag", "rulegraph", "filegraph", "summary", "detailed_summary", "report",
    "list_rules", "list_target_rules", "list_conda_envs",
)  # fmt: skip
"""what Snakemake can be asked for instead of a run, as its command line names it"""


def idle() -> bool:
    """Whether there is nothing to keep in step: a run inside DVC or started here, no DVC, or no records of it."""
    inside = "DVC_STAGE" in os.environ or NESTED in os.environ
    return inside or importlib.util.find_spec("dvc") is None or not Path(".dvc").is_dir()


def at_start(workflow: Any, config: Config) -> None:
    """When the Snakefile is read: lets Snakemake know what happened to the files since the two agreed.

    What was edited since then is reported by Snakemake as usual: settings one by one, code stage by stage.
    """
    if idle() or not workflow.is_main_process:
        return
    atexit.register(_at_exit, workflow, config)
    if not LOCK.exists():
        return
    if not stamped():
        if not _looks():
            restored(config)
    elif changed := tampered():
        for path in changed:
            say(f"{path} is not what was made: a run makes it again.")
        if not _looks():
            outdate(changed)


def _looks() -> bool:
    """Whether Snakemake was not asked to run, by its own command line: nothing else tells so early."""
    from snakemake.cli import get_argument_parser

    options, _ = get_argument_parser().parse_known_args(sys.argv[1:])
    return any(getattr(options, way) for way in LOOKS)


def restored(config: Config) -> None:
    """If DVC restored files, gives Snakemake records of them, made with the settings in dvc.lock."""
    lock = yaml.safe_load(LOCK.read_text())["stages"]
    there = {out["path"] for out in outs(lock) if Path(out["path"]).exists()}
    if not there:
        return  # a fresh clone: nothing was restored yet
    status = dvc_status()
    if any(there & stage.get("changed outs", {}).keys() for stage in status.values()):
        return  # made since dvc.lock was written, or never in DVC's cache: Snakemake's own records hold
    # The files were made with the settings in dvc.lock, not with today's: by those Snakemake records them, and then finds by
    # itself what has changed since.
    try:
        write(locked(lock, config), LOCKED)
    except IfrpError as error:
        say(f"dvc.lock was written for another version of the configuration ({error}), so it is not used.")
        return
    say("Files were restored by DVC: recording them for Snakemake.")
    # Makes nothing: every output that is there gets a new time, inputs before what is made from them, and a new record.
    done = snakemake("--touch", "--forceall", "--replace-workflow-config", "--configfile", str(LOCKED))
    if done.returncode:
        say(f"That failed, and Snakemake goes by older records:\n{done.stderr[-2000:]}")
        return
    # Now outputs are newer than all source code, edited or not. DVC knows by hashes whose code or table was edited.
    for stage, changes in status.items():
        if edited(stage, changes, config):
            outdate(Path(out["path"]) for out in outs({stage: lock.get(stage, {})}))
    stamp()


def tampered() -> list[Path]:
    """Files that were edited or cut off since the two agreed, which Snakemake would not see: it looks at times only."""
    if not FILES.exists():
        return []
    seen = json.loads(FILES.read_text())
    suspects = [Path(name) for name in seen if fingerprint(Path(name)) not in (seen[name], None)]
    recorded = _recorded() if suspects else {}
    return [path for path in suspects if recorded.get(str(path)) not in (None, hexdigest(path, "md5"))]


def _recorded() -> dict[str, str]:
    """MD5 of every file that dvc.lock speaks of and DVC's cache lists."""
    hashes: dict[str, str] = {}
    for out in outs(yaml.safe_load(LOCK.read_text())["stages"]):
        listing = CACHE / out["md5"][:2] / out["md5"][2:]
        if listing.suffix == ".dir" and listing.exists():
            rows = json.loads(listing.read_text())
            hashes |= {str(Path(out["path"], row["relpath"])): row["md5"] for row in rows}
    return hashes


def running(jobs: Iterable[object]) -> None:
    """When a run starts, inside `dvc repro` too: unless there is nothing to do, the two no longer agree."""
    if any(True for _ in jobs):
        STAMP.unlink(missing_ok=True)


def _at_exit(workflow: Any, config: Config) -> None:
    """At the end of what had nothing to do, or was a dry run, where Snakemake calls no hook."""
    if workflow.dag is None:
        return
    if not workflow.dryrun and not len(workflow.dag):
        record(config)  # DVC may still have to be told
    if workflow.dryrun and len(workflow.dag) and LOCK.exists() and not stamped():
        say(
            "dvc.lock is not the one that Snakemake last recorded: if DVC restored files (checkout, pull, repro), a run records "
            "them first, and may have less to do than this dry run lists."
        )


def record(config: Config) -> None:
    """After a run: DVC records the results, if they are complete and those of the committed configuration."""
    if idle():
        return
    if followed(config) != followed(resolve({})):
        say("DVC does not record this run: its configuration is not that of config/config.yaml.")
        return
    if LOCK.exists() and not dvc_status():
        stamp()
        return
    if "Nothing to be done" not in snakemake("--dryrun").stdout:
        say("DVC does not record this run: there is more to do (see snakemake -n).")
        return
    done = run("dvc", "commit", "--force", "--quiet")
    if done.returncode:
        say(f"DVC could not record this run: {done.stderr.strip()}")
        return
    stamp()
    say("DVC has recorded the results in dvc.lock.")


def outs(stages: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the stages of dvc.lock made: path and MD5 of each folder."""
    return [out for stage in stages.values() for out in stage.get("outs", ())]


def locked(lock: Mapping[str, Any], config: Config) -> Config:
    """The configuration that dvc.lock was written for; `runtime` is today's, as DVC does not follow it.

    Raises:
        IfrpError: its values do not fit this version of the package.
    """
    files: dict[str, Any] = {}
    for stage in lock.values():
        files = merge(files, stage.get("params", {}))
    values = dict(files.get(str(paths.CONFIG), {}))
    for layer in presets(values.pop("preset", None), files).values():
        values = merge(values, layer)
    return resolve({**values, "runtime": plain(config.runtime)}, alone=True)


def followed(config: Config) -> dict[str, Any]:
    """The part of a configuration that DVC compares."""
    return {key: value for key, value in plain(config).items() if key in FOLLOWED}


def edited(name: str, stage: Mapping[str, Any], config: Config) -> bool:
    """Whether `dvc status` reports as changed the code of a stage, or a table that it is the first to read."""
    tables = {"styles": config.styles.table, "paper": str(paths.PUBLISHED)}
    return any(path.startswith("src/") or path == tables.get(name) for path in stage.get("changed deps", {}))


def outdate(places: Iterable[Path]) -> None:
    """Makes files, and those in folders, older than all their inputs, so that Snakemake makes them again when next asked."""
    files = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    for path in files:
        os.utime(path, (LONG_AGO, LONG_AGO))
    if files:
        snakemake("--cleanup-metadata", *map(str, files))


def stamped() -> bool:
    """Whether the two agree on this dvc.lock, and no folder was restored since (`dvc pull` of some of them, then of others)."""
    if not STAMP.exists() or STAMP.read_text() != hexdigest(LOCK):
        return False
    seen = json.loads(FILES.read_text()) if FILES.exists() else {}
    return not any(state is None and Path(name).exists() for name, state in seen.items())


def stamp() -> None:
    """Notes that the two agree on this dvc.lock."""
    folders = [Path(out["path"]) for out in outs(yaml.safe_load(LOCK.read_text())["stages"])]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    gone = [folder for folder in folders if not folder.exists()]
    with atomic(FILES) as new:
        new.write_text(json.dumps({str(path): fingerprint(path) for path in (*files, *gone)}))
    with atomic(STAMP) as new:  # last: with it, the other counts
        new.write_text(hexdigest(LOCK))


def dvc_status() -> dict[str, dict[str, Any]]:
    """What `dvc status` finds changed, by stage: empty if nothing is; everything, if it cannot say."""
    done = run("dvc", "status", "--json")
    if done.returncode:
        lock = yaml.safe_load(LOCK.read_text())["stages"]
        return {"dvc": {"changed outs": {out["path"]: done.stderr.strip() for out in outs(lock)}}}
    changed: dict[str, dict[str, Any]] = {}
    for stage, changes in json.loads(done.stdout).items():
        changed[stage] = {}
        for change in changes:  # a mapping, or a word such as "always changed"
            changed[stage].update(change if isinstance(change, dict) else {change: {}})
    return changed


def snakemake(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Snakemake on the same workflow, as a run of its own."""
    return run("snakemake", "--cores", "1", *arguments)


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python program of the environment at hand, and keeps its output."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, NESTED: "1"}
    )


def say(sentence: str) -> None:
    """Tells the person at the keyboard."""
    sys.stderr.write(f"{sentence}\n")

"""Verbs of `ifrp faces`."""

from __future__ import annotations

from typing import Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

app = typer.Typer(
    help="Real faces (RF): download or render, crop, split by person, warp.", no_args_is_help=True
)


@app.command()
def render(config: ConfigFile = paths.CONFIG) -> None:
    """Render the people of the embedded source, to data/source/rendered.npy."""
    from dataclasses import asdict

    from ifrp import artifacts, runtime, stacks
    from ifrp.config import load, plain
    from ifrp.faces.rendered import pictures

    found = load(config)
    people, each, canvas = (getattr(found.faces.rendered, key) for key in ("people", "pictures", "canvas"))
    shape = (people * each, canvas, canvas)
    with artifacts.card(paths.RENDERED, plain(found.faces.rendered), found.seed) as facts:
        with stacks.create(paths.RENDERED, shape) as (images, rows):
            made = pictures(people, each, canvas, found.seed, runtime.threads())
            for index, (image, person, view) in enumerate(
                runtime.progress(made, "rendered", total=len(images))
            ):
                images[index] = image
                rows.append(
                    {"file": f"{person:05}-{index % each:03}", "person": f"{person:05}", **asdict(view)}
                )
        facts["pictures"] = shape[0]
    typer.echo(f"{paths.RENDERED}: {shape[0]} pictures of {people} people.")


@app.command()
def download(config: ConfigFile = paths.CONFIG) -> None:
    """Download CelebA, or check the copy that is there, in the folder of faces.celeba."""
    from ifrp import artifacts
    from ifrp.config import load, plain
    from ifrp.faces.celeba import download as fetch
    from ifrp.faces.celeba import needed

    found = load(config)
    archive = needed(found.faces.celeba)[0]
    with artifacts.card(archive, plain(found.faces.celeba), found.seed) as facts:
        facts.update(fetch(found.faces.celeba))
    for name, origin in facts.items():
        typer.echo(f"{archive.parent / name}: whole ({origin}).")


@app.command()
def prepare(config: ConfigFile = paths.CONFIG) -> None:
    """Align, warp and split the faces of the configured source, to data/faces/."""
    from ifrp.config import load
    from ifrp.faces.prepare import prepare as make
    from ifrp.faces.sources import open_source

    found = load(config)
    facts = make(open_source(found.faces), found.faces, found.seed)
    counts = [
        f"{split} {facts[split]['faces']} faces of {facts[split]['people']} people"
        for split in ("train", "val", "test")
    ]
    typer.echo(f"{paths.FACES}: {'; '.join(counts)}; {facts['skipped']} files skipped ({paths.SKIPPED}).")


@app.command()
def warp(
    name: Annotated[str, typer.Argument(help="a name in faces.warps")], config: ConfigFile = paths.CONFIG
) -> None:
    """Misalign the training faces otherwise, for an ablation, to data/faces/."""
    from ifrp.config import load
    from ifrp.faces.prepare import rewarp
    from ifrp.faces.sources import open_source

    found = load(config)
    counts = rewarp(open_source(found.faces), found.faces, name, found.seed)
    typer.echo(
        "; ".join(f"{paths.warped(split, name)}: {count} unaligned faces" for split, count in counts.items())
    )

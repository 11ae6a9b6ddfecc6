"""Verbs of `ifrp styles`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ifrp import paths
from ifrp.options import ConfigFile

if TYPE_CHECKING:
    from ifrp.config import Config, Style

app = typer.Typer(
    help="Artworks, style distance, and one feed-forward style network per artwork.", no_args_is_help=True
)
StyleName = Annotated[str, typer.Argument(help="name of a style in the style table")]


@app.command()
def artwork(style: StyleName, config: ConfigFile = paths.CONFIG) -> None:
    """Download, read or draw one artwork, to data/styles/."""
    from PIL import Image

    from ifrp import artifacts
    from ifrp.config import load, plain
    from ifrp.styles.artworks import picture

    found = load(config)
    row, target = _row(found, style), paths.artwork(style)
    with artifacts.card(target, plain(row), found.seed) as facts:
        image, source = picture(row)
        facts.update(height=image.shape[0], width=image.shape[1])
        if source:
            facts["source"] = {str(source): artifacts.hexdigest(source)}
        with artifacts.atomic(target) as new:
            Image.fromarray(image).save(new)
    typer.echo(f"{target}: {image.shape[1]}×{image.shape[0]} pixels from {row.address}.")


@app.command()
def distance(config: ConfigFile = paths.CONFIG) -> None:
    """Measure how far each style is from real faces, to results/styles/distance.csv, and from the others."""
    from ifrp import artifacts
    from ifrp import config as configuration
    from ifrp.styles.report import distances

    found = configuration.load(config)
    rows = configuration.styles(found)
    inputs = [paths.artwork(row.name) for row in rows]
    settings = {"features": found.styles.features, "distance": found.styles.distance}
    with artifacts.card(paths.STYLE_DISTANCE, configuration.plain(settings), found.seed, inputs) as facts:
        table, pairs = distances(rows, found)
        artifacts.save_table(paths.STYLE_PAIRS, pairs)
        artifacts.save_table(paths.STYLE_DISTANCE, table)
        facts["chosen"] = table[(table.layer == "combined") & table.chosen]["style"].tolist()
    typer.echo(f"{paths.STYLE_DISTANCE}: {found.styles.distance.rule} chooses {', '.join(facts['chosen'])}.")


@app.command()
def train(style: StyleName, config: ConfigFile = paths.CONFIG) -> None:
    """Train the style network of one artwork on the warped training faces, to models/styles/."""
    from ifrp import artifacts, runtime, stacks
    from ifrp.config import load, plain
    from ifrp.styles import training
    from ifrp.styles.artworks import read
    from ifrp.styles.network import save
    from ifrp.training import checkpoint

    found = load(config)
    _row(found, style)
    target, inputs = paths.style_network(style), [paths.artwork(style), paths.warped("train")]
    faces, picture = stacks.read(paths.warped("train")), read(paths.artwork(style))
    fabric = runtime.fabric(found.runtime, devices=1)  # there are ten such trainings to run side by side
    settings = {"features": found.styles.features, "training": found.styles.training}
    with artifacts.card(target, plain(settings), found.seed, inputs) as facts:
        network, curve = training.train(
            style, picture, faces.images, found.styles, found.seed, fabric, found.runtime.compile
        )
        facts.update(curve[-1])
        save(target, network, style)
        checkpoint.remove(paths.checkpoint(f"style-{style}"))
    typer.echo(
        f"{target}: style loss {curve[0]['style']:.3g} → {curve[-1]['style']:.3g}, {len(faces)} faces."
    )


@app.command()
def sheet(config: ConfigFile = paths.CONFIG, faces: int = 3) -> None:
    """Show every artwork and a few test faces in every style, to results/styles/sample-sheet.png."""
    from PIL import Image

    from ifrp import artifacts, stacks
    from ifrp import config as configuration
    from ifrp.styles import network, sheet
    from ifrp.styles.artworks import read

    found = configuration.load(config)
    names = [row.name for row in configuration.styles(found)]
    inputs = [path(name) for name in names for path in (paths.artwork, paths.style_network)]
    shown = stacks.read(paths.warped("test")).images[:faces]
    with artifacts.card(paths.STYLE_SHEET, {"faces": faces}, found.seed, inputs):
        portraits = [network.apply(network.trained(found.styles, name), shown) for name in names]
        made = sheet.sheet([read(paths.artwork(name)) for name in names], shown, portraits)
        with artifacts.atomic(paths.STYLE_SHEET) as new:
            Image.fromarray(made).save(new)
    typer.echo(f"{paths.STYLE_SHEET}: {len(shown)} faces in {len(names)} styles.")


def _row(config: Config, style: str) -> Style:
    from ifrp.config import styles
    from ifrp.errors import IfrpError

    rows = {row.name: row for row in styles(config)}
    if style not in rows:
        raise IfrpError(f"There is no style {style} in {config.styles.table}; there are {', '.join(rows)}.")
    return rows[style]

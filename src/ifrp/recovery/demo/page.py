"""The page of `ifrp demo`, in Gradio: what stands on it, and what it does when somebody gives a picture, clicks or drags."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ifrp import paths
from ifrp.errors import IfrpError
from ifrp.faces.pictures import Skip
from ifrp.recovery import portrait
from ifrp.recovery.demo.sitting import UNMOVED, Adjustment, Sitting, sit, told
from ifrp.recovery.portrait import Recovered

LARGEST = "200mb"  # of a file that is taken
KEPT = 3600  # seconds that pictures of a visitor are kept, at most twice
SHOWN = 512  # pixels of portrait and face on the page; the files to download have the model's own size
NOTICE = """# The face behind a portrait

A painting, a drawing or a stylised photograph goes in; a photorealistic face comes out. **It is a guess.** The method
invents what the portrait does not show: colours, age, what hair or a hat hides. It was trained on celebrities, mostly young and
light-skinned, and serves others worse. A recovered face must not be used to identify anybody, or as evidence of anything.
Nothing leaves the machine that serves this page; pictures are deleted there after an hour or two."""
CSS = "footer {display: none !important} #told {min-height: 1.5em}"


def written(name: str, recovered: Recovered, folder: Path) -> tuple[str, str]:
    """Writes the face, and portrait and face side by side, as PNG into a new folder in `folder`: their paths."""
    into = Path(tempfile.mkdtemp(dir=folder))
    face, both = into / f"{name}.png", into / f"{name}-compared.png"
    recovered.face.save(face)
    recovered.compared.save(both)
    return str(face), str(both)


class Desk:
    """What the page does: each method answers an event with new values for some of its parts."""

    def __init__(self, first: str, folder: Path) -> None:
        """Makes ready what all visitors share.

        Args:
            first: the model that is chosen when the page opens, see `portrait.load`; those that come with the package can be
                chosen, too.
            folder: for files to download.

        Raises:
            IfrpError: there is no such model, or it cannot find faces.
        """
        self.models = list(dict.fromkeys([first, *portrait.shipped()]))
        self.folder = folder
        self.load = cache(portrait.load)
        _ = self.load(first).landmarks  # told before the page is opened

    def look(self, path: str | None, model: str) -> list[Any]:
        """A picture was given, or another model chosen: sitting, faces to choose from, sliders, what to know."""
        nothing = [None, gr.Radio(choices=[], visible=False), *UNMOVED]
        if path is None:
            return [*nothing, ""]
        try:
            sitting = sit(path, self.load(model))
        except Skip as reason:
            return [*nothing, f"**{Path(path).name} cannot be taken: {reason}.**"]
        first, *_ = choices = list(sitting.crops)
        faces = gr.Radio(choices=choices, value=first, visible=True)
        return [sitting, faces, *UNMOVED, told(sitting, first)]

    def aim(self, sitting: Sitting | None, choice: str, event: gr.SelectData) -> list[Any]:
        """The picture was clicked: choice, sliders, what to know."""
        assert sitting is not None  # there is nothing to click before
        choice, moved = sitting.aimed(choice, event.index)
        return [choice, *astuple(moved), told(sitting, choice)]

    def choose(self, sitting: Sitting, choice: str) -> list[Any]:
        """Another face was chosen: sliders, what to know."""
        return [*UNMOVED, told(sitting, choice)]

    def show(self, sitting: Sitting | None, choice: str, model: str, *moved: float) -> list[Any]:
        """Anything of this has changed: the picture with its frames, portrait and face, and both files."""
        if sitting is None:
            return [None, None, *[gr.DownloadButton(interactive=False)] * 2]
        seen = sitting.cut(choice, Adjustment(*moved))
        (recovered,) = self.load(model).faces([seen])
        sides = (Image.fromarray(seen.image), recovered.face)
        large = tuple(side.resize((SHOWN, SHOWN), Image.Resampling.BICUBIC) for side in sides)
        files = written(sitting.name, recovered, self.folder)
        return [
            sitting.marked(choice, seen),
            large,
            *(gr.DownloadButton(value=file, interactive=True) for file in files),
        ]


def page(desk: Desk) -> gr.Blocks:
    """All of it: on a wide screen the portrait, the face and the crop side by side; on a phone one below the other."""
    examples = [[str(path)] for path in sorted(paths.EXAMPLES.iterdir())]
    blocks: gr.Blocks
    with gr.Blocks(title="ifrp", analytics_enabled=False, delete_cache=(KEPT, KEPT)) as blocks:
        sitting = gr.State(time_to_live=KEPT)
        gr.Markdown(NOTICE)
        with gr.Row():
            with gr.Column():
                upload = gr.File(label="Your portrait", file_types=["image"], height=120)
                note = gr.Markdown(elem_id="told")
                gallery = gr.Dataset(
                    components=[gr.Image(visible=False)], samples=examples, label="Or one of these"
                )
                model = gr.Radio(desk.models, value=desk.models[0], label="Model")
            with gr.Column():
                compared = gr.ImageSlider(label="Portrait and recovered face", interactive=False, buttons=[])
                line = gr.Slider(0, 100, 50, step=5, label="Line between them, %")
                with gr.Row():
                    files = [
                        gr.DownloadButton(f"Download {what}", interactive=False, elem_id=what)
                        for what in ("face", "both")
                    ]
            with gr.Column():
                gr.Markdown("Click a face, or where the crop is to be:")
                picture = gr.Image(label="Picture", show_label=False, interactive=False, buttons=[])
                faces = gr.Radio([], label="Recover", visible=False)
                with gr.Accordion("Adjust the crop", open=False):
                    moved = [
                        gr.Slider(-200, 200, 0, step=1, label="to the right, % of its side"),
                        gr.Slider(-200, 200, 0, step=1, label="down, % of its side"),
                        gr.Slider(25, 400, 100, step=1, label="size, %"),
                        gr.Slider(-180, 180, 0, step=1, label="turn clockwise, degrees"),
                    ]
        seen, results = [sitting, faces, model, *moved], [picture, compared, *files]
        alone = {"api_visibility": "private", "concurrency_id": "model"}  # one at a time, whoever asks

        def on(event: Any, function: Callable[..., Any], inputs: list[Any], outputs: list[Any]) -> None:
            event(function, inputs, outputs, **alone).success(desk.show, seen, results, **alone)

        gallery.click(lambda sample: sample[0], gallery, upload, api_visibility="private")
        on(upload.change, desk.look, [upload, model], [sitting, faces, *moved, note])
        on(model.input, desk.look, [upload, model], [sitting, faces, *moved, note])
        on(picture.select, desk.aim, [sitting, faces], [faces, *moved, note])
        on(faces.input, desk.choose, [sitting, faces], [*moved, note])
        gr.on(
            [slider.input for slider in moved], desk.show, seen, results, trigger_mode="always_last", **alone
        )
        line.input(lambda at: gr.ImageSlider(slider_position=at), line, compared, api_visibility="private")
    return blocks


def launch(blocks: gr.Blocks, host: str, port: int | None, *, browser: bool) -> str:
    """Serves the page in the background; its address.

    Raises:
        IfrpError: the port is taken, or there is no such address.
    """
    try:
        _, address, _ = blocks.launch(
            server_name=host, server_port=port, inbrowser=browser, prevent_thread_lock=True, quiet=True, share=False,
            ssr_mode=False, run_history=False, footer_links=[], max_file_size=LARGEST, css=CSS,
            allowed_paths=[str(paths.EXAMPLES)],
            theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        )  # fmt: skip
    except OSError as error:
        raise IfrpError(
            f"The page cannot be served at {host}, port {port or 'from 7860'}: {error}"
        ) from error
    return str(address)

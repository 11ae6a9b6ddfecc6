# What the rules share: the resolved configuration, and what each step depends on. Rules hold no logic of their own.
import atexit
import os
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

sys.path.insert(0, str(Path(workflow.basedir, "src")))

from ifrp import imports, steps, versioning
from ifrp.config import experiments, plain, styles
from ifrp.errors import IfrpError
from ifrp.faces.needs import folder_digest
from ifrp.paths import numbers
from ifrp.paper import DOCUMENTS, FIGURES, needs, tables
from ifrp.paper.printing import shown

PACKAGE = Path(os.path.relpath(imports.PACKAGE))
STACK = (".npy", ".csv", ".json")
WEIGHTS = (".safetensors", ".json")
FACES = [f"{split}{kind}" for split in ("train", "val", "test") for kind in ("", "-warped")]

if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method and not shutil.which("conda"):
    logger.warning("There is no conda here, so --use-conda is left out: rules use the environment at hand.")
    workflow.deployment_settings.deployment_method = set(workflow.deployment_settings.deployment_method) - {
        DeploymentMethod.CONDA
    }

try:
    SETTINGS = steps.resolve(
        workflow.config_settings.overwrite_config,
        alone=workflow.config_settings.replace_workflow_config,
    )
    STYLES = {row.name: row for row in styles(SETTINGS)}
    RECOGNISERS = steps.used_recognisers(SETTINGS)
    EVERY = experiments.every(SETTINGS)
    SHOWN = steps.shown_experiment(SETTINGS)
    WARPED = steps.warped_portraits(SETTINGS)
except IfrpError as error:
    raise WorkflowError(str(error)) from None

steps.export(SETTINGS, STYLES)
if workflow.is_main_process:
    versioning.after_restore(SETTINGS)
    atexit.register(versioning.after_idling, workflow, SETTINGS)

EXPERIMENTS = list(SETTINGS.recovery.experiments)
EXPERIMENT_METHODS = {name: EVERY[name].method for name in EXPERIMENTS}
STYLE_SPLITS = {name: row.split for name, row in STYLES.items()}
TRAINED = [name for name in EXPERIMENTS if EVERY[name].trained]
JUDGE = SETTINGS.evaluation.recogniser
ABLATION_TABLES, ABLATION_FIGURES = shown(SETTINGS, "ablations")
PORTRAITS = steps.portraits(SETTINGS)
CELEBA = str(Path(SETTINGS.faces.celeba.folder, "img_align_celeba.json"))
FACE_SOURCE = {
    "rendered": [f"data/source/rendered{suffix}" for suffix in STACK],
    "celeba": [CELEBA],
    "photos": [path for path in (SETTINGS.faces.photos.path, SETTINGS.faces.photos.identities) if path],
}[SETTINGS.faces.source]
NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))
NUMBERS = {Path(numbers(name)).stem: name for name in DOCUMENTS}
PAPER_TABLES, PAPER_FIGURES = shown(SETTINGS, "paper")
GPU = int(
    SETTINGS.runtime.device == "cuda"
    or (SETTINGS.runtime.device == "auto" and bool(shutil.which("nvidia-smi")))
)


wildcard_constraints:
    split="train|val|test",
    warp="[^/.]+",
    style="[^/]+",
    experiment="[^/]+",
    name="[^/]+",


def settings(*keys):
    """Values of configuration keys, for `params:`, so that a change of them reruns the step."""
    return steps.settings(SETTINGS, *keys)


def code(group, verb, *modules):
    """Source files that a verb runs, for `input:`."""
    return [str(PACKAGE / path) for path in imports.sources(group, verb, *modules)]


def verb(group, verb):
    """Hash of the verb's own function, for `params:`."""
    return imports.digest(group, verb)


def stack(path):
    """The three files of an image stack: pictures, table, provenance card."""
    return [path + suffix for suffix in STACK]


def with_card(path):
    """An artifact and its provenance card."""
    return [path, str(Path(path).with_suffix(".json"))]


def files(found):
    """Paths of the package as a rule wants them."""
    return [str(path) for path in found]


def local_file(value):
    """The file that a setting names, if it names one, for `input:`."""
    return [value] if value and Path(value).is_file() else []


def pictures(wildcards):
    """What the photos look like, if they lie in a folder, whose own time does not tell."""
    return folder_digest(SETTINGS.faces.photos.path) if SETTINGS.faces.source == "photos" else None


def warp_settings(wildcards):
    """Configuration of one more misalignment."""
    return settings("seed", f"faces.warps.{wildcards.warp}")


def style_row(wildcards):
    """The style's row of the style table."""
    return plain(STYLES[wildcards.style])


def artwork_file(wildcards):
    """The artwork's picture, if the style table names a file rather than an address."""
    return local_file(STYLES[wildcards.style].address)


def recogniser_settings(wildcards):
    """Configuration of one recogniser."""
    return settings(f"recovery.recognisers.{wildcards.name}")


def recogniser_inputs(wildcards):
    """Training faces for a recogniser that the workflow trains, else its file of weights."""
    weights = SETTINGS.recovery.recognisers[wildcards.name].weights
    return stack("data/faces/train") if weights == "trained" else local_file(weights)


def experiment_code(verb):
    """An input function: code of a verb of `ifrp recovery` and of the experiment's method."""

    def found(wildcards):
        return code("recovery", verb, f"ifrp.recovery.methods.{EVERY[wildcards.experiment].method}")

    return found


def experiment_settings(wildcards):
    """An experiment's entry, over what is configured for its method."""
    return steps.experiment(EVERY[wildcards.experiment])


def training_settings(wildcards):
    """The same, without what only recovery goes by."""
    return steps.training(EVERY[wildcards.experiment])


def pairs(wildcards):
    """Portraits and faces that an experiment is trained and validated on."""
    row = EVERY[wildcards.experiment]
    names = [f"data/faces/{split}" for split in ("train", "val")]
    names += [
        f"data/portraits/{split}-{row.warp}/{style}" if row.warp else f"data/portraits/{split}/{style}"
        for split, style in row.seen
    ]
    return [path for name in names for path in stack(name)]


def loss_networks(wildcards):
    """Weights of the recognisers in an experiment's losses, and of perceptual features if from a file."""
    names = EVERY[wildcards.experiment].recognisers
    found = [path for name in names for path in with_card(f"models/recognisers/{name}.safetensors")]
    return found + local_file(SETTINGS.styles.features.weights)


def networks(wildcards):
    """The trained networks of an experiment, if its method has any."""
    return files(needs.networks(SETTINGS, wildcards.experiment))


def recovers_with(wildcards):
    """What an experiment recovers with: its networks, or the faces and features that its method looks at."""
    if EVERY[wildcards.experiment].facts.reference:
        return stack("data/faces/train") + local_file(SETTINGS.styles.features.weights)
    return networks(wildcards)


def table_inputs(wildcards):
    """What a table is made from."""
    return files(needs.table(SETTINGS, wildcards.name))


def table_rows(wildcards):
    """The experiments that a table shows, by row."""
    if wildcards.name in ("seeds", "tuning"):
        return settings(f"paper.{wildcards.name}")
    return SETTINGS.paper.ablations.get(
        wildcards.name, EXPERIMENT_METHODS | dict.fromkeys(SETTINGS.recovery.not_run)
    )


def table_labels(wildcards):
    """What the report says of a table."""
    return tables.labels(wildcards.name)


def figure_labels(wildcards):
    """What the report says of a figure."""
    return {
        "figure": wildcards.name,
        "shows": FIGURES.get(wildcards.name, "faces of that table's experiments"),
    }


def method_labels(wildcards):
    """What the report says of an experiment."""
    return {"experiment": wildcards.experiment, "method": EVERY[wildcards.experiment].method}


def style_labels(wildcards):
    """What the report says of a style."""
    return {"style": wildcards.style, "split": STYLE_SPLITS[wildcards.style]}


def figure_code(wildcards):
    """Code that draws a figure; of those that run a network, its method's too."""
    runs = [f"ifrp.recovery.methods.{EVERY[SHOWN].method}"] if wildcards.name in ("network", "own") else []
    return code("paper", "figure", *runs)


def figure_inputs(wildcards):
    """What a figure is made from."""
    return files(needs.figure(SETTINGS, wildcards.name))


def figure_rows(wildcards):
    """The experiments that a figure shows; of the drawn network, its settings."""
    if wildcards.name == "network":
        return steps.experiment(EVERY[SHOWN])
    return table_rows(wildcards)


def numbers_inputs(wildcards):
    """What the numbers of a document are taken from."""
    return files(needs.numbers(SETTINGS, NUMBERS[wildcards.numbers]))


def numbered_document(wildcards):
    """The document that quotes these numbers."""
    return NUMBERS[wildcards.numbers]


def document_rows(wildcards):
    """The experiments that a document tells of."""
    return {"paper": EXPERIMENT_METHODS}.get(NUMBERS[wildcards.numbers], SETTINGS.paper.ablations)


def document_inputs(wildcards):
    """The tables, figures and numbers of a document."""
    return files(needs.document(SETTINGS, wildcards.document))

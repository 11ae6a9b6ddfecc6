# What the rules share: the resolved configuration, and what each step depends on. Rules hold no logic of their own.
import atexit
import os
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import validate

sys.path.insert(0, str(Path(workflow.basedir, "src")))

from ifrp import imports, paths, steps, versioning
from ifrp.config import experiments, plain, styles, training_warp
from ifrp.errors import IfrpError
from ifrp.faces.needs import folder_digest
from ifrp.paper import documents, figures, tables
from ifrp.paper.part import Part
from ifrp.paths import files

PACKAGE = Path(os.path.relpath(imports.PACKAGE))
SCHEMAS = Path(workflow.basedir, "workflow", "schemas")
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
    EVERY = {name: entry["method"] for name, entry in experiments(SETTINGS).items()}
    TRAINED_ON = {name: steps.training_portraits(SETTINGS, name) for name in EVERY}
    WARPS = {name: training_warp(SETTINGS, name) for name in EVERY}
    steps.shown_experiment(SETTINGS)  # refused here if it is none of the paper's
    WARPED = steps.warped_portraits(SETTINGS)
    PRINTED = {name: files(of.products(SETTINGS)) for name, of in documents.DOCUMENTS.items()}
except IfrpError as error:
    raise WorkflowError(str(error)) from None

# Once for each configuration, because importing jsonschema takes two seconds.
if not steps.frozen(SETTINGS, STYLES).exists():
    validate(plain(SETTINGS), str(SCHEMAS / "config.schema.json"))
    for row in STYLES.values():
        validate(plain(row), str(SCHEMAS / "styles.schema.json"))
steps.export(SETTINGS, STYLES)
if workflow.is_main_process:
    versioning.after_restore(SETTINGS)
    atexit.register(versioning.after_idling, workflow, SETTINGS)

EXPERIMENTS = list(SETTINGS.recovery.experiments)
STYLE_SPLITS = {name: row.split for name, row in STYLES.items()}
TRAINED = [name for name in EXPERIMENTS if steps.needs_training(SETTINGS, name)]
JUDGE = SETTINGS.evaluation.recogniser
PORTRAITS = steps.portraits(SETTINGS)
CELEBA = str(Path(SETTINGS.faces.celeba.folder, "img_align_celeba.json"))
FACE_SOURCE = {
    "rendered": [f"data/source/rendered{suffix}" for suffix in STACK],
    "celeba": [CELEBA],
    "photos": [path for path in (SETTINGS.faces.photos.path, SETTINGS.faces.photos.identities) if path],
}[SETTINGS.faces.source]
NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))
NUMBERS = {paths.numbers(name).stem: name for name in documents.DOCUMENTS}
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
    return [str(path), str(Path(path).with_suffix(".json"))]


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
        return code("recovery", verb, f"ifrp.recovery.methods.{EVERY[wildcards.experiment]}")

    return found


def experiment_settings(wildcards):
    """An experiment's entry, over what is configured for its method."""
    return steps.experiment(SETTINGS, wildcards.experiment)


def training_settings(wildcards):
    """The same, without what only recovery goes by."""
    return steps.training(SETTINGS, wildcards.experiment)


def pairs(wildcards):
    """Portraits and faces that an experiment is trained and validated on."""
    warp = WARPS[wildcards.experiment]
    names = [f"data/faces/{split}" for split in ("train", "val")]
    names += [
        f"data/portraits/{split}-{warp}/{style}" if warp else f"data/portraits/{split}/{style}"
        for split, style in TRAINED_ON[wildcards.experiment]
    ]
    return [path for name in names for path in stack(name)]


def loss_networks(wildcards):
    """Weights of the recognisers that an experiment's settings name, and of perceptual features if from a file."""
    names = steps.recognisers(SETTINGS, wildcards.experiment)
    found = [path for name in names for path in with_card(f"models/recognisers/{name}.safetensors")]
    return found + local_file(SETTINGS.styles.features.weights)


def networks(wildcards):
    """The trained networks of an experiment, if its method has any."""
    return files(steps.networks(SETTINGS, wildcards.experiment))


def recovers_with(wildcards):
    """What an experiment recovers with: its networks, or the faces and features that its method looks at."""
    if steps.needs_faces(SETTINGS, wildcards.experiment):
        return stack("data/faces/train") + local_file(SETTINGS.styles.features.weights)
    return networks(wildcards)


def method_labels(wildcards):
    """What the report says of an experiment."""
    return {"experiment": wildcards.experiment, "method": EVERY[wildcards.experiment]}


def style_labels(wildcards):
    """What the report says of a style."""
    return {"style": wildcards.style, "split": STYLE_SPLITS[wildcards.style]}


def asked(parts, question):
    """An input function: what a table or a figure says of itself."""
    return lambda wildcards: question(parts.find(SETTINGS, wildcards.name), SETTINGS)


def part_code(parts, verb):
    """An input function: code that makes a table or a figure."""
    return lambda wildcards: code("paper", verb, *parts.find(SETTINGS, wildcards.name).modules(SETTINGS))


def part_labels(parts):
    """An input function: what the report says of a table or a figure."""
    return lambda wildcards: parts.find(SETTINGS, wildcards.name).labels()


def numbered(wildcards):
    """The document that quotes these numbers."""
    return NUMBERS[wildcards.numbers]


def numbers_inputs(wildcards):
    """What the numbers of a document are taken from."""
    return files(documents.find(numbered(wildcards)).counts(SETTINGS))


def numbers_rows(wildcards):
    """The experiments that a document tells of."""
    return documents.find(numbered(wildcards)).experiments(SETTINGS)


def document_inputs(wildcards):
    """The tables, figures and numbers of a document."""
    return files(documents.find(wildcards.document).reads(SETTINGS))


def document_order(wildcards):
    """The tables and figures of a document, as it shows them."""
    return documents.find(wildcards.document).order(SETTINGS)

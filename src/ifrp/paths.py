"""Where every artifact lies, relative to the project root: the package's only list of paths."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

CONFIG = Path("config/config.yaml")
PUBLISHED = Path("config/published.csv")

# faces
SOURCE = Path("data/source")
RENDERED = SOURCE / "rendered.npy"
CELEBA = SOURCE / "celeba"
FACES = Path("data/faces")
SKIPPED = FACES / "skipped.csv"

# styles
SOURCE_ARTWORKS = SOURCE / "styles"
ARTWORKS = Path("data/styles")
STYLE_RESULTS = Path("results/styles")
STYLE_DISTANCE = STYLE_RESULTS / "distance.csv"
STYLE_PAIRS = STYLE_RESULTS / "pairwise.csv"
STYLE_SHEET = STYLE_RESULTS / "sample-sheet.png"

# portraits
PORTRAITS = Path("data/portraits")

# recovery
RECOVERY_MODELS = Path("models/recovery")
RELEASED = Path("models/released")
SHIPPED = Path(__file__).parent / "weights"  # in the package, which so recovers portraits wherever it is
EXAMPLES = Path(__file__).parent / "examples"
RECOVERED = Path("data/recovered")
CHECKPOINTS = Path("checkpoints")
RECOVERY_RESULTS = Path("results/recovery")

# evaluation
EVALUATION = Path("results/evaluation")
YARDSTICKS = EVALUATION / "yardsticks.csv"
EXPOSURE = EVALUATION / "exposure.csv"

# paper
PAPER = Path("results/paper")
TABLES = PAPER / "tables"
FIGURES = PAPER / "figures"
REFERENCE = Path("docs/results/default/sha256.csv")
PHOTOGRAPHS = Path("docs/results/gpu")
PHOTOGRAPHS_RETRIEVAL = Path("docs/images/gpu-retrieval.png")

FILES = {".npy": (".npy", ".csv", ".json"), ".safetensors": (".safetensors", ".json")}
"""by its suffix, the files of an artifact that is several: a stack has a table and a card, a model has a card"""


def files(artifacts: Iterable[Path]) -> list[str]:
    """Every file of some artifacts, as the rules of the workflow want them."""
    return [str(path.with_suffix(of)) for path in artifacts for of in FILES.get(path.suffix, (path.suffix,))]


def faces(split: str) -> Path:
    """Stack of aligned real faces (RF) of one split: train, val or test."""
    return FACES / f"{split}.npy"


def warped(split: str, warp: str | None = None) -> Path:
    """Stack of the same faces, unaligned by a random similarity warp; `warp` is a name in `faces.warps`."""
    return FACES / (f"{split}-warped-{warp}.npy" if warp else f"{split}-warped.npy")


def downloaded_artwork(style: str, address: str) -> Path:
    """Where what an address sends for an artwork is kept: another address is another file."""
    suffix = PurePosixPath(urlsplit(address).path).suffix[:8]
    return SOURCE_ARTWORKS / f"{style}-{sha256(address.encode()).hexdigest()[:12]}{suffix}"


def artwork(style: str) -> Path:
    """Picture of one artwork."""
    return ARTWORKS / f"{style}.png"


def style_network(style: str) -> Path:
    """Weights of the feed-forward style network of one artwork."""
    return Path("models/styles") / f"{style}.safetensors"


def style_curve(style: str) -> Path:
    """Loss curve of one style network."""
    return STYLE_RESULTS / "curves" / f"{style}.csv"


def portraits(split: str, style: str, warp: str | None = None) -> Path:
    """Stack of stylised faces (SF): the warped faces of one split in one style."""
    return PORTRAITS / (f"{split}-{warp}" if warp else split) / f"{style}.npy"


def recogniser(name: str) -> Path:
    """Weights of one face recogniser."""
    return Path("models/recognisers") / f"{name}.safetensors"


def recovery_model(experiment: str) -> Path:
    """Networks of one trained experiment."""
    return RECOVERY_MODELS / f"{experiment}.safetensors"


def released(experiment: str) -> Path:
    """The same in half precision, for others to use."""
    return RELEASED / f"{experiment}.safetensors"


def shipped(name: str) -> Path:
    """Released weights that come with the package; relative to the project root if the package lies in it."""
    path = SHIPPED / f"{name}.safetensors"
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def checkpoint(training: str) -> Path:
    """State of a training that has not ended, beside no declared output, so that a failed job keeps it."""
    return CHECKPOINTS / f"{training}.ckpt"


def training_curve(experiment: str) -> Path:
    """Losses of one experiment, one row per logged step."""
    return RECOVERY_RESULTS / experiment / "curve.csv"


def validation_curve(experiment: str) -> Path:
    """PSNR of validation faces during the training of one experiment, as DVCLive writes it, for `dvc plots`."""
    return RECOVERY_RESULTS / experiment / "dvclive/plots/metrics/validation_psnr.tsv"


def recovered(experiment: str, style: str) -> Path:
    """Stack of faces that one experiment recovered from the test portraits of one style."""
    return RECOVERED / experiment / f"{style}.npy"


def quality(experiment: str) -> Path:
    """Scores of every recovered face of one experiment: PSNR, SSIM, FSIM, FSIMc and what PSNR would be."""
    return EVALUATION / experiment / "quality.csv"


def identity(experiment: str, recogniser: str) -> Path:
    """Retrieval result (FRR, rank, likeness) of every recovered face of one experiment, by one recogniser."""
    return EVALUATION / experiment / recogniser / "identity.csv"


def consistency(experiment: str, recogniser: str) -> Path:
    """Retrieval result (FCR) of every recovered face against every other style of one experiment."""
    return EVALUATION / experiment / recogniser / "consistency.csv"


def retrieval(experiment: str, recogniser: str) -> Path:
    """Retrieval curve of one experiment, by one recogniser: share of faces retrieved by rank."""
    return EVALUATION / experiment / recogniser / "retrieval.csv"


def distractors(recogniser: str) -> Path:
    """Embeddings of all training faces, by one recogniser."""
    return EVALUATION / "distractors" / f"{recogniser}.npy"


def summary(experiment: str) -> Path:
    """Means of all scores of one experiment, with their intervals."""
    return EVALUATION / experiment / "summary.csv"


def metrics(experiment: str) -> Path:
    """The same means alone, for `dvc metrics`."""
    return EVALUATION / experiment / "metrics.yaml"


def table(name: str, suffix: str = "csv") -> Path:
    """One table of the paper: csv for machines, md and html to read, tex and typ to print."""
    return TABLES / f"{name}.{suffix}"


def figure(name: str, suffix: str = "png") -> Path:
    """One figure of the paper, as png or pdf."""
    return FIGURES / f"{name}.{suffix}"


def numbers(document: str) -> Path:
    """Every number that a document may quote: `paper`, or `ablations`."""
    return PAPER / {"paper": "numbers.json"}.get(document, f"numbers-{document}.json")


def document(name: str) -> Path:
    """A printed document: `paper`, or `ablations`."""
    return PAPER / f"{name}.pdf"


def text(name: str) -> Path:
    """The text of a document, in Typst."""
    return Path("paper") / f"{name}.typ"


def texts() -> list[Path]:
    """The text of all documents, what they share, and their references."""
    return sorted(path for path in text("").parent.iterdir() if path.suffix in (".typ", ".bib"))


def notebook(name: str) -> Path:
    """A notebook, without outputs."""
    return Path("notebooks") / f"{name}.ipynb"


def executed(name: str) -> Path:
    """The same notebook, run, as a page with what it shows."""
    return PAPER / "notebooks" / f"{name}.html"

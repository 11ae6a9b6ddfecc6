"""The configuration's sections, with the paper's values as defaults: types, ranges and, under each field, what it is.

The miniature (config/config.yaml) and the presets beside it only say what differs from the defaults here.
Importing this needs nothing but pydantic, which Snakemake brings, because the Snakefile reads the configuration, too.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from ifrp.config.values import (
    Address,
    Angle,
    Batch,
    Box,
    Byte,
    Count,
    Devices,
    Digest,
    Entry,
    Few,
    File,
    Folder,
    Inside,
    Keys,
    Layer,
    Layers,
    Memory,
    Minutes,
    Name,
    Part,
    Positive,
    Rate,
    Resamples,
    Rising,
    Seed,
    Several,
    Share,
    Side,
    Spread,
    Steps,
    StyleSplit,
    Weight,
    Width,
    Window,
    section,
    some_weight,
)


@section
class Runtime:
    """What depends on the machine; changing it reruns nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """where networks run; auto takes a GPU if there is one"""
    devices: Devices = 1
    """number of GPUs that one training uses"""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """number format of training; bf16-mixed pays on GPUs from Ampere on"""
    graphs: bool = True
    """replay the steps of a training as CUDA graphs, where it has one GPU for itself; without effect on a processor"""
    portable: bool = True
    """compute the same on every x86-64 processor with AVX2, byte for byte, by leaving unused what only some have; without
    effect on what a GPU computes"""


@section
class RenderedFaces:
    """The embedded source: parametric heads."""

    people: Count = 100
    """number of people"""
    pictures: Few = 6
    """pictures of each person"""
    canvas: Side = 240
    """side of a rendered picture, in pixels; the central 128/240 of it are the aligned face"""


@section
class CelebAFaces:
    """CelebA (Liu et al., ICCV 2015), aligned release, 178×218 pixels."""

    folder: Folder = "data/source/celeba"
    """folder with the official files, or to download them to"""
    mirrors: tuple[str, ...] = ()
    """addresses of folders with the official files, tried in turn before the authors' Google Drive"""
    crop: Box | None = (34.0, 54.0, 107.0, 133.0)
    """left, top, width, height of the face, in pixels [inferred: the group's practice]; none: by the landmarks file"""
    official_splits: bool = False
    """keep CelebA's own partition of people into train, val and test, and only draw the faces within each"""
    exclude: tuple[str, ...] = ()
    """CelebA attributes whose faces are left out, such as Eyeglasses or Wearing_Hat"""


@section
class PhotoFaces:
    """Any folder or zip of face photos."""

    path: File = ""
    """folder (with all its folders) or zip archive of pictures"""
    identities: File | None = None
    """CSV with columns file (path or base name), person (or identity) and those of `landmarks`; none: a person per photo"""
    crop: Box | None = None
    """left, top, width, height of the face in every picture, upright, in pixels"""
    landmarks: tuple[str, ...] = ()
    """instead of `crop`: columns x, y, … of the eye on the left, the eye on the right and points of the mouth (averaged)"""
    find: bool = False
    """instead of both: find the largest face in each picture, by MTCNN"""


@section
class Warp:
    """In-plane misalignment (Sec. 4): a random similarity transform of each aligned face."""

    rotation: Spread = 30.0
    """largest rotation, in degrees, either way [inferred]"""
    angles: tuple[Angle, ...] = ()
    """draw the rotation from these angles instead (degrees), as in the rotation ablation"""
    scale: Rising = (0.8, 1.0)
    """smallest and largest scale of the face [inferred]"""
    shift: Share = 0.05
    """largest shift, as a fraction of the face's side, either way [inferred]"""
    copies: Few = 1
    """misalignments of each training face; validation and test faces have one. Disk, and what a GPU holds of
    it, grow linearly: at 128 pixels, 49 kB for each face and copy, unstylised and in each training style"""


@section
class FaceCounts:
    """Faces in each split; people are never shared."""

    train: Count = 110_000
    val: Count = 1_000
    test: Count = 2_000


SOURCES: Final = {"rendered": "rendered faces", "celeba": "CelebA", "photos": "photographs"}
"""what texts call the faces of each source"""


@section
class Faces:
    """Real faces (RF): source, crop, split by person, warp."""

    source: Literal["rendered", "celeba", "photos"] = "rendered"
    """where faces come from"""
    size: Side = 128
    """side of a face, in pixels"""
    split: FaceCounts = Field(default_factory=FaceCounts)
    warp: Warp = Field(default_factory=Warp)
    warps: dict[Name, Warp] = Field(default_factory=dict)
    """other misalignments of the training faces by name, for experiments that name one as their `warp`"""
    rendered: RenderedFaces = Field(default_factory=RenderedFaces)
    celeba: CelebAFaces = Field(default_factory=CelebAFaces)
    photos: PhotoFaces = Field(default_factory=PhotoFaces)


@section
class Features:
    """Perceptual features: torchvision's VGG-19."""

    weights: File = "imagenet"
    """imagenet, random, or a file in the layout of torchvision's vgg19"""
    width: Width = 1.0
    """fraction of VGG-19's channels; other than 1 only with random weights"""


@section
class StyleDistance:
    """Log-Euclidean distance between Gram matrices (Sec. 1 and 4)."""

    layers: Layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    """VGG-19 layers [inferred]"""
    size: Side = 512
    """shorter side of a picture when its features are taken, in pixels [inferred]"""
    epsilon: Part = 1e-4
    """ridge added to a Gram matrix, as a fraction of its mean eigenvalue [inferred]"""
    faces: Count = 1_000
    """training faces in the average Gram matrix [inferred]"""
    rule: Literal["farthest", "nearest", "spread", "spread_from_nearest", "diverse", "medoids"] = "diverse"
    """how styles for training are chosen from the distances; see docs/styles.md"""


@section
class PerceptualLosses:
    """Content, style and total variation losses on VGG-19 features (Johnson et al., ECCV 2016, Sec. 3.2)."""

    content_layer: Layer = "relu2_2"
    """VGG-19 layer of the content loss"""
    style_layers: Layers = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    """VGG-19 layers of the style loss"""
    content_weight: Weight = 1.0
    """weight of the content loss, relative to the size of its target"""
    style_weight: Weight = 5.0
    """weight of the style loss (mean over layers), relative to the size of its target"""
    variation_weight: Weight = 1e-6
    """weight of the mean squared difference between neighbouring pixels (values -1 to 1)"""

    _some = some_weight("content_weight", "style_weight")


@section
class StyleTraining(PerceptualLosses):
    """One feed-forward style network (Johnson et al., ECCV 2016) per artwork."""

    width: Width = 1.0
    """fraction of the network's channels"""
    keep: Weight = 0.0
    """share of the face itself in the network's output before its tanh; above 0 a short training suffices"""
    steps: Steps = 40_000
    """optimiser steps"""
    batch: Batch = 4
    """faces per step"""
    crop: Window | None = None
    """side of the random square of each face that a step sees, in pixels; none: whole faces"""
    learning_rate: Rate = 1e-3
    """Adam's step size; it falls linearly to 0"""
    artwork_size: Window = 256
    """shorter side of the artwork while training, in pixels: smaller means finer strokes on the face"""


@section
class Styles:
    """Artworks, their distance from faces, and their style networks."""

    table: File = "config/styles.csv"
    """CSV with columns name, split (seen, unseen, sketch), address, sha256, licence"""
    features: Features = Field(default_factory=Features)
    distance: StyleDistance = Field(default_factory=StyleDistance)
    training: StyleTraining = Field(default_factory=StyleTraining)


@section
class Portraits:
    """Stylised faces (SF)."""

    batch: Batch = 8
    """faces stylised at a time on a processor, whose cache bounds what is fast; a GPU takes sixteen times as many"""


@section
class RecogniserTraining:
    """How a recogniser is trained on the people of the training split, if its weights are `trained`."""

    steps: Steps = 20_000
    """optimiser steps"""
    batch: Several = 64
    """faces per step"""
    learning_rate: Rate = 1e-3
    """largest step size of AdamW; it rises for a tenth of the steps and falls to 0 along a cosine"""
    scale: Positive = 24.0
    """factor on the cosines before the softmax (CosFace's s)"""
    margin: Share = 0.2
    """subtracted from the cosine of the right person (CosFace's m), 0–1"""
    shift: Share = 0.05
    """largest random shift, and change of scale, as a fraction of the face's side"""
    rotation: Spread = 8.0
    """largest random rotation, in degrees"""
    colour: Share = 0.2
    """largest random change of brightness, contrast and of each colour channel, as a fraction"""


RECOGNISER_LAYERS = {
    "facenet": (
        "conv2d_1a", "conv2d_2a", "conv2d_2b", "maxpool_3a", "conv2d_3b", "conv2d_4a", "conv2d_4b", "repeat_1", "mixed_6a",
        "repeat_2", "mixed_7a", "repeat_3", "block8", "avgpool_1a", "flatten", "dropout", "last_linear", "last_bn",
    ),
    "mobilefacenet": (
        "conv1", "conv2", *(f"block{number}" for number in range(15)), "conv3", "pool", "embedding", "flatten",
    ),
}  # fmt: skip
"""layers of each recogniser's network, in their order"""
PUBLISHED_WEIGHTS = {
    "vggface2": "20180402-114759-vggface2.pt",
    "casia-webface": "20180408-102900-casia-webface.pt",
}
"""of facenet: their names, and those of the files in which facenet-pytorch released them"""


@section
class Recogniser:
    """A face recogniser: a network, its weights and what it takes in."""

    network: Literal["facenet", "mobilefacenet"] = "facenet"
    """facenet is facenet-pytorch's InceptionResnetV1"""
    weights: File = "vggface2"
    """vggface2 or casia-webface (facenet only, published), trained (on the training people), or a file"""
    size: tuple[Side, Side] = (160, 160)
    """height and width of the network's input, in pixels"""
    crop: Inside = (0.0, 0.0, 1.0, 1.0)
    """left, top, width, height of the part of a face that it sees, as fractions of the face's side"""
    mean: tuple[Byte, Byte, Byte] = (127.5, 127.5, 127.5)
    """subtracted from red, green and blue, 0–255"""
    deviation: tuple[Positive, Positive, Positive] = (128.0, 128.0, 128.0)
    """divides red, green and blue after that"""
    activation: Literal["prelu", "relu6"] = "prelu"
    """of mobilefacenet; relu6 is a published variant"""
    training: RecogniserTraining = Field(default_factory=RecogniserTraining)


@section
class Training:
    """How long and on what a method is trained: the same keys for every method."""

    steps: Steps = 430_000
    """batches shown to the method; the paper does not say, this is about 83 epochs of 330,000 pairs [inferred]"""
    batch: Batch = 64
    """pairs of portrait and face in a batch, on all devices together [paper]"""
    seed: Seed | None = None
    """of first weights and of the order of pairs, to train again for the spread over seeds; none: that of the configuration"""
    flip: bool = False
    """mirror every other pair at random; not in the paper, pays when faces are few"""
    recolour: Share = 0.0
    """share of the portraits that get other colours and another texture by a random convolution; 0 as in the paper"""
    average: Memory = 0.0
    """recover with an exponential moving average (EMA) of the weights that keeps this fraction of itself per step; 0 as in the
    paper: the last ones"""
    checkpoint_minutes: Minutes = 5.0
    """minutes between checkpoints"""
    validate_every: Steps = 1_000
    """steps between validations"""
    validation_faces: Count = 64
    """portraits of each style that a validation recovers, at most"""
    validation_styles: tuple[Name, ...] = ()
    """styles of those portraits, such as one that is not trained on; none: the training styles"""
    log_every: Steps = 50
    """steps between rows of the training curve; each is the mean since the last one"""


@section
class Calibration:
    """What a method is calibrated by, before it recovers the portraits of a style: see `ifrp.recovery.calibration`."""

    portraits: Count | None = None
    """how many portraits of the style it looks at, evenly spread over those that it recovers; none: all of them"""
    statistics: bool = True
    """normalise by the portraits' own statistics in place of those of training, in all layers with batch normalisation"""
    prior: Weight = 4.0
    """portraits that the statistics of training count as: the new ones weigh portraits / (prior + portraits)"""
    trust: Share = 1.0
    """factor on that share; less where people and backgrounds may be others than in training"""
    colours: bool = False
    """map the faces it recovers to mean and spread of the training faces, channel by channel, by one affine map per style"""


VGG = "vgg19"
"""stands for the perceptual features where a recogniser may be named"""


@section
class IdentityLoss:
    """What the workflow must know of a loss that compares features of a face recogniser."""

    identity: Weight = 1e-3
    """weight η of the identity loss in the first epoch; its scale is that of the features [recalled]"""
    identity_network: Name = "facenet"
    """a name in `recovery.recognisers`, or vgg19 for the perceptual features of `styles.features` [paper]"""

    @property
    def recogniser(self) -> str | None:
        """The recogniser whose weights are in the loss; none if it has no weight, or compares perceptual features."""
        return self.identity_network if self.identity and self.identity_network != VGG else None


def _recognisers() -> dict[str, Recogniser]:
    return {"facenet": Recogniser(), "evaluator": Recogniser(weights="casia-webface")}


@section
class Recovery:
    """Experiments: each is a method and what it changes."""

    recognisers: dict[Name, Recogniser] = Field(default_factory=_recognisers)
    """face recognisers by name: one for the identity loss, another as the evaluator"""
    methods: dict[str, Keys] = Field(default_factory=dict)
    """settings of a method for all its experiments, by method; defaults are in the method's module"""
    experiments: dict[Name, Entry] = Field(default_factory=dict)
    """rows of the main tables, by name: `method`, and settings that differ from the method's; `styles` are the training
    styles (default: all seen), `warp` names other training portraits (one of `faces.warps`), `aligned` warps portraits back
    by their true parameters before anything sees them, `portraits` is how many test portraits of each style it recovers
    (default: all), `calibrate` lets it look at portraits of each style first (see `ifrp.recovery.calibration`), `model` names
    another experiment, whose trained networks it takes: then only `portraits` and `calibrate` may differ; null in place of
    all that is a row that is not run"""
    not_run: tuple[Name, ...] = ()
    """the rows that are null in `experiments`; filled in by itself"""
    ablations: dict[Name, Keys] = Field(default_factory=dict)
    """more experiments, for the tables of `paper.ablations`; `snakemake ablations` makes them"""
    ablation: Keys = Field(default_factory=dict)
    """settings of all ablations, under their own"""


@section
class Evaluation:
    """Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR)."""

    recogniser: Name = "evaluator"
    """the evaluator, a name in `recovery.recognisers`; never one whose weights were in a loss"""
    others: tuple[Name, ...] = ()
    """further evaluators, for the table that compares them, which `snakemake ablations` makes"""
    top: Count = 5
    """a face counts as retrieved if its person is among so many nearest [recalled]"""
    faces: Count = 1_000
    """test faces in query and gallery of FRR and FCR [recalled]"""
    resamples: Resamples = 1_000
    """bootstrap resamples over identities for the 95 % intervals"""


@section
class Paper:
    """Tables and figures."""

    examples: Few = 6
    """people among whom a figure of faces finds those that it shows; the teaser has four times as many to choose from"""
    experiment: Name = "ifrp"
    """the one of `recovery.experiments` that teaser, worst cases and the network's drawing show; figures of faces show first
    what it recovers best"""
    own: File | None = None
    """picture, folder or zip archive of portraits of your own (paintings, sketches), for the figure `own`, which shows the first
    twelve; none: no such figure"""
    seeds: dict[str, tuple[Name, ...]] = Field(default_factory=dict)
    """experiments that are one training with several seeds, by row (a name in config/published.csv); a table of ablations"""
    tuning: tuple[Name, ...] = ()
    """experiments that were compared on the validation people, the one they started from first; a table of ablations"""
    worst: Few = 12
    """faces in the worst-case figure"""
    ablations: dict[Name, dict[str, Name | None]] = Field(default_factory=dict)
    """tables of ablations: by table, the experiment of each row; none is a row that is not run. A row's name is that in
    config/published.csv"""
    main_ablations: tuple[Name, ...] = ()
    """those of them whose figures, without the tables, are in the main document, too: their experiments are trained and
    applied with the main ones, but not evaluated"""

    @field_validator("main_ablations")
    @classmethod
    def _known(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        tables = info.data.get("ablations", {})
        if unknown := [name for name in names if name not in tables]:
            raise ValueError(
                f"{unknown[0]} is not in paper.ablations; there are {', '.join(tables) or 'none'}"
            )
        return names


@section
class Config:
    """The whole configuration, one section per name."""

    preset: Name | None = None
    """config/<preset>.yaml is laid over config/config.yaml; config, or none: no preset"""
    seed: Seed = 1
    """seed of everything that is drawn at random"""
    runtime: Runtime = Field(default_factory=Runtime)
    faces: Faces = Field(default_factory=Faces)
    styles: Styles = Field(default_factory=Styles)
    portraits: Portraits = Field(default_factory=Portraits)
    recovery: Recovery = Field(default_factory=Recovery)
    evaluation: Evaluation = Field(default_factory=Evaluation)
    paper: Paper = Field(default_factory=Paper)


@section
class Style:
    """One row of the style table."""

    name: Name
    """of the artwork, as in file names"""
    split: StyleSplit
    """how the paper uses it"""
    address: Address
    """where the picture comes from: an address, a file, or drawn:<procedure>"""
    sha256: Digest
    """checksum of the picture; empty if it is drawn"""
    licence: str
    """of the picture"""

"""The networks against the paper's tables, hand-counted parameters, and other libraries' geometry."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import pytest
import torch
from skimage.transform import rotate
from torch import nn

from ifrp.compat import prepare_torchvision
from ifrp.config import Recogniser, typed
from ifrp.config.methods.srn import Network
from ifrp.errors import IfrpError
from ifrp.recovery.methods.faced import Generator
from ifrp.recovery.networks.dn import DN
from ifrp.recovery.networks.srn import SRN, whitened
from ifrp.recovery.networks.stn import SpatialTransformer, channels, instance_norm, resample, similarity
from ifrp.recovery.recognisers import mobilefacenet, recogniser


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def outputs(network: nn.Module, size: int = 128) -> dict[str, tuple[int, ...]]:
    """Shape, without the batch, of every submodule's output in a forward pass."""
    found: dict[str, tuple[int, ...]] = {}
    for name, module in network.named_modules():
        module.register_forward_hook(
            lambda _m, _i, out, name=name: found.update({name: tuple(out.shape[1:])})
        )
    network.eval()(torch.zeros(1, 3, size, size))
    return found


def test_srn_layer_table_at_full_width() -> None:
    found = outputs(SRN(Network()))
    assert [found[f"encoder.{i}"] for i in range(5)] == [
        (32, 64, 64), (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4),
    ]  # fmt: skip
    assert [found[f"decoder.{i}"] for i in range(5)] == [
        (256, 8, 8), (128, 16, 16), (64, 32, 32), (32, 64, 64), (3, 128, 128),
    ]  # fmt: skip
    assert found["skips.4"] == (256, 8, 8)
    assert found["skips.3"] == (128, 16, 16)
    transformers = {
        name: shape
        for name, shape in found.items()
        if name.startswith("transformers.") and name.count(".") == 1
    }
    assert transformers == {
        "transformers.encoder1": (32, 64, 64), "transformers.encoder2": (64, 32, 32),
        "transformers.encoder3": (128, 16, 16), "transformers.decoder2": (64, 32, 32),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "depth", "side", "convolutions"),
    [
        ("stn1", 32, 64, [(32, 64), (64, 128), (128, 256), (256, 20), (20, 20)]),
        ("stn2", 64, 32, [(64, 128), (128, 256), (256, 20), (20, 20)]),
        ("stn3", 128, 16, [(128, 256), (256, 20), (20, 20)]),
        ("stn4", 64, 32, [(64, 64), (64, 128), (128, 256), (256, 20)]),
    ],
)
def test_localisation_networks_are_those_of_appendix_a(
    name: str, depth: int, side: int, convolutions: list[tuple[int, int]]
) -> None:
    network = SpatialTransformer(name, depth, side, 1.0)
    flat = [m for m in network.localise if isinstance(m, nn.Linear)]
    assert [m.in_features for m in flat] == [80, 20]
    by_hand = sum(9 * a * b + b for a, b in convolutions) + (80 * 20 + 20) + (20 * 4 + 4)
    assert parameters(network) == by_hand
    maps = torch.randn(2, depth, side, side)
    torch.testing.assert_close(network(maps), maps, atol=1e-4, rtol=1e-4)  # starts at the identity


def test_srn_parameters_by_hand() -> None:
    widths = [3, 32, 64, 128, 256, 512]
    encoder = sum(16 * a * b + 2 * b for a, b in itertools.pairwise(widths))
    decoder = (
        16 * 512 * 256
        + 16 * 512 * 128
        + 16 * 256 * 64
        + 16 * 64 * 32
        + 2 * (256 + 128 + 64 + 32)
        + 16 * 32 * 3
        + 3
    )
    skips = 3 * (2 * 9 * 256**2 + 4 * 256) + 3 * (2 * 9 * 128**2 + 4 * 128)
    assert parameters(SRN(Network(stn=False))) == encoder + decoder + skips
    plain = Network(stn=False, skips="none")
    assert parameters(SRN(plain)) == encoder + decoder - 16 * 256 * 128 - 16 * 128 * 64


@pytest.mark.parametrize(
    "network",
    [
        Network(width=0.1, skips="none"),
        Network(width=0.1, skips="all", residual_blocks=0, stn=False),
        Network(width=0.1, skips=[8], merge="add", decoder_activation="lrelu"),
        Network(width=0.1, depth=6, output="tanh"),
        Network(width=0.1, kernel=2, depth=4, skips=[16]),
    ],
)
def test_srn_variants_run_and_train(network: Network) -> None:
    srn = SRN(network)
    found = srn(torch.rand(2, 3, 128, 128) * 2 - 1)
    assert found.shape == (2, 3, 128, 128)
    found.square().mean().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in srn.parameters())
    if network.output == "tanh":
        assert found.abs().max() <= 1


@pytest.mark.parametrize(("norm", "same"), [("instance", True), ("batch", False)])
def test_norm_by_instance_forgets_the_contrast_of_a_portrait(
    norm: Literal["batch", "instance"], same: bool
) -> None:
    torch.manual_seed(1)
    srn = SRN(Network(width=0.1, encoder_norm=norm, stn=False)).eval()
    portraits = torch.rand(2, 3, 128, 128) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(srn(portraits), srn(portraits / 2), atol=1e-3) == same


def test_norm_by_instance_is_torchs_weights_included() -> None:
    torch.manual_seed(1)
    theirs, ours = nn.InstanceNorm2d(6, affine=True), instance_norm(6)
    nn.init.normal_(theirs.weight), nn.init.normal_(theirs.bias)
    ours.load_state_dict(theirs.state_dict())
    maps = torch.randn(3, 6, 9, 5).to(memory_format=torch.channels_last) * 4 + 2
    torch.testing.assert_close(ours(maps), theirs(maps))


def test_srn_refuses_what_does_not_fit() -> None:
    with pytest.raises(IfrpError, match="must be none, all, or a list of sides among 64, 32, 16, 8"):
        SRN(Network(skips=[12]))
    with pytest.raises(IfrpError, match="divisible"):
        SRN(Network(), size=100)
    with pytest.raises(IfrpError, match="too small"):
        SRN(Network(), size=64)
    with pytest.raises(IfrpError, match="did you mean residual_blocks"):
        typed(Network, {"residual_block": 1}, "here")
    assert Network().skip_sides(128) == [16, 8]


def test_dn_table_and_parameters() -> None:
    found = outputs(DN())
    pooled = [found[f"layers.{i}"] for i in (1, 5, 9, 13)]
    assert pooled == [(32, 64, 64), (64, 32, 32), (128, 16, 16), (96, 8, 8)]
    by_hand = sum(k * k * a * b + 3 * b for a, b, k in ((3, 32, 5), (32, 64, 5), (64, 128, 5), (128, 96, 3)))
    assert parameters(DN()) == by_hand + 6144 * 1024 + 1024 + 1024 + 1
    assert DN(0.1)(torch.zeros(3, 3, 128, 128)).shape == (3,)


def test_faced_refuses_what_does_not_fit() -> None:
    with pytest.raises(IfrpError, match=r"faces\.size 96 must be divisible by 64"):
        Generator(0.125, 96)


def test_faced_generator_table_and_parameters() -> None:
    network = Generator()
    pools = [name for name, module in network.named_modules() if isinstance(module, nn.MaxPool2d)]
    found = outputs(network)
    sides = [found[name] for name in pools]
    assert sides == [(16, 64, 64), (32, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4), (512, 2, 2)]
    chain = [(3, 16, 5), (16, 32, 5), (32, 64, 3), (64, 128, 3), (128, 256, 1), (256, 512, 1), (512, 256, 1),
             (256, 128, 3), (128, 64, 3), (64, 512, 3), (512, 256, 3), (256, 128, 5), (128, 64, 5)]  # fmt: skip
    by_hand = sum(k * k * a * b + 3 * b for a, b, k in chain) + 2048 * 2048 + 2048 + 25 * 64 * 3 + 3
    assert parameters(network) == by_hand


@pytest.mark.parametrize("degrees", [-30.0, 15.0, 90.0])
def test_transformer_rotates_like_scikit_image(degrees: float) -> None:
    random = np.random.default_rng(0)
    image = random.random((9, 9)).repeat(7, 0).repeat(7, 1)
    matrix = similarity(torch.tensor([[np.deg2rad(degrees), 1.0, 0.0, 0.0]]))
    ours = resample(torch.tensor(image, dtype=torch.float32)[None, None], matrix)[0, 0].numpy()
    # Both rotate about the centre; torch's angle turns output to input coordinates with y downwards, as theirs does.
    theirs = rotate(image, degrees, order=1, mode="constant", cval=0)
    inside = np.s_[14:-14, 14:-14]
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=2e-4)


def test_transformer_scale_and_shift_by_hand() -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 6] = 1  # two pixels right of the centre: x = 0.5
    moved = resample(image, similarity(torch.tensor([[0.0, 1.0, 0.5, 0.0]])))
    assert moved[0, 0].argmax() == 4 * 9 + 4
    shrunk = resample(image, similarity(torch.tensor([[0.0, 0.5, 0.0, 0.0]])))
    assert shrunk[0, 0].argmax() == 4 * 9 + 8
    # T(t) acts first, in the rotated and scaled frame: M = R·S·T sends the origin to s·R·t.
    matrix = similarity(torch.tensor([[np.pi / 2, 2.0, 0.25, 0.0]]))[0]
    torch.testing.assert_close(matrix, torch.tensor([[0.0, -2.0, 0.0], [2.0, 0.0, 0.5]]), atol=1e-6, rtol=0)


def test_transforms_are_exact_in_mixed_precision() -> None:
    parameters = torch.tensor([[0.3, 0.9, 0.101, -0.037]])
    with torch.autocast("cpu", torch.bfloat16):
        found = similarity(parameters)
    torch.testing.assert_close(found, similarity(parameters), rtol=0, atol=0)


def test_width_scales_every_channel() -> None:
    assert channels(64, 0.5) == 32
    assert channels(20, 0.1) == 4
    half, whole = parameters(SRN(Network(width=0.5))), parameters(SRN(Network()))
    assert 0.24 < half / whole < 0.26  # weights are quadratic in the width


def test_mobilefacenet_has_the_published_size() -> None:
    network = mobilefacenet.MobileFaceNet((112, 112))
    assert 0.98e6 < parameters(network) < 1.01e6  # 0.99 million in Table 1 of the paper
    assert network.eval()(torch.zeros(1, 3, 112, 112)).shape == (1, 128)
    assert mobilefacenet.MobileFaceNet((112, 96)).eval()(torch.zeros(1, 3, 112, 96)).shape == (1, 128)


def _as_published(own: dict[str, torch.Tensor], layout: str) -> dict[str, torch.Tensor]:
    """Names of two published layouts, written out independently of the converter."""
    parts = ("conv", "norm", "active")
    found = {}
    for key, value in own.items():
        stage, rest = key.split(".", 1)
        number = stage.removeprefix("block")
        if layout == "units":
            units = {
                "conv1": "conv1",
                "conv2": "dw_conv1",
                "conv3": "conv2",
                "pool": "linear7",
                "embedding": "linear1",
            }
            if stage in units:
                new = f"{units[stage]}." + rest.replace("norm", "bn").replace("active", "prelu")
            else:
                where, part, leaf = rest.split(".")
                index = {"expand": 0, "depthwise": 3, "project": 6}[where] + parts.index(part)
                new = f"blocks.{number}.conv.{index}.{leaf}"
        elif stage == "conv2":
            where, part, leaf = rest.split(".")
            new = (
                f"dw_conv.{where}.{leaf}"
                if part == "conv"
                else f"dw_conv.bn{1 + (where == 'pointwise')}.{leaf}"
            )
        elif stage in ("conv1", "conv3"):
            part, leaf = rest.split(".")
            new = f"{'conv1' if stage == 'conv1' else 'conv2'}.{parts.index(part)}.{leaf}"
        elif stage in ("pool", "embedding"):
            part, leaf = rest.split(".")
            names = {"pool": ("gdconv.depthwise", "gdconv.bn"), "embedding": ("conv3", "bn")}[stage]
            new = f"{names[parts.index(part)]}.{leaf}"
        else:
            where, part, leaf = rest.split(".")
            place = {
                "expand": f"0.{parts.index(part)}",
                "depthwise": f"1.{parts.index(part)}",
                "project": str(2 + parts.index(part)),
            }
            new = f"features.{number}.conv.{place[where]}.{leaf}"
        found[new] = value
    return found


@pytest.mark.parametrize(("layout", "activation"), [("units", "prelu"), ("mobilenet", "relu6")])
def test_published_mobilefacenet_layouts_load_strictly(
    layout: str, activation: mobilefacenet.Activation
) -> None:
    torch.manual_seed(0)
    network = mobilefacenet.MobileFaceNet((48, 48), activation).eval()
    own = {name: value.clone() for name, value in network.state_dict().items()}
    published = _as_published(own, layout)
    assert len(published) == len(own)
    images = torch.randn(2, 3, 48, 48)
    expected = network(images)
    if (
        layout == "mobilenet"
    ):  # that layout has a bias before the last norm; its effect is a shift of the input
        published["conv3.bias"] = torch.randn(128)
        expected = expected + (published["conv3.bias"] / (own["embedding.norm.running_var"] + 1e-5).sqrt())
    again = mobilefacenet.MobileFaceNet((48, 48), activation).eval()
    again.load_state_dict(mobilefacenet.convert(published))
    torch.testing.assert_close(again(images), expected)


def test_facenet_is_facenet_pytorchs_network() -> None:
    prepare_torchvision()
    from facenet_pytorch import InceptionResnetV1

    settings = Recogniser(weights="trained", size=(96, 96))
    torch.manual_seed(0)
    theirs = InceptionResnetV1().eval()
    ours = recogniser.build(settings)
    published = {**theirs.state_dict(), "logits.weight": torch.zeros(7, 512), "logits.bias": torch.zeros(7)}
    ours.load_state_dict(recogniser.convert(published, settings))
    evaluator = recogniser.Recogniser(ours, settings)
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    with torch.no_grad():
        standard = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127.5) / 128
        expected = theirs(standard)
    np.testing.assert_allclose(evaluator.embed(images), expected.numpy(), atol=1e-5)

    faces = torch.rand(1, 3, 128, 128, requires_grad=True)
    frozen = recogniser.Recogniser(ours, Recogniser(weights="trained", size=(128, 128)))
    maps = frozen.features(faces, "conv2d_4a")
    assert maps.shape == (1, 192, 28, 28)  # the stage that the paper calls ReLU3-2
    maps.sum().backward()
    assert faces.grad is not None
    assert faces.grad.abs().sum() > 0
    assert all(p.grad is None for p in frozen.network.parameters())
    with pytest.raises(IfrpError, match="its layers are conv2d_1a"):
        evaluator.features(faces, "relu9")


@pytest.mark.parametrize("network", ["facenet", "mobilefacenet"])
def test_recognisers_without_norms_give_the_same_features_and_gradients(
    network: Literal["facenet", "mobilefacenet"],
) -> None:
    settings = Recogniser(network=network, weights="trained", size=(80, 80))
    torch.manual_seed(0)
    plain = recogniser.build(settings).eval()
    for module in plain.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.uniform_(module.bias, -0.1, 0.1)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    frozen, faces = recogniser.Recogniser(plain, settings), torch.rand(2, 3, 80, 80, requires_grad=True)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in frozen.network.modules())
    assert frozen.fingerprint == recogniser.fingerprint(plain.state_dict())
    maps = recogniser.prepare(faces, settings)
    for name, stage in plain.named_children():
        maps = stage(maps)
        ours = frozen.features(faces, name)
        torch.testing.assert_close(ours, maps, rtol=1e-3, atol=1e-4 * maps.detach().abs().max().item())
        expected, found = (
            torch.autograd.grad(of.square().sum(), faces, retain_graph=True)[0] for of in (maps, ours)
        )
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * expected.abs().max().item())


def test_fingerprint_tells_weights_apart_and_ignores_names_of_files() -> None:
    settings = Recogniser(network="mobilefacenet", size=(48, 48))
    torch.manual_seed(0)
    first, second = recogniser.build(settings), recogniser.build(settings)
    assert recogniser.fingerprint(first.state_dict()) != recogniser.fingerprint(second.state_dict())
    second.load_state_dict(first.state_dict())
    assert recogniser.fingerprint(first.state_dict()) == recogniser.fingerprint(second.state_dict())


def test_crop_and_normalisation_of_a_recogniser() -> None:
    settings = Recogniser(
        size=(64, 32), crop=(0.25, 0.5, 0.25, 0.5), mean=(0.0, 127.5, 255.0), deviation=(1.0, 127.5, 255.0)
    )
    images = torch.full((1, 3, 128, 128), -1.0)
    images[:, :, 64:, 32:64] = 1.0  # only the crop is white
    found = recogniser.prepare(images, settings)
    assert found.shape == (1, 3, 64, 32)
    torch.testing.assert_close(found.mean((0, 2, 3)), torch.tensor([255.0, 1.0, 0.0]))
    assert recogniser.prepare(images.bfloat16(), settings).dtype == torch.float32  # and is resized at all


def test_whitening_is_instance_normalisation_and_takes_colours_and_exposure_out() -> None:
    portraits = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    expected = 0.5 * nn.functional.instance_norm(portraits)
    torch.testing.assert_close(whitened(portraits), expected, atol=1e-3, rtol=0)
    gain, offset = torch.tensor([0.3, 0.5, 0.2]), torch.tensor([-0.5, 0.1, 0.7])
    toned = portraits * gain[:, None, None] + offset[:, None, None]
    network, plain = SRN(Network(width=0.125, whiten=True)).eval(), SRN(Network(width=0.125)).eval()
    plain.load_state_dict(network.state_dict())
    torch.testing.assert_close(network(toned), network(portraits), atol=1e-4, rtol=0)
    assert not torch.allclose(plain(toned), plain(portraits), atol=1e-2)
    assert torch.equal(whitened(torch.full((1, 3, 8, 8), 0.25)), torch.zeros(1, 3, 8, 8))

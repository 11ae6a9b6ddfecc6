"""VGG-19 features and Gram matrices, against torchvision's own network."""

from pathlib import Path

import pytest
import torch

from ifrp.artifacts import save_weights
from ifrp.compat import prepare_torchvision
from ifrp.errors import IfrpError
from ifrp.styles.features import DEVIATION, MEAN, Features, gram, layer_index


def test_features_equal_torchvisions_own_forward(tmp_path: Path) -> None:
    prepare_torchvision()
    from torchvision.models import vgg19

    torch.manual_seed(0)
    theirs = vgg19(weights=None).eval()
    save_weights(tmp_path / "vgg.safetensors", theirs.state_dict())
    layers = ("relu1_2", "conv2_1", "relu3_3", "relu4_3", "relu5_1")
    ours = Features(layers, str(tmp_path / "vgg.safetensors"))
    seen: dict[str, torch.Tensor] = {}
    for name in layers:
        theirs.features[layer_index(name)].register_forward_hook(
            lambda _module, _inputs, output, name=name: seen.__setitem__(name, output.clone())
        )
    image = torch.rand(2, 3, 32, 32)
    normalised = (image - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]
    with torch.no_grad():
        theirs.features(normalised)
        found = ours(image * 2 - 1)
    for name in layers:
        # an in-place ReLU follows each convolution in torchvision's network, after the hook has copied
        torch.testing.assert_close(found[name], seen[name], rtol=1e-4, atol=1e-5)


def test_sizes_of_layers() -> None:
    found = Features(("relu1_1", "relu2_2", "relu3_4", "pool4", "relu5_1"), "random")(
        torch.zeros(1, 3, 64, 64)
    )
    assert {name: tuple(value.shape[1:]) for name, value in found.items()} == {
        "relu1_1": (64, 64, 64),
        "relu2_2": (128, 32, 32),
        "relu3_4": (256, 16, 16),
        "pool4": (512, 4, 4),
        "relu5_1": (512, 4, 4),
    }


def test_nothing_deeper_than_asked_for_is_built_or_computed() -> None:
    features = Features(("relu1_2", "relu2_1"), "random", 0.25)
    assert len(features.body) == layer_index("relu2_1") + 1
    calls: list[int] = []
    for index, layer in enumerate(features.body):
        layer.register_forward_hook(lambda *_, index=index: calls.append(index))
    features(torch.zeros(1, 3, 16, 16), ("relu1_2",))
    assert max(calls) == layer_index("relu1_2")


def test_frozen_but_differentiable_in_the_picture() -> None:
    features = Features(("relu2_1",), "random", 0.25).train()
    assert not features.training
    assert not any(p.requires_grad for p in features.parameters())
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    features(image)["relu2_1"].sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


def test_random_weights_depend_on_the_seed_alone() -> None:
    image = torch.rand(1, 3, 32, 32)
    torch.manual_seed(1)
    first = Features(("relu3_1",), "random", 0.25, seed=5)(image)["relu3_1"]
    torch.manual_seed(2)
    again = Features(("relu3_1",), "random", 0.25, seed=5)(image)["relu3_1"]
    other = Features(("relu3_1",), "random", 0.25, seed=6)(image)["relu3_1"]
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_gram_by_its_definition() -> None:
    features = torch.randn(2, 3, 4, 5)
    expected = torch.einsum("bihw,bjhw->bij", features, features) / (3 * 4 * 5)
    torch.testing.assert_close(gram(features), expected)


def test_a_file_without_a_layer_is_refused_by_name(tmp_path: Path) -> None:
    shallow = {
        f"features.{name}": tensor
        for name, tensor in Features(("relu1_2",), "random").body.state_dict().items()
    }
    save_weights(tmp_path / "shallow.safetensors", shallow)
    Features(("relu1_1",), str(tmp_path / "shallow.safetensors"))
    with pytest.raises(IfrpError, match=r"shallow\.safetensors"):
        Features(("relu2_1",), str(tmp_path / "shallow.safetensors"))


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(IfrpError, match="relu6_1"):
        Features(("relu6_1",), "random")
    with pytest.raises(IfrpError, match=r"width 0\.5"):
        Features(("relu1_1",), "imagenet", 0.5)
    with pytest.raises(IfrpError, match="no weights at"):
        Features(("relu1_1",), "nowhere.pth")

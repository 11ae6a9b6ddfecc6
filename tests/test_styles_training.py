"""Style networks: their architecture, training and files; artworks by file and address."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from lightning_fabric import Fabric
from PIL import Image
from training_project import told_to_stop

from ifrp import artifacts, cli, paths, runtime, stacks, tiles
from ifrp.config import Features, Runtime, Style, Styles, StyleTraining, plain
from ifrp.errors import IfrpError
from ifrp.stacks import Images
from ifrp.styles import sheet
from ifrp.styles.artworks import picture, read
from ifrp.styles.drawing import draw
from ifrp.styles.losses import Losses
from ifrp.styles.network import StyleNetwork, load, save, to_images, to_tensor, trained
from ifrp.styles.training import resize, sample, train
from ifrp.training import checkpoint

TINY = Styles(
    features=Features("random", 0.125),
    training=StyleTraining(
        width=0.125, steps=80, crop=32, learning_rate=5e-3, keep=1.0, artwork_size=64,
        content_layer="relu2_1", style_layers=("conv1_1", "conv2_1"),
    ),
)  # fmt: skip


def faces(count: int = 8, size: int = 48) -> Images:
    """Ellipses of skin colour on coloured grounds."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size] / size - 0.5
    inside = ((x / 0.3) ** 2 + (y / 0.4) ** 2 < 1)[None, :, :, None]
    ground, skin = rng.uniform(0, 255, (2, count, 1, 1, 3))
    return np.asarray(np.where(inside, skin, ground), dtype=np.uint8)


def fabric() -> Fabric:
    return runtime.fabric(Runtime(device="cpu"))


def test_number_of_parameters_is_that_of_the_papers_network() -> None:
    """1,679,235: the widely used version of the same architecture (instance normalisation, nearest upsampling)."""
    assert sum(p.numel() for p in StyleNetwork().parameters()) == 1_679_235


def test_shape_range_and_independence_within_a_batch() -> None:
    torch.manual_seed(0)
    network = StyleNetwork(0.25).eval()
    images = torch.rand(3, 3, 64, 48) * 2 - 1
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert together.shape == images.shape
    assert together.abs().max() <= 1
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_pixels_go_through_unchanged() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    tensor = to_tensor(images)
    assert tensor.shape == (2, 3, 8, 8)
    assert tensor.min() >= -1
    assert tensor.max() <= 1
    np.testing.assert_array_equal(to_images(tensor), images)


def test_resize_keeps_proportions() -> None:
    assert resize(torch.zeros(1, 3, 100, 250), 40).shape == (1, 3, 40, 100)


def test_samples_are_squares_of_faces() -> None:
    order = np.random.default_rng(0)
    assert sample(faces(), 5, None, order).shape == (5, 48, 48, 3)
    assert sample(faces(), 5, 32, order).shape == (5, 32, 32, 3)
    with pytest.raises(IfrpError, match=r"training\.crop is 64"):
        sample(faces(), 5, 64, order)


def test_training_lowers_the_loss_and_is_reproducible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    network, curve = train("tesserae", draw("tesserae", 64), faces(), TINY, 1, fabric())
    assert curve[0]["step"] == 1
    assert curve[-1]["step"] == 80
    losses = Losses(to_tensor(draw("tesserae", 64)[None]), TINY.training, TINY.features, 1)
    same = to_tensor(faces())
    content = losses.content(same)
    torch.manual_seed(0)
    untrained = StyleNetwork(0.125, keep=1.0)
    with torch.no_grad():  # the same faces before and after
        assert losses(content, network(same))["total"] < 0.85 * losses(content, untrained(same))["total"]
    checkpoint.remove(paths.checkpoint("style-tesserae"))
    again, _ = train("tesserae", draw("tesserae", 64), faces(), TINY, 1, fabric())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_stopped_and_resumed_is_bit_for_bit_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    short = dataclasses.replace(TINY, training=dataclasses.replace(TINY.training, steps=6))
    straight, rows = train("sweets", draw("sweets", 64), faces(), short, 1, fabric())
    whole = paths.style_curve("sweets").read_text()
    checkpoint.remove(paths.checkpoint("style-sweets"))
    for settings in (TINY, short):  # the second passes over the checkpoint of the first
        with told_to_stop(3), pytest.raises(KeyboardInterrupt):
            train("sweets", draw("sweets", 64), faces(), settings, 1, fabric())
    assert "other settings, data or networks, so training starts afresh" in capsys.readouterr().err
    resumed, again = train("sweets", draw("sweets", 64), faces(), short, 1, fabric())
    assert "style network sweets: 4/6" in capsys.readouterr().err
    assert again == rows
    assert paths.style_curve("sweets").read_text() == whole
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    assert list((tmp_path / "checkpoints").iterdir()), "it goes when the network is written, not before"


def test_the_checkpoint_goes_when_the_network_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    short = dataclasses.replace(
        TINY, training=dataclasses.replace(TINY.training, steps=2), table="styles.csv"
    )
    Path("styles.csv").write_text("name,split,address,sha256,licence\nown,seen,drawn:sweets,,MIT\n")
    Path("config.yaml").write_text(yaml.safe_dump({"styles": plain(short)}))
    paths.artwork("own").parent.mkdir(parents=True)
    Image.fromarray(draw("sweets", 64)).save(paths.artwork("own"))
    with stacks.create(paths.warped("train"), faces().shape[:3]) as (images, rows):
        images[:] = faces()
        rows.extend([{"file": f"{place}.png", "person": str(place)} for place in range(len(images))])
    monkeypatch.setattr("sys.argv", ["ifrp", "styles", "train", "own", "--config", "config.yaml"])
    with told_to_stop(0), pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    assert "ifrp: stopped; run the same command again to go on." in capsys.readouterr().err
    assert paths.checkpoint("style-own").exists()
    assert not paths.style_network("own").exists()
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    assert paths.style_network("own").exists()
    assert not list(Path("checkpoints").iterdir())

    trained(short, "own")
    other = dataclasses.replace(short, training=dataclasses.replace(short.training, keep=0.5))
    with pytest.raises(IfrpError, match=r"own\.safetensors was made with another styles\.training\.keep \("):
        trained(other, "own")
    paths.style_network("own").with_suffix(".json").unlink()
    trained(other, "own")  # from elsewhere, without a card: nobody says what it was made with


def test_a_loss_that_is_not_finite_stops_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wild = dataclasses.replace(TINY, training=dataclasses.replace(TINY.training, style_weight=1e39))
    with pytest.raises(
        IfrpError, match=r"style network sweets stopped at step [01]: .* lower the learning rate"
    ):
        train("sweets", draw("sweets", 64), faces(), wild, 1, fabric())
    assert not paths.checkpoint("style-sweets").exists()


def test_networks_of_any_width_load_and_strangers_are_refused(tmp_path: Path) -> None:
    made = StyleNetwork(0.1, keep=0.5)
    save(tmp_path / "a.safetensors", made, "sweets")
    found = load(tmp_path / "a.safetensors")
    image = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(found(image), made.eval()(image))
    artifacts.save_weights(tmp_path / "b.safetensors", {"weight": torch.zeros(2)})
    with pytest.raises(IfrpError, match=r"b\.safetensors is not a style network"):
        load(tmp_path / "b.safetensors")


def style(address: str, sha256: str = "") -> Style:
    return Style("own", "seen", address, sha256, "ours")


def test_artwork_from_a_file_checks_its_sha256(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    path = tmp_path / "own.png"
    Image.fromarray(image).save(path)
    found, source = picture(style(str(path), artifacts.hexdigest(path)))
    np.testing.assert_array_equal(found, image)
    assert source == path
    with pytest.raises(IfrpError, match="SHA-256"):
        picture(style(str(path), "0" * 64))
    with pytest.raises(IfrpError, match="is not at"):
        picture(style(str(tmp_path / "other.png")))


def test_odd_pictures(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((64, 80), 7, np.uint8))
    grey.save(tmp_path / "grey.jpg", exif=_turned())
    assert read(tmp_path / "grey.jpg").shape == (80, 64, 3)
    Image.fromarray(np.full((64, 80), 32_896, np.uint16)).save(tmp_path / "deep.png")  # 128 of 255
    np.testing.assert_array_equal(read(tmp_path / "deep.png"), np.full((64, 80, 3), 128))
    Image.new("RGBA", (64, 80), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    np.testing.assert_array_equal(read(tmp_path / "clear.png"), np.full((80, 64, 3), 255))
    Image.new("RGB", (63, 100)).save(tmp_path / "small.png")
    with pytest.raises(IfrpError, match="63×100"):
        read(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(IfrpError, match=r"text\.png cannot be read"):
        read(tmp_path / "text.png")


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    return exif


def test_download_with_another_sha256_is_a_sentence_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line, on an address whose server is a folder."""
    Image.fromarray(draw("sweets", 64)).save(tmp_path / "a.png")
    address = _serve(tmp_path, monkeypatch)
    table = f"name,split,address,sha256,licence\nown,seen,{address}/a.png,{'0' * 64},ours\n"
    (tmp_path / "styles.csv").write_text(table)
    (tmp_path / "config.yaml").write_text("styles: {table: styles.csv}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ifrp", "styles", "artwork", "own", "--config", "config.yaml"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "SHA-256 differs" in capsys.readouterr().err
    assert not (tmp_path / "data/styles/own.png").exists()
    right = artifacts.hexdigest(tmp_path / "a.png")
    found, _ = picture(style(f"{address}/a.png", right))
    np.testing.assert_array_equal(found, draw("sweets", 64))


def test_another_address_is_another_download_and_a_web_page_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sweets", "whirl"):
        Image.fromarray(draw(name, 64)).save(tmp_path / f"{name}.png")
    (tmp_path / "page").write_text("<!doctype html><html>no more downloads today</html>")
    address = _serve(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    for name in ("sweets", "whirl", "sweets"):
        found, _ = picture(style(f"{address}/{name}.png"))
        np.testing.assert_array_equal(found, draw(name, 64))
    _, kept = picture(style(f"{address}/sweets.png"))
    assert kept is not None
    Image.fromarray(draw("whirl", 64)).save(kept)
    found, _ = picture(style(f"{address}/sweets.png"))
    np.testing.assert_array_equal(found, draw("sweets", 64))
    with pytest.raises(IfrpError, match=r"sends for the artwork own is a web page: mend the address"):
        picture(style(f"{address}/page"))
    Image.fromarray(draw("sweets", 64)).save(tmp_path / "page", "PNG")
    found, _ = picture(style(f"{address}/page"))
    np.testing.assert_array_equal(found, draw("sweets", 64))


def _serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    import functools
    import threading
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def test_the_sheet_has_every_artwork_and_portrait_in_its_place() -> None:
    """Seven styles are two blocks; a face of one grey level tells where it went."""
    faces = np.zeros((2, 64, 64, 3), np.uint8)
    portraits = [faces + np.array([80 + 8 * k, 84 + 8 * k], np.uint8).reshape(2, 1, 1, 1) for k in range(7)]
    artworks = [np.full((90, 120, 3), 160 + 8 * k, np.uint8) for k in range(7)]
    found = sheet.sheet(artworks, faces, portraits, [f"style-{k}" for k in range(7)])
    side = 128
    step, block = side + tiles.GAP, 3 * (side + tiles.GAP) + sheet.HEAD
    assert found.shape == (2 * block, 6 * step - tiles.GAP, 3)
    for k in range(7):
        x, y = (k % 5 + 1) * step + side // 2, k // 5 * block + sheet.HEAD + side // 2
        assert [int(found[y + i * step, x, 0]) for i in range(3)] == [160 + 8 * k, 80 + 8 * k, 84 + 8 * k]
    assert (found[: sheet.HEAD, step:] < 128).any(), "the names of the styles"
    assert max(found.shape) <= sheet.WIDTH

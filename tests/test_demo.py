"""`ifrp demo`: what a click and the sliders mean, and the page in a real browser, where there is one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

import ifrp
from ifrp import paths
from ifrp.errors import IfrpError
from ifrp.faces import geometry
from ifrp.recovery import portrait
from ifrp.recovery.demo import page
from ifrp.recovery.demo.serve import LOCAL, serve
from ifrp.recovery.demo.sitting import WHOLE, Adjustment, Sitting, sit
from ifrp.recovery.portrait import Model, Portrait

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
in_browser = pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs Chromium and its chromedriver")
MAN, WOMAN = paths.EXAMPLES / "SK-A-1324.jpg", paths.EXAMPLES / "SK-A-4802.jpg"
READY = "#face:not([disabled])"
"""the button for the face, when there is one"""
SIDE = 128


def at(left: float, top: float, width: float) -> Portrait:
    """A crop of a picture, upright."""
    return Portrait(np.zeros((SIDE, SIDE, 3), np.uint8), geometry.crop((left, top, width, width), SIDE))


@pytest.fixture
def sitting() -> Sitting:
    """A picture twice as large as the page shows it, with two faces."""
    crops = {"face 1": at(200, 300, 400), "face 2": at(1200, 300, 200), WHOLE: at(524, 0, 1000)}
    return Sitting("group", Image.new("RGB", (2048, 1000)), crops)


def centre(place: geometry.Matrix) -> geometry.Matrix:
    """Where the centre of the window lies in the picture."""
    found: geometry.Matrix = place @ np.array([SIDE / 2, SIDE / 2, 1])
    return found


def test_a_click_on_a_face_chooses_it(sitting: Sitting) -> None:
    assert sitting.aimed("face 1", (650, 200)) == ("face 2", Adjustment())


def test_a_click_beside_the_faces_moves_the_chosen_crop_there(sitting: Sitting) -> None:
    choice, adjustment = sitting.aimed("face 1", (450, 100))
    place = sitting.cut(choice, adjustment).place
    assert choice == "face 1"
    assert place is not None
    # The sliders have whole percents of 400 pixels.
    np.testing.assert_allclose(centre(place), (900, 200), atol=4)


def test_sliders_turn_and_scale_a_crop_about_its_centre() -> None:
    place = geometry.crop((100, 100, 256, 256), SIDE)
    turned = Adjustment(turn=90, size=50).of(place, SIDE)
    np.testing.assert_allclose(centre(turned), centre(place))
    top_left = geometry.corners(turned, SIDE)[:, 0]  # of the window; clockwise, it lies to the right
    np.testing.assert_allclose(top_left, (228 + 64, 228 - 64))


def test_a_picture_that_was_read_smaller_is_framed_where_the_face_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ifrp.load("small")
    with Image.open(MAN) as painting:
        large = painting.convert("RGB").resize((2 * painting.width, 2 * painting.height))
    large.save(tmp_path / "large.jpg", quality=95)
    expected = model.portraits(portrait.opened(MAN), every=True)[0].place
    monkeypatch.setattr("ifrp.faces.pictures.LARGEST_PICTURE", large.width * large.height - 1)
    sitting = sit(tmp_path / "large.jpg", model)
    found = sitting.crops[next(iter(sitting.crops))].place
    assert expected is not None
    assert found is not None
    assert sitting.picture.size == (large.width // 2, large.height // 2)
    np.testing.assert_allclose(centre(found), centre(expected), atol=4)


def test_a_model_that_cannot_find_faces_is_refused_before_the_page_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))  # is set anew, and restored after the test
    without = ifrp.load("small")
    without.header.pop("landmarks")
    monkeypatch.setattr("ifrp.recovery.portrait.load", lambda name: without)
    with pytest.raises(IfrpError, match="does not say where eyes and mouth lie"):
        serve("small", browser=False)


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((LOCAL, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(IfrpError, match=f"cannot be served at {LOCAL}, port {port}"):
            page.launch(page.page(page.Desk("small", tmp_path)), LOCAL, port, browser=False)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_one_sentence_and_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    command = [
        sys.executable,
        "-c",
        "from ifrp.cli import main; main()",
        "demo",
        "--model",
        "small",
        "--no-browser",
    ]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    # A shell has what it starts by `&` ignore SIGINT.
    before = signal.SIG_IGN if end == signal.SIGTERM else signal.SIG_DFL
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=partial(signal.signal, signal.SIGINT, before),
    ) as served:  # fmt: skip
        try:
            assert served.stdout is not None
            assert served.stdout.readline().startswith("Open http://")
            assert any(tmp_path.iterdir())
            served.send_signal(end)
            _, errors = served.communicate(timeout=60)
        finally:
            served.kill()
    assert "Traceback" not in errors
    assert not any(tmp_path.iterdir())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the page, served."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("demo")
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        patch.chdir(folder)  # the page serves its examples from wherever it is started
        blocks = page.page(page.Desk("small", folder))
        yield page.launch(blocks, LOCAL, None, browser=False)
        blocks.close()


@pytest.fixture(scope="module")
def model() -> Model:
    return ifrp.load("small")


def same(found: Any, expected: Image.Image) -> bool:
    """Whether two pictures are equal, but for a level that rounding may cost where faces share a batch."""
    return bool(np.abs(found.astype(int) - np.asarray(expected)).max() <= 1)


class Visitor:
    """Somebody at a browser."""

    def __init__(self, address: str, downloads: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(BROWSER)
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--window-size=1400,1000",
        ):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self.chrome = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.downloads = downloads
        self.chrome.get(address)
        self.wait(lambda: self.all(".gallery-item"))

    def all(self, css: str) -> list[Any]:
        return self.chrome.find_elements(By.CSS_SELECTOR, css)

    def wait(self, done: Callable[[], Any], seconds: int = 60) -> Any:
        waiting = WebDriverWait(self.chrome, seconds, 0.2, [StaleElementReferenceException])
        return waiting.until(lambda _: done())

    @property
    def told(self) -> str:
        """What the page says of the picture."""
        return str(self.chrome.find_element(By.ID, "told").text)

    def give(self, path: Path) -> None:
        self.all("input[type=file]")[0].send_keys(str(path))

    def click(self, text: str) -> None:
        path = f"//button[contains(., '{text}')] | //label[contains(., '{text}')]"
        self.wait(lambda: self.chrome.find_elements(By.XPATH, path))[0].click()

    def download(self, which: str, name: str) -> Any:
        """The picture behind a button, face or both, once the page has made it."""
        self.wait(lambda: self.all(READY))
        self.click(f"Download {which}")
        target = self.downloads / name
        self.wait(target.exists)
        with Image.open(target) as picture:
            pixels = np.asarray(picture)
        target.unlink()
        return pixels

    def asked_elsewhere(self) -> set[str]:
        """Addresses outside this machine that the page asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        urls = {
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        }
        return {url for url in urls if not url.startswith((f"http://{LOCAL}:", "data:", "blob:", "chrome:"))}


@pytest.fixture
def visit(address: str, tmp_path: Path) -> Iterator[Callable[[], Visitor]]:
    """Opens the page in a browser of its own."""
    visitors: list[Visitor] = []

    def opened() -> Visitor:
        downloads = tmp_path / f"downloads-{len(visitors)}"
        downloads.mkdir()
        visitors.append(Visitor(address, downloads))
        return visitors[-1]

    yield opened
    for visitor in visitors:
        visitor.chrome.quit()


@in_browser
def test_a_picture_is_given_and_its_face_downloaded(visit: Callable[[], Visitor], model: Model) -> None:
    visitor, expected = visit(), model.recover(MAN)
    visitor.give(MAN)
    assert same(visitor.download("face", f"{MAN.stem}.png"), expected.face)
    both = visitor.download("both", f"{MAN.stem}-compared.png")
    assert same(both, expected.compared)
    assert visitor.told == ""
    assert visitor.asked_elsewhere() == set()


@in_browser
def test_another_face_is_chosen(visit: Callable[[], Visitor], model: Model, tmp_path: Path) -> None:
    with Image.open(MAN) as man, Image.open(WOMAN) as woman:
        group = Image.new("RGB", (man.width + woman.width, max(man.height, woman.height)))
        group.paste(man)
        group.paste(woman, (man.width, 0))
    group.save(tmp_path / "group.png")
    first, second = model.recover_all(tmp_path / "group.png")
    visitor = visit()
    visitor.give(tmp_path / "group.png")
    assert same(visitor.download("face", "group.png"), first.face)
    visitor.click("face 2")
    visitor.wait(lambda: same(visitor.download("face", "group.png"), second.face))


@in_browser
def test_what_is_no_picture_is_told_and_the_next_one_is_taken(
    visit: Callable[[], Visitor], tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    visitor = visit()
    visitor.give(tmp_path / "text.png")
    visitor.wait(lambda: visitor.told == "text.png cannot be taken: not a picture.")
    assert not visitor.all(READY)
    visitor.all(".gallery-item")[0].click()
    visitor.wait(lambda: visitor.told == "")
    assert visitor.download("face", f"{MAN.stem}.png").shape == (SIDE, SIDE, 3)


@in_browser
def test_two_people_at_once_each_get_their_own(visit: Callable[[], Visitor], model: Model) -> None:
    one, other = visit(), visit()
    one.give(MAN)
    other.give(WOMAN)
    for visitor, path in ((one, MAN), (other, WOMAN)):
        face = visitor.download("face", f"{path.stem}.png")
        assert same(face, model.recover(path).face)


@in_browser
def test_a_phone_and_a_keyboard_are_enough(visit: Callable[[], Visitor]) -> None:
    visitor = visit()
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    visitor.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    assert visitor.chrome.execute_script("return document.documentElement.scrollWidth") <= 360

    def tab_to(css: str) -> Any:
        for _ in range(40):
            visitor.chrome.switch_to.active_element.send_keys(Keys.TAB)
            if visitor.chrome.switch_to.active_element in visitor.all(css):
                return visitor.chrome.switch_to.active_element
        raise AssertionError(f"{css} is not reached by the keyboard")

    tab_to(".gallery-item").send_keys(Keys.ENTER)
    visitor.wait(lambda: visitor.all(READY))
    line = tab_to("input[type=range]")
    line.send_keys(Keys.ARROW_RIGHT)
    assert line.get_attribute("value") == "55"
    tab_to("button.download-button, button.lg").send_keys(Keys.ENTER)
    visitor.wait(lambda: list(visitor.downloads.glob("*.png")))

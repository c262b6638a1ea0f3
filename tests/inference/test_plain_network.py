"""Plain networks: JavaScript and Python say of an image what torch says, and what is no plain row is left to torch."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from kd_core.errors import RecipeMismatch, RunUnknown, WeightsMissing
from kd_core.experiments import run_study
from kd_core.functional import seeded
from kd_core.inference import (
    MOST_BYTES,
    MOST_MACS,
    PlainNetwork,
    drawing_of_run,
    logits_of_image,
    plain_network_of_run,
)
from kd_core.inference.plain_network import written_out
from kd_core.networks import NETWORKS, Network, SecondHead, ThroughView
from kd_core.recipe import Study
from kd_core.store import Store
from tests.inference.browser_code import answers_of
from tests.small_studies import DATA, recipe, solo

NETWORK_SETTINGS = {
    "one hidden layer": {"name": "mlp", "widths": [7]},
    "hidden layers with dropout": {"name": "mlp", "widths": [32, 16, 9], "dropout": 0.5},
    "convolutions": {"name": "convnet", "channels": [4, 6], "fc": 11},
    "convolutions without padding": {"name": "convnet", "channels": [5], "fc": 8, "padding": False, "dropout": 0.3},
    "convolutions with batch norm": {"name": "convnet", "channels": [3, 4, 5], "fc": 6, "batch_norm": True},
}
SHAPES = [(1, 8, 8), (3, 13, 11)]


def built(settings: dict[str, Any], shape: tuple[int, int, int]) -> Network:
    """A network whose batch norm has seen images, in evaluation mode."""
    with seeded(3, "initialisation"):
        network = NETWORKS[settings["name"]].from_json(settings).build(shape, 5)
        network.train()(torch.randn(64, *shape) * 2 + 1)
    return network.eval()


def random_images(shape: tuple[int, int, int], count: int = 8) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (count, *shape)).astype(np.uint8)


def in_browser(network: PlainNetwork, images: NDArray[np.uint8], folder: Path) -> NDArray[np.float64]:
    """What the browser's forward pass says, run by node."""
    weights = base64.b64encode(network.weights.tobytes()).decode()
    given = {"network": network.facts() | {"weights": weights}, "images": images.reshape(len(images), -1).tolist()}
    body = "given.images.map((image) => forwardOf(given.network)(Uint8Array.from(image)))"
    return np.array(answers_of(body, {"networks/forward": "forwardOf"}, given, folder))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("settings", NETWORK_SETTINGS.values(), ids=list(NETWORK_SETTINGS))
def test_the_browser_says_what_torch_says_to_a_ten_thousandth(
    settings: dict[str, Any], shape: tuple[int, int, int], tmp_path: Path
) -> None:
    network = built(settings, shape)
    mean, sd = (0.3, 0.4, 0.5)[: shape[0]], (0.2, 0.25, 0.3)[: shape[0]]
    sequence = network.as_sequence()
    assert sequence is not None
    plain = written_out(sequence, shape, mean, sd)
    assert plain is not None
    images = random_images(shape)
    with torch.no_grad():
        pixels = torch.from_numpy(images).float() / 255
        values = (pixels - torch.tensor(mean).reshape(-1, 1, 1)) / torch.tensor(sd).reshape(-1, 1, 1)
        expected = network(values).logits.numpy()
    assert in_browser(plain, images, tmp_path) == pytest.approx(expected, abs=1e-4)


def test_a_network_with_two_heads_is_asked_for_the_first() -> None:
    network = SecondHead(built({"name": "mlp", "widths": [6]}, (1, 8, 8)), (1, 8, 8), 3).eval()
    images = torch.randn(4, 1, 8, 8)
    sequence = network.as_sequence()
    assert sequence is not None
    assert torch.equal(sequence(images), network(images).logits)


def test_a_network_behind_a_view_is_left_to_torch() -> None:
    assert ThroughView("edges", NETWORKS["mlp"](), (1, 8, 8), 5).as_sequence() is None


@pytest.mark.parametrize(
    "module",
    [
        nn.Sigmoid(),
        nn.Conv2d(1, 2, 3, stride=2),
        nn.Conv2d(2, 2, 3, groups=2),
        nn.Conv2d(1, 2, 5),
        nn.MaxPool2d(3),
        nn.Conv2d(1, 2, 3, padding=2),
    ],
    ids=str,
)
def test_a_layer_that_the_browser_does_not_know_is_left_to_torch(module: nn.Module) -> None:
    assert written_out(nn.Sequential(module), (1, 8, 8), (0.5,), (0.5,)) is None


def test_what_takes_a_browser_too_long_is_left_to_torch() -> None:
    sides = 64
    many = MOST_MACS // (9 * 64 * sides * sides) + 1
    heavy = nn.Sequential(nn.Conv2d(64, many, 3, padding=1))
    assert written_out(heavy, (64, sides, sides), (0.5,) * 64, (0.5,) * 64) is None
    light = nn.Sequential(nn.Conv2d(64, many - 1, 3, padding=1))
    assert written_out(light, (64, sides, sides), (0.5,) * 64, (0.5,) * 64) is not None


def test_batch_norm_without_learned_numbers_is_left_to_torch() -> None:
    assert written_out(nn.Sequential(nn.BatchNorm2d(2, affine=False)), (2, 8, 8), (0.5,) * 2, (0.5,) * 2) is None


# --- runs ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, dict[str, str]]:
    """A store with a tiny race, and its runs by arm."""
    store = Store(tmp_path_factory.mktemp("trained"))
    study = store.studies.add(Study.race(recipe()), status="running")
    run_study(store, study, data_root=DATA)
    members = store.studies.members(study)
    return store, {member.arm: member.run for member in members if member.run}


@pytest.mark.parametrize("arm", ["teacher", "alone", "distilled"])
def test_a_run_says_of_its_test_images_what_is_stored(
    trained: tuple[Store, dict[str, str]], arm: str, tmp_path: Path
) -> None:
    store, runs = trained
    row = store.runs.get(runs[arm])
    stored = store.files.logits(row.id, row.reported_epoch or 0)
    source = store.files.source(row.source or "")
    plain = plain_network_of_run(store, row.id)
    assert stored is not None and source is not None and plain is not None
    images = source[0]["images"][:20]
    half = 2e-3 * (1 + np.abs(stored[:20]))  # logits are stored in half precision
    assert (np.abs(in_browser(plain, images, tmp_path) - stored[:20]) < half).all()
    assert (np.abs(np.array([logits_of_image(store, row.id, image) for image in images]) - stored[:20]) < half).all()


def test_a_run_knows_how_its_drawings_are_prepared(trained: tuple[Store, dict[str, str]]) -> None:
    store, runs = trained
    assert drawing_of_run(store, runs["alone"]).way == "counted_blocks"


def test_an_image_of_another_shape_is_refused(trained: tuple[Store, dict[str, str]]) -> None:
    store, runs = trained
    with pytest.raises(RecipeMismatch, match=r"\(1, 8, 8\)"):
        logits_of_image(store, runs["alone"], np.zeros((1, 28, 28), np.uint8))


def test_a_run_that_is_not_there_or_has_no_weights_is_refused(trained: tuple[Store, dict[str, str]]) -> None:
    store, _ = trained
    with pytest.raises(RunUnknown):
        plain_network_of_run(store, "nobody")
    waiting = solo()
    (run,) = store.runs.begin(store.studies.add(waiting, status="queued"), [waiting.members[0].recipe])
    for ask in (lambda: plain_network_of_run(store, run), lambda: logits_of_image(store, run, np.zeros((1, 8, 8)))):
        with pytest.raises(WeightsMissing):
            ask()


def test_a_network_that_is_larger_than_the_limit_is_not_sent(
    trained: tuple[Store, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, runs = trained
    plain_network_of_run.cache_clear()
    sent = plain_network_of_run(store, runs["teacher"])
    assert sent is not None and sent.weights.nbytes < MOST_BYTES
    plain_network_of_run.cache_clear()
    monkeypatch.setattr("kd_core.inference.plain_network.MOST_BYTES", sent.weights.nbytes - 1)
    assert plain_network_of_run(store, runs["teacher"]) is None
    plain_network_of_run.cache_clear()

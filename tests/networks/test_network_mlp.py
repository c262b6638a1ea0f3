"""The MLP: its sizes, its one-number width and its dropout."""

from __future__ import annotations

import pytest
import torch

from kd_core.compute.profile import parameters
from kd_core.errors import InvalidSetting
from kd_core.networks import NETWORKS, Shape, seed_dropout
from kd_core.networks.mlp import MLP
from kd_core.settings.base import Settings

MNIST: Shape = (1, 28, 28)


class Holder(Settings):
    student: NETWORKS.union() = MLP()  # type: ignore[valid-type]


@pytest.mark.parametrize(("widths", "expected"), [((1200, 1200), 2_395_210), ((20, 20), 16_330), ((32,), 25_450)])
def test_it_has_the_documents_number_of_parameters(widths: tuple[int, ...], expected: int) -> None:
    assert parameters(MLP(widths=widths).build(MNIST, 10)) == expected


def test_width_sets_every_layer_and_keeps_their_number() -> None:
    assert MLP.from_json({"widths": [12, 30, 12], "width": 64}) == MLP(widths=(64, 64, 64))
    assert MLP.from_json({"width": 64}).widths == (64, 64)
    changed = Holder(student=MLP(widths=(12,))).changed({"student.width": 64})
    assert changed == Holder(student=MLP(widths=(64,)))


def test_width_is_never_stored() -> None:
    assert MLP.from_json({"width": 64}).to_json() == {"name": "mlp", "widths": [64, 64], "dropout": 0.0}


@pytest.mark.parametrize(
    "values",
    [
        {"width": 0},
        {"width": 5000},
        {"width": "wide"},
        {"width": None},
        {"widths": []},
        {"widths": 3, "width": 4},
        {"dropout": 1.0},
    ],
    ids=str,
)
def test_what_is_out_of_range_is_refused_by_name(values: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting, match=r"width|dropout"):
        MLP.from_json(values)


def test_features_are_the_activations_at_their_depth() -> None:
    network = MLP(widths=(7, 6, 5)).build((1, 2, 2), 3)
    images = torch.randn(2, 1, 2, 2)
    first = torch.relu(images.flatten(1) @ network.hidden[0].weight.T + network.hidden[0].bias)
    features = network(images).features
    torch.testing.assert_close(features["early"], first)
    assert [features[name].shape[1] for name in ("early", "middle", "late", "embedding")] == [7, 6, 5, 5]


def test_dropout_switches_off_its_share_of_hidden_units_in_training_only() -> None:
    network = MLP(widths=(1000,), dropout=0.8).build((1, 2, 2), 3)
    seen: list[torch.Tensor] = []
    network.classifier.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    seed_dropout(network, torch.Generator().manual_seed(0))
    images = torch.randn(20, 1, 2, 2)
    embedding = network.train()(images).features["embedding"]
    network.eval()(images)
    active = embedding > 0
    dropped, whole = seen
    kept = (dropped[active] != 0).float().mean().item()
    assert kept == pytest.approx(0.2, abs=0.02)  # 10,000 draws: a standard deviation of 0.004
    torch.testing.assert_close(dropped[dropped != 0], embedding[dropped != 0] * 5)
    assert torch.equal(whole, embedding)


def test_its_code_writes_dropout_only_where_there_is_some() -> None:
    assert "F.dropout(F.relu(layer(values)), 0.8, self.training)" in MLP(dropout=0.8).code(MNIST, 10)
    assert "dropout" not in MLP().code(MNIST, 10)


def test_stacked_networks_answer_like_each_alone() -> None:
    networks = [MLP().build((1, 8, 8), 10) for _ in range(3)]
    weights, buffers = torch.func.stack_module_state(networks)
    images = torch.randn(4, 1, 8, 8)

    def logits(weights: dict[str, torch.Tensor], buffers: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(networks[0], (weights, buffers), (images,)).logits

    torch.testing.assert_close(
        torch.func.vmap(logits)(weights, buffers), torch.stack([network(images).logits for network in networks])
    )


def test_its_label_names_the_layers() -> None:
    assert MLP(widths=(20, 12)).label == "MLP 20-12"

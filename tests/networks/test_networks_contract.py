"""What every network family must keep, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from kd_core.functional.seeding import seeded
from kd_core.networks import NETWORKS, Architecture, Network, Shape, seed_dropout

SHAPES: list[Shape] = [(1, 8, 8), (3, 40, 36)]
CLASSES = 5

members = pytest.mark.parametrize("name", list(NETWORKS))
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads wait for each other many times longer than they compute when the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def built(architecture: Architecture, shape: Shape, seed: int = 0) -> Network:
    with seeded(seed, "initialisation"):
        return architecture.build(shape, CLASSES)


def images(shape: Shape, count: int = 4) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))


@members
@shapes
def test_it_answers_with_logits_and_every_feature_it_provides(name: str, shape: Shape) -> None:
    architecture = NETWORKS[name]()
    with torch.no_grad():
        outputs = built(architecture, shape).eval()(images(shape, 2))
    assert outputs.logits.shape == (2, CLASSES)
    assert set(outputs.features) == architecture.provides - {"maps"} >= {"early", "middle", "late", "embedding"}
    assert all(len(feature) == 2 for feature in outputs.features.values())
    kept_planes = all(outputs.features[depth].ndim == 4 for depth in ("early", "middle", "late"))
    assert kept_planes == ("maps" in architecture.provides)
    assert outputs.features["embedding"].ndim == 2


@members
@shapes
def test_a_plain_row_of_layers_gives_the_same_logits(name: str, shape: Shape) -> None:
    network = built(NETWORKS[name](), shape).eval()
    sequence = network.as_sequence()
    assert (sequence is not None) == (name in ("mlp", "convnet"))
    if sequence is not None:
        with torch.no_grad():
            assert torch.equal(sequence(images(shape)), network(images(shape)).logits)


@members
def test_evaluation_is_deterministic(name: str) -> None:
    network = built(NETWORKS[name](), SHAPES[0]).eval()
    with torch.no_grad():
        assert torch.equal(network(images(SHAPES[0])).logits, network(images(SHAPES[0])).logits)


@members
def test_the_seed_decides_the_weights(name: str) -> None:
    first, again, other = (built(NETWORKS[name](), SHAPES[0], seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@members
def test_settings_survive_storage(name: str) -> None:
    architecture = NETWORKS[name]()
    assert type(architecture).from_json(architecture.to_json()) == architecture


@members
def test_it_has_a_label_and_words_for_every_setting(name: str) -> None:
    architecture = NETWORKS[name]()
    assert architecture.label
    assert all(
        info.title and info.description for key, info in type(architecture).model_fields.items() if key != "name"
    )


@members
@shapes
def test_its_code_is_the_same_network(name: str, shape: Shape) -> None:
    architecture = NETWORKS[name]()
    code = architecture.code(shape, CLASSES)
    assert "kd_core" not in code
    scope: dict[str, type[nn.Module]] = {}
    exec(code, scope)
    network, plain = built(architecture, shape).eval(), scope["Network"]().eval()
    plain.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(plain(images(shape, 2)), network(images(shape, 2)).logits)


@members
def test_gradient_reaches_every_parameter(name: str) -> None:
    network = built(NETWORKS[name](), SHAPES[0])
    network(images(SHAPES[0], 8)).logits.square().sum().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), key


@members
def test_dropout_draws_from_the_generator_it_is_given(name: str) -> None:
    kind = NETWORKS[name]
    network = built(kind(dropout=0.5) if "dropout" in kind.model_fields else kind(), SHAPES[0])
    assert not any(isinstance(module, nn.Dropout) for module in network.modules())

    def logits(seed: int) -> torch.Tensor:
        seed_dropout(network, torch.Generator().manual_seed(seed))
        before = torch.default_generator.get_state()
        with torch.no_grad():
            answer = network.train()(images(SHAPES[0], 8)).logits
        assert torch.equal(torch.default_generator.get_state(), before)
        return answer

    assert torch.equal(logits(3), logits(3))


@members
def test_weights_can_be_handed_in_from_outside(name: str) -> None:
    network, other = (built(NETWORKS[name](), SHAPES[0], seed).eval() for seed in (0, 1))
    with torch.no_grad():
        answer = torch.func.functional_call(network, other.state_dict(), (images(SHAPES[0]),))
        assert torch.equal(answer.logits, other(images(SHAPES[0])).logits)
        assert not torch.equal(answer.logits, network(images(SHAPES[0])).logits)

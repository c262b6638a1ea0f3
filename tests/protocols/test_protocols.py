"""What each protocol is about, by hand calculation and small runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from kd_core.datasets.targets import slant, thickness
from kd_core.errors import InvalidSetting, RecipeMismatch
from kd_core.functional.divergences import soften
from kd_core.networks.views import VIEWS, ThroughView, edges, low_resolution, sums
from kd_core.outputs import Outputs
from kd_core.protocols import PROTOCOLS
from kd_core.protocols.base import SEED_STRIDE
from kd_core.protocols.chain import Chain
from kd_core.protocols.data_free import Generator, generator_losses
from kd_core.protocols.federated import dirichlet_partition
from kd_core.protocols.mutual import Mutual
from kd_core.protocols.peers import PeerTrainer, mean_terms
from kd_core.protocols.several_teachers import SeveralTeachers
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.training import Progress
from tests.functional.fixed_input import STUDENT, TEACHER

DIGITS = PRESETS["digits"].recipe
OTHERS = [{"name": "mlp", "widths": [64]}, {"name": "convnet", "channels": [8, 16], "fc": 32}]


# Several teachers


def test_the_mixture_is_the_mean_of_probabilities_not_of_logits() -> None:
    both = torch.stack([STUDENT, TEACHER])
    for temperature in (1.0, 4.0):
        mixed = soften(SeveralTeachers().mix_teachers(both, temperature), temperature)
        assert torch.allclose(mixed, (soften(STUDENT, temperature) + soften(TEACHER, temperature)) / 2)
    assert not torch.allclose(soften(SeveralTeachers().mix_teachers(both)), soften(both.mean(0)))


def test_a_sure_teacher_counts_more_by_confidence() -> None:
    sure, unsure = torch.tensor([[9.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    equal = soften(SeveralTeachers().mix_teachers(torch.stack([sure, unsure])))
    trusted = soften(SeveralTeachers(weighting="confidence").mix_teachers(torch.stack([sure, unsure])))
    assert float(equal[0, 0]) < 0.7 < 0.95 < float(trusted[0, 0])
    assert torch.allclose(trusted.sum(-1), torch.ones(1))


def test_a_scheduled_temperature_mixes_at_the_temperature_in_use() -> None:
    method = DIGITS.method.with_tensors(temperature=7.0)
    heard = SeveralTeachers().transform_teacher(method, Outputs(STUDENT, {}, {"1": TEACHER}))
    assert torch.allclose(soften(heard.logits, 7.0), (soften(STUDENT, 7.0) + soften(TEACHER, 7.0)) / 2)


def test_further_teachers_are_the_recipes_networks_then_other_seeds() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "several_teachers", "teachers": 4}, "others": OTHERS})
    found = recipe.protocol.prerequisites(recipe)
    assert [one.student.label for one in found] == ["MLP 64", "Conv 8-16, fc 32", "MLP 256-256"]
    assert [one.seed for one in found] == [0, 0, SEED_STRIDE]
    assert all(one.data == recipe.teacher.data for one in found if recipe.teacher)


# Chains


def test_every_link_is_taught_by_the_one_before() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "chain", "generations": 3}, "others": OTHERS[:1]})
    assistant, first, second = recipe.protocol.prerequisites(recipe)
    assert assistant.teacher == recipe.teacher and assistant.student.label == "MLP 64"
    assert first.teacher == assistant and second.teacher == first
    assert first.student == second.student == recipe.student
    assert all(link.protocol.name == "offline" for link in (assistant, first, second))


def test_a_study_trains_every_link_before_the_student() -> None:
    study = Study.race(DIGITS.changed({"protocol": {"name": "chain", "generations": 3}}))
    assert [member.arm for member in study.members] == ["teacher", "helper", "helper", "alone", "distilled"]
    assert study.members[-1].recipe.protocol == Chain(generations=3)


# Mutual learning


def test_peers_differ_in_their_weights_and_may_differ_in_kind() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "mutual", "networks": 3}})
    assert [peer.seed for peer in Mutual(networks=3).peers(recipe)] == [SEED_STRIDE, 2 * SEED_STRIDE]
    mixed = recipe.changed({"others": OTHERS[1:]})
    assert [peer.student.label for peer in Mutual(networks=3).peers(mixed)] == ["Conv 8-16, fc 32"] * 2


def test_several_peers_count_by_their_mean() -> None:
    terms = mean_terms([{"teacher": torch.tensor(1.0)}, {"teacher": torch.tensor(3.0)}])
    assert terms == {"teacher": torch.tensor(2.0)}


# Data-free


def test_the_generator_wants_sure_balanced_and_strong_answers() -> None:
    sure, alike = 20 * torch.eye(4), torch.zeros(4, 4)
    strong, weak = torch.full((4, 3), 2.0), torch.zeros(4, 3)
    best = generator_losses(Outputs(sure, {"embedding": strong}))
    assert float(best["certainty"]) == pytest.approx(0, abs=1e-6)
    assert float(best["balance"]) == pytest.approx(-math.log(4), abs=1e-6)
    assert float(best["excitement"]) == -2
    assert float(generator_losses(Outputs(alike, {"embedding": weak}))["certainty"]) == pytest.approx(math.log(4))
    one_class = generator_losses(Outputs(sure[:1].expand(4, 4), {"embedding": strong}))
    assert float(one_class["balance"]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 30, 34)], ids=str)
def test_made_up_images_have_the_datasets_shape_and_normalisation(shape: tuple[int, int, int]) -> None:
    made = Generator(20, shape)(torch.randn(64, 20)).detach()
    assert made.shape == (64, *shape)
    assert float(made.mean()) == pytest.approx(0, abs=0.05) and float(made.std()) == pytest.approx(1, abs=0.05)


# Federated


def test_every_image_is_dealt_once_and_nobody_gets_nothing() -> None:
    labels = torch.arange(10).repeat(30)
    for alpha in (0.05, 1.0, 1000.0):
        deal = dirichlet_partition(labels, clients=6, alpha=alpha, public=100, seed=3)
        assert len(deal) == 7 and len(deal[0]) == 100 and all(len(own) for own in deal)
        assert sorted(torch.cat(deal).tolist()) == list(range(300))


def test_a_small_alpha_makes_clients_of_few_classes() -> None:
    labels = torch.arange(10).repeat(200)

    def classes_of_a_client(alpha: float) -> float:
        shares = [
            torch.bincount(labels[own], minlength=10) / len(own)
            for own in dirichlet_partition(labels, 5, alpha, 100, 0)[1:]
        ]
        return float(torch.stack([torch.special.entr(one).sum().exp() for one in shares]).mean())

    assert classes_of_a_client(0.1) < 5 < 9.5 < classes_of_a_client(1000)


def test_images_without_a_label_are_of_use_to_nobody_but_everybody() -> None:
    labels = torch.where(torch.arange(200) < 50, -1, torch.arange(200) % 10)
    public, *own = dirichlet_partition(labels, 4, 1.0, 80, 0)
    assert int((labels[public] == -1).sum()) == 50 and all((labels[one] >= 0).all() for one in own)


# Cross-modal


def test_views_by_hand() -> None:
    image = torch.zeros(1, 1, 8, 8)
    image[0, 0, 2, 4:] = 1
    assert sums(image)[0, 0, 0].tolist() == [0, 0, 0.5, 0, 0, 0, 0, 0]
    assert sums(image)[0, 0, 1].tolist() == [0, 0, 0, 0, 0.125, 0.125, 0.125, 0.125]
    assert low_resolution(image).shape == (1, 1, 2, 2)
    assert low_resolution(image)[0, 0].tolist() == [[0, 0.25], [0, 0]]
    flat = edges(torch.ones(1, 1, 8, 8))[0, 0, 1:-1, 1:-1]
    assert float(flat.max()) == pytest.approx(1e-3) and float(edges(image).max()) > 0.5


@pytest.mark.parametrize("view", list(VIEWS))
def test_the_students_network_begins_with_its_view(view: str) -> None:
    recipe = DIGITS.changed({"protocol": {"name": "cross_modal", "view": view}})
    network = recipe.build((1, 8, 8), 10).eval()
    assert isinstance(network, ThroughView)
    images = torch.rand(3, 1, 8, 8)
    assert torch.equal(network(images).logits, network.inner(VIEWS[view](images)).logits)
    assert recipe.teacher is not None and not isinstance(recipe.teacher.build((1, 8, 8), 10), ThroughView)
    assert recipe.baseline().protocol == recipe.protocol, "the student alone sees no more"


# Multi-task


def test_slant_is_how_far_ink_moves_to_the_right_for_each_pixel_up() -> None:
    upright, right = torch.zeros(2, 1, 9, 9, dtype=torch.uint8)
    upright[0, :, 4] = 255
    for step in range(9):
        right[0, 8 - step, step] = 255
    found = slant(torch.stack([upright, right, right.flip(2)]))
    assert found.tolist() == pytest.approx([0, 1, -1], abs=1e-5)


def test_thick_strokes_are_thicker() -> None:
    thin, thick = torch.zeros(2, 1, 9, 9, dtype=torch.uint8)
    thin[0, 1:8, 4] = 255
    thick[0, 1:8, 3:6] = 255
    found = thickness(torch.stack([thin, thick]))
    assert float(found[0]) < float(found[1])


def test_the_second_teacher_answers_the_second_question() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "multi_task", "question": "thickness"}})
    (second,) = recipe.protocol.prerequisites(recipe)
    assert recipe.teacher is not None
    assert second == recipe.teacher.changed({"data.question": "thickness"})
    said = recipe.build((1, 8, 8), 10)(torch.rand(2, 1, 8, 8))
    assert said.logits.shape == (2, 10) and said.heads["second"].shape == (2, 3)


# What cannot go well


@pytest.mark.parametrize("name", ["mutual", "federated", "multi_task", "several_teachers"])
def test_layers_are_not_copied_where_nobody_would_do_it(name: str) -> None:
    with pytest.raises(RecipeMismatch, match="weights of its own"):
        DIGITS.changed({"protocol": {"name": name}, "start": "teacher"})


def test_nobody_stops_early_in_a_federation() -> None:
    with pytest.raises(RecipeMismatch, match="nobody stops early"):
        DIGITS.changed({"protocol": "federated", "optim.patience": 5})


@pytest.mark.parametrize("labelled", [2, 4])
def test_fewer_private_images_than_clients_are_told(labelled: int) -> None:
    labels = torch.full((40,), -1)
    labels[:labelled] = 1
    with pytest.raises(InvalidSetting, match=rf"clients.*5.*only {labelled} with a label"):
        dirichlet_partition(labels, clients=5, alpha=0.3, public=20, seed=0)


def test_as_many_private_images_as_clients_are_enough() -> None:
    labels = torch.full((40,), -1)
    labels[:5] = torch.arange(5)
    _, *own = dirichlet_partition(labels, clients=5, alpha=0.1, public=20, seed=0)
    assert sorted(torch.cat(own).tolist()) == list(range(5)) and all(len(one) == 1 for one in own)


@pytest.mark.parametrize("networks", [2, 3])
def test_a_peer_that_broke_in_this_step_leads_nobody(networks: int) -> None:
    class Member:
        method = DIGITS.method

        def __init__(self, logits: torch.Tensor) -> None:
            self.logits, self.progress = logits, Progress(patience=None)

        def forward(self, images: torch.Tensor, teacher: None) -> tuple[Outputs, None]:
            return Outputs(self.logits, {}), None

        def backward_and_step(self, losses: object) -> None: ...

    members = [Member(STUDENT.float()), Member(torch.full_like(STUDENT.float(), math.nan))]
    members += [Member(TEACHER.float())] * (networks - 2)
    losses = PeerTrainer(members).training_step(torch.zeros(4, 1), torch.arange(4), None)
    for lane, healthy in enumerate([True, False, True][:networks]):
        assert all(bool(values[lane].isfinite()) == healthy for values in losses.values())
    if networks == 2:
        assert float(losses["teacher"][0]) == pytest.approx(0, abs=1e-6)


def test_a_rate_that_would_be_out_of_range_is_told_by_its_name() -> None:
    with pytest.raises(InvalidSetting, match=r"optim.lr_of_teacher.*10.*makes 50"):
        DIGITS.changed({"optim.lr_of_teacher": 10, "teacher.optim.lr": 5})


def test_a_schedule_needs_a_number_to_start_from() -> None:
    with pytest.raises(InvalidSetting, match=r"schedules.label_weight.*method.label_weight is empty"):
        DIGITS.changed({"schedules.label_weight": "linear"})
    assert DIGITS.changed({"method.label_weight": 1, "schedules.label_weight": "linear"}).schedules


# Recipes from before


def test_settings_that_came_later_leave_old_fingerprints_as_they_were() -> None:
    told = DIGITS.to_json()
    assert "others" not in told and "question" not in told["data"] and "question" not in told["teacher"]["data"]
    assert "others" in DIGITS.changed({"others": OTHERS}).to_json()
    assert type(DIGITS).from_json(told) == DIGITS


def test_a_protocol_can_be_named_and_set_in_one_go() -> None:
    assert DIGITS.changed({"protocol": "mutual", "protocol.networks": 3}).protocol == Mutual(networks=3)


def test_every_protocol_is_known() -> None:
    wanted = ["chain", "cross_modal", "data_free", "federated", "multi_task", "mutual", "offline", "several_teachers"]
    assert list(PROTOCOLS) == wanted
    assert replace(Outputs(STUDENT), heads={"a": TEACHER}).mapped(lambda one: one[:1]).heads["a"].shape == (1, 5)

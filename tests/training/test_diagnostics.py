"""What a network tells of itself after an epoch: its exits, and where it looks."""

from __future__ import annotations

import pytest
import torch

from kd_core.events import Logged
from kd_core.networks import NETWORKS
from kd_core.notes import ExitAccuracies
from kd_core.training.loop import fit
from tests.training.stripes import SPLITS, a_teacher, epochs_of, recipe

CONVNET = {"name": "convnet", "channels": [4, 6, 8], "fc": 8}


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("depth", ["early", "middle", "late"])
def test_a_depth_is_reached_without_what_lies_beyond(name: str, depth: str) -> None:
    network = NETWORKS[name]().build((3, 32, 32), 5).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(network.forward_until(depth, images), network(images).features[depth])


def test_exits_tell_their_accuracy_after_every_epoch_and_their_latency_at_the_end() -> None:
    wanted = recipe(CONVNET, method={"name": "self_exits"}, optim__epochs=3)
    events = list(fit(wanted, SPLITS))
    logged = [event for event in events if isinstance(event, Logged)]
    assert [event.epoch for event in logged] == [0, 1, 2]
    notes = [event.note for event in logged]
    for note, epoch in zip(notes, epochs_of(events), strict=True):
        assert isinstance(note, ExitAccuracies)
        assert note.exits == ["early", "middle", "end"]
        assert note.test[-1] == pytest.approx(epoch.scores["test"].accuracy)
        assert note.validation[-1] == pytest.approx(epoch.scores["validation"].accuracy)
    latency = notes[-1].to_facts()["latency_ms"]
    assert len(latency) == 3 and min(latency) > 0 and "latency_ms" not in notes[0].to_facts()


def test_attention_transfer_shows_where_both_networks_look() -> None:
    wanted = recipe(CONVNET, method={"name": "attention_transfer"}, optim__epochs=2)
    notes = [event for event in fit(wanted, SPLITS, a_teacher()) if isinstance(event, Logged)]
    assert [event.note.subject for event in notes] == ["pictures", "pictures"]
    names = {f"{who}_{depth}" for who in ("student", "teacher") for depth in ("early", "middle", "late")}
    assert set(notes[0].arrays) == names
    assert all(picture.dtype == torch.uint8 and int(picture.amax()) == 255 for picture in notes[0].arrays.values())
    assert torch.equal(notes[0].arrays["teacher_late"], notes[1].arrays["teacher_late"]), "the teacher stays as it is"
    assert not torch.equal(notes[0].arrays["student_early"], notes[1].arrays["student_early"])


def test_a_plain_student_has_nothing_to_tell() -> None:
    assert not [event for event in fit(recipe(), SPLITS, a_teacher()) if isinstance(event, Logged)]

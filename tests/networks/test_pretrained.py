"""Torchvision's pretrained weights: taken where they fit, and a clear sentence where they cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kd_core.errors import PretrainedMissing
from kd_core.functional.seeding import seeded
from kd_core.networks.torchvision_models import MobileNetV2, ResNet18


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of kept weights, and no way to the internet."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def refused(*_: object, **__: object) -> None:
        raise OSError("nobody answers")

    monkeypatch.setattr("torch.hub.download_url_to_file", refused)
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def kept(hub: Path, name: str, file: str) -> dict[str, torch.Tensor]:
    from torchvision import models

    with seeded(3, "pretrained"):
        weights: dict[str, torch.Tensor] = getattr(models, name)().state_dict()
    torch.save(weights, hub / file)
    return weights


def test_what_fits_is_taken_and_the_rest_begins_anew(hub: Path) -> None:
    weights = kept(hub, "resnet18", "resnet18-f37072fd.pth")
    found = ResNet18(pretrained=True).build((3, 32, 32), 10).state_dict()
    assert torch.equal(found["layer1.0.conv1.weight"], weights["layer1.0.conv1.weight"])
    assert found["conv1.weight"].shape == (64, 3, 3, 3), "small images need another first layer"
    assert found["fc.weight"].shape == (10, 512)
    large = ResNet18(pretrained=True, small_images=False).build((3, 64, 64), 10).state_dict()
    assert torch.equal(large["conv1.weight"], weights["conv1.weight"])


def test_weights_that_cannot_be_had_are_told_with_where_to_put_them(hub: Path) -> None:
    with pytest.raises(PretrainedMissing, match=r"MobileNetV2 .*nobody answers.*mobilenet_v2-7ebf99e0.pth") as caught:
        MobileNetV2(pretrained=True).build((3, 32, 32), 10)
    assert str(hub) in str(caught.value)


def test_looking_at_sizes_needs_no_download(hub: Path) -> None:
    assert MobileNetV2(pretrained=True).untrained().build((3, 32, 32), 10)
    assert "pretrained" not in MobileNetV2().to_json() and MobileNetV2(pretrained=True).to_json()["pretrained"] is True

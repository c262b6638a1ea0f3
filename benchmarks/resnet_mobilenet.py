"""ResNet-50 to MobileNetV2: ``python -m benchmarks.resnet_mobilenet --images FOLDER_OR_ZIP [--full] [--pretrained]``.

The images lie as ``train/<class>/...`` and ``test/<class>/...``. By default a run that a CPU can finish: a few hundred
images of each class, a few epochs, networks that shrink small images at once. ``--full`` is the preset as it is, for a
GPU. Prints JSON: accuracy, agreement, size and latency of all three arms, and the verdict.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from benchmarks import harness
from kd_core import PRESETS, Store, Study
from kd_core.experiments import run_study
from kd_core.results import race_json

SHORT = {"optim.epochs": 3, "optim.batch": 32, "optim.lr": 0.01, "optim.lr_schedule": "cosine"}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="a folder or a zip of train/ and test/ by class")
    parser.add_argument("--full", action="store_true", help="all images and the preset's own settings, for a GPU")
    parser.add_argument("--pretrained", action="store_true", help="begin with torchvision's weights for ImageNet")
    parser.add_argument("--per-class", type=int, default=100, help="training images of each class in a short run")
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images = asked.images
        if images.suffix == ".zip":
            images = unpacked(images, Path(folder) / "images", None if asked.full else asked.per_class)
        store = Store(Path(folder) / "store")
        recipe = PRESETS["resnet50-mobilenet"].recipe.changed(changes(images, asked))
        study = store.studies.add(Study.race(recipe, asked.seeds, "resnet50-mobilenet"), status="running")
        run_study(store, study, data_root=Path(folder))
        row = store.studies.get(study)
        told: dict[str, Any] = {**harness.machine(), "full": asked.full, "status": row.status, "error": row.error}
        print(json.dumps({**told, **race_json(store, study)}, indent=1))


def changes(images: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Return what the run changes in the preset, for teacher and student alike."""
    source = {"name": "image_folder", "path": str(images), "size": 32}
    changed: dict[str, Any] = {"data.source": source}
    both = {"student.pretrained": True} if asked.pretrained else {}
    if not asked.full:
        both |= SHORT | {"student.small_images": False, "data.augmentation": "none"}
    return changed | both | {f"teacher.{path}": value for path, value in both.items()}


def unpacked(archive: Path, folder: Path, per_class: int | None) -> Path:
    """Unpack images, so many of each class for training and half as many for test; all where None."""
    counts: dict[str, int] = {}
    with zipfile.ZipFile(archive) as packed:
        for name in sorted(packed.namelist()):
            part, _, rest = name.partition("/")
            group = f"{part}/{rest.partition('/')[0]}"
            most = None if per_class is None else per_class if part == "train" else per_class // 2
            if most is None or counts.get(group, 0) < most:
                counts[group] = counts.get(group, 0) + 1
                packed.extract(name, folder)
    return folder


if __name__ == "__main__":
    main()

from __future__ import annotations

import io
import os
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
import torch
from PIL import Image

from kd_core.datasets import LoadedDataset, Split, image_folder
from kd_core.datasets.conditions import Conditions, prepare
from kd_core.datasets.image_folder import ImageFolder
from kd_core.datasets.io import image_files
from kd_core.datasets.io.image_files import read_images
from kd_core.datasets.io.memory_budget import MemoryBudget
from kd_core.datasets.io.upload import unpack
from kd_core.errors import DataUnusable
from tests.image_folders import make_images, png

CIFAR_ZIP = Path(__file__).resolve().parents[3] / "shared" / "data" / "cifar10-jpeg.zip"


def load(root: Path, **settings: object) -> LoadedDataset:
    return ImageFolder.from_json({"path": str(root), "size": 16, **settings}).load(Path("nowhere"))


def counts(split: Split | None) -> list[int]:
    assert split is not None
    return torch.bincount(split.labels, minlength=len(split.classes)).tolist()


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(pixels))


def test_class_folders_are_cut_70_15_15_by_class(tmp_path: Path) -> None:
    make_images(tmp_path, {"dog": 60, "cat": 40})
    source = load(tmp_path)
    splits = prepare(Conditions(), source, seed=0)
    assert source.train.classes == ("cat", "dog")
    assert [counts(splits.train), counts(splits.validation), counts(splits.test)] == [[28, 42], [6, 9], [6, 9]]


def test_the_split_seed_alone_decides_about_the_test(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 20, "dog": 20})
    zero, again, one = load(tmp_path), load(tmp_path, split_seed=0), load(tmp_path, split_seed=1)
    assert torch.equal(zero.test.images, again.test.images)
    assert not torch.equal(zero.test.images, one.test.images)


@pytest.mark.parametrize(("train", "validation", "test"), [("train", "val", "test"), ("Training", "valid", "testing")])
def test_folders_named_after_splits_are_the_splits(train: str, validation: str, test: str, tmp_path: Path) -> None:
    sizes = {
        f"{train}/a": 5,
        f"{train}/b": 4,
        f"{validation}/a": 3,
        f"{validation}/b": 2,
        f"{test}/a": 1,
        f"{test}/b": 1,
    }
    make_images(tmp_path, sizes)
    source = load(tmp_path)
    assert [counts(source.train), counts(source.validation), counts(source.test)] == [[5, 4], [3, 2], [1, 1]]
    assert source.cut == 0


def test_without_validation_a_tenth_of_training_is_cut(tmp_path: Path) -> None:
    make_images(tmp_path, {"train/a": 30, "train/b": 30, "test/a": 2, "test/b": 2})
    source = load(tmp_path)
    assert source.validation is None
    assert (counts(source.train), counts(source.test), source.cut) == ([30, 30], [2, 2], 6)


def test_without_test_it_is_set_aside_from_training(tmp_path: Path) -> None:
    make_images(tmp_path, {"train/a": 20, "train/b": 20, "val/a": 2, "val/b": 2})
    source = load(tmp_path)
    assert [counts(source.train), counts(source.validation), counts(source.test)] == [[17, 17], [2, 2], [3, 3]]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    make_images(tmp_path, {"bus": 5, "train": 5})
    assert load(tmp_path).train.classes == ("bus", "train")


def test_three_images_a_class_are_one_for_each_split(tmp_path: Path) -> None:
    make_images(tmp_path, {"a": 3, "b": 3})
    splits = prepare(Conditions(), load(tmp_path), seed=0)
    assert [counts(splits.train), counts(splits.validation), counts(splits.test)] == [[1, 1]] * 3


def test_broken_images_are_named_and_skipped(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 5})
    whole = (tmp_path / "cat" / "0000.png").read_bytes()
    (tmp_path / "cat" / "0001.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "dog" / "0002.png").write_bytes(b"not an image")
    (tmp_path / "dog" / "0003.png").write_bytes(b"")
    source = load(tmp_path)
    assert source.skipped == ("cat/0001.png", "dog/0002.png", "dog/0003.png")
    assert len(source.train) + len(source.test) == 7


def test_a_decompression_bomb_counts_as_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(tmp_path, {"cat": 4, "dog": 4})
    save(tmp_path / "dog" / "just-over.png", np.zeros((30, 40, 3), np.uint8))
    save(tmp_path / "dog" / "twice-over.png", np.zeros((60, 60, 3), np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert load(tmp_path).skipped == ("dog/just-over.png", "dog/twice-over.png")


def test_hidden_files_system_folders_and_other_files_are_left_alone(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 4, "dog": 4, "__MACOSX/cat": 3, ".git": 3, "dog/.thumbnails": 2, "notes": 0})
    (tmp_path / "cat" / "._0000.png").write_bytes(b"resource fork")
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "readme.txt").write_text("hello")
    source = load(tmp_path)
    assert source.train.classes == ("cat", "dog")
    assert len(source.train) + len(source.test) == 8
    assert source.skipped == ()


def test_images_of_any_kind_become_small_squares_from_the_middle(tmp_path: Path) -> None:
    # 64 wide, 32 high: of the columns red, green, green, blue the middle square is green.
    wide = np.zeros((32, 64, 3), np.uint8)
    wide[:, :16, 0], wide[:, 16:48, 1], wide[:, 48:, 2] = 255, 255, 255
    for index in range(3):
        save(tmp_path / "wide" / f"{index}.png", wide)
        save(tmp_path / "deep" / f"{index}.png", np.full((20, 20), 0x8000, np.uint16))
    train = load(tmp_path).train
    deep, green = train.images[train.labels == 0][0], train.images[train.labels == 1][0]
    assert train.shape == (3, 16, 16)
    assert green[:, 1:-1, 1:-1].amax((1, 2)).tolist() == [0, 255, 0]
    assert deep.unique().tolist() == [0x80]


def test_grey_images_have_one_channel(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for index in range(3):
            save(tmp_path / name / f"{index}.png", np.full((16, 16, 3), (255, 0, 0), np.uint8))
    train = load(tmp_path, grey=True).train
    assert train.shape == (1, 16, 16)
    assert train.images.unique().tolist() == [76]  # red's luma, 0.299 x 255
    assert train.mean == (0.5,)


def test_a_photograph_lying_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    turned = Image.fromarray(pixels)
    exif = turned.getexif()
    exif[0x0112] = 3  # the camera was upside down
    make_images(tmp_path, {"a": 3})
    (tmp_path / "b").mkdir()
    for index in range(3):
        turned.save(tmp_path / "b" / f"{index}.png", exif=exif)
    train = load(tmp_path).train
    upright = train.images[train.labels == 1][0]
    assert upright[:, :8].max() == 0 and upright[:, 8:].min() == 255


def test_many_large_photographs_read_by_several_threads_keep_their_order(tmp_path: Path) -> None:
    for name, offset in (("a", 0), ("b", 100)):
        (tmp_path / name).mkdir()
        for index in range(70):
            noise = np.random.default_rng(index).integers(0, 20, (96, 96, 3))
            Image.fromarray((noise + offset + index).astype(np.uint8)).save(tmp_path / name / f"{index:03}.bmp")
    source = load(tmp_path)
    brightness = source.train.images.float().mean((1, 2, 3))
    # On average 9.5 brighter than offset + index, so brightness rises with the file's name within a class.
    for label in (0, 1):
        assert bool((brightness[source.train.labels == label].diff() > 0).all())


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({}, "at least two class folders with images are needed, and none was found"),
        ({"cat": 5}, "only 'cat' has any"),
        ({"cat": 5, "dog": 2}, "the class 'dog' has only 2 usable images in 'train'; 3 are needed"),
        ({"train/a": 5, "train/b": 5, "test/a": 2}, "the class 'b' has no usable image in 'test'; 1 is needed"),
        ({"train/a": 5, "train/b": 1, "test/a": 2, "test/b": 2}, "only 1 usable image in 'train'; 2 are needed"),
        ({"train/a": 5, "train/b": 5, "test/a": 2, "test/c": 2}, "'c' is in 'test' but has no image in 'train'"),
        ({"test/a": 5, "test/b": 5}, "has a folder 'test', and none named 'train'"),
    ],
)
def test_what_cannot_be_learned_from_is_told(made: dict[str, int], sentence: str, tmp_path: Path) -> None:
    make_images(tmp_path, made)
    with pytest.raises(DataUnusable, match=sentence):
        load(tmp_path)


def test_a_class_of_broken_images_is_no_class(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 3})
    for path in (tmp_path / "dog").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(DataUnusable, match="'dog' has no usable image"):
        load(tmp_path)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match="there is no such folder"):
        load(tmp_path / "missing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataUnusable, match="cannot be read"):
        load(tmp_path / "file")


def test_too_many_files_and_too_much_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 5})
    monkeypatch.setattr(image_folder, "MAX_BYTES", 10 * 3 * 16 * 16)
    load(tmp_path)
    with pytest.raises(DataUnusable, match=r"10 images of 17 x 17 need .* Choose a smaller image size"):
        load(tmp_path, size=17)
    monkeypatch.setattr(image_folder, "MAX_FILES", 9)
    with pytest.raises(DataUnusable, match="more than 9 images"):
        load(tmp_path)


@pytest.mark.skipif(not CIFAR_ZIP.exists(), reason="cifar10-jpeg.zip is not in ../shared/data")
def test_a_part_of_the_cifar_zip_is_uploaded_and_read(tmp_path: Path) -> None:
    upload = io.BytesIO()
    with ZipFile(CIFAR_ZIP) as whole, ZipFile(upload, "w", ZIP_STORED) as part:
        for name in whole.namelist()[::150]:
            part.writestr(name, whole.read(name))
    folder = unpack(upload, "cifar.zip", tmp_path / "cifar")
    source = load(folder, size=32)
    assert (len(source.train), len(source.test), source.skipped) == (333, 67, ())
    assert source.train.classes[:3] == ("airplane", "automobile", "bird")
    assert source.train.shape == (3, 32, 32)
    # A JPEG of the right size is decoded and nothing else.
    first = Image.open(
        folder / "train" / "airplane" / sorted(p.name for p in (folder / "train" / "airplane").iterdir())[0]
    )
    assert torch.equal(source.train.images[0], torch.from_numpy(np.asarray(first).transpose(2, 0, 1).copy()))


def test_a_folder_that_has_changed_is_another_dataset_and_the_old_one_says_so(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    for name in ("cat", "dog"):
        for number in range(8):
            save(tmp_path / name / f"{number}.png", pixels)
    chosen = ImageFolder(path=str(tmp_path))
    assert chosen.fingerprint() == ImageFolder(path=str(tmp_path)).fingerprint()
    save(tmp_path / "cat" / "new.png", pixels)
    assert ImageFolder(path=str(tmp_path)).fingerprint() != chosen.fingerprint()
    with pytest.raises(DataUnusable, match="changed since it was chosen"):
        chosen.load(tmp_path)


def read_one(path: Path, grey: bool = True, background: int = 255) -> np.ndarray | None:
    """Return the 256 x 256 pixels of a file, (256, 256) or (3, 256, 256), or None where it could not be read."""
    images, usable = read_images([path], 256, grey, lambda what, done: None, background)
    return images[0].numpy().squeeze() if bool(usable[0]) else None


def bar_on_nothing() -> Image.Image:
    """Return a black bar in rows 96 to 159; everything else is transparent, and would be red if it were not."""
    pixels = np.zeros((256, 256, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[96:160] = (0, 0, 0, 255)
    return Image.fromarray(pixels)


def as_palette(image: Image.Image) -> Image.Image:
    """Return the bar with a palette of two colours, of which the first, red, is transparent."""
    indexed = Image.fromarray((np.asarray(image)[..., 3] == 255).astype(np.uint8), "P")
    indexed.putpalette([255, 0, 0, 0, 0, 0])
    indexed.info["transparency"] = 0
    return indexed


TRANSPARENT: dict[str, Callable[[Path], None]] = {
    "rgba.png": lambda path: bar_on_nothing().save(path),
    "la.png": lambda path: bar_on_nothing().convert("LA").save(path),
    "palette.png": lambda path: as_palette(bar_on_nothing()).save(path, transparency=0),
    "palette.gif": lambda path: as_palette(bar_on_nothing()).save(path, transparency=0),
    "lossless.webp": lambda path: bar_on_nothing().save(path, lossless=True, exact=True),
    "rgba.tif": lambda path: bar_on_nothing().save(path),
    "grey-key.png": lambda path: (
        bar_on_nothing().getchannel("A").point(lambda a: 77 * (a == 0)).save(path, transparency=77)
    ),
    "colour-key.png": lambda path: bar_on_nothing().convert("RGB").save(path, transparency=(255, 0, 0)),
    "one-bit.png": lambda path: (
        bar_on_nothing().getchannel("A").point(lambda a: 255 * (a == 0)).convert("1").save(path, transparency=1)
    ),
}


@pytest.mark.parametrize("name", TRANSPARENT)
def test_what_is_transparent_shows_the_background_and_no_hidden_colour(name: str, tmp_path: Path) -> None:
    TRANSPARENT[name](tmp_path / name)
    on_white = np.full((256, 256), 255)
    on_white[96:160] = 0
    grey, colour = read_one(tmp_path / name), read_one(tmp_path / name, grey=False)
    assert grey is not None and colour is not None
    assert np.array_equal(grey, on_white)
    assert np.array_equal(colour, np.stack([on_white] * 3))
    black = read_one(tmp_path / name, background=0)
    assert black is not None and black.max() == 0


def test_one_transparent_grey_of_sixteen_bits_shows_the_background(tmp_path: Path) -> None:
    pixels = np.full((256, 256), 0x4000, np.uint16)
    pixels[:128] = 7
    Image.fromarray(pixels).save(tmp_path / "deep.png", transparency=7)
    read = read_one(tmp_path / "deep.png")
    assert read is not None and (read[:128] == 255).all() and (read[128:] == 0x40).all()


def test_half_transparent_is_half_the_background_and_colours_do_not_bleed_when_scaled(tmp_path: Path) -> None:
    Image.new("RGBA", (256, 256), (255, 0, 0, 128)).save(tmp_path / "half.png")
    read = read_one(tmp_path / "half.png", grey=False)
    assert read is not None
    # Of white 127 parts in 255 shine through: red stays 255, green and blue are 127.
    assert read[0].min() == 255 and set(np.unique(read[1:])) <= {127, 128}
    checks = np.zeros((512, 512, 4), np.uint8)
    checks[..., 0] = 255
    checks[::2, ::2] = (0, 0, 0, 255)
    Image.fromarray(checks).save(tmp_path / "checks.png")
    small = read_one(tmp_path / "checks.png", grey=False)
    assert small is not None and abs(small[0].astype(int) - small[1]).max() <= 1


def test_an_opaque_image_with_an_alpha_channel_is_read_as_without(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "rgb.png")
    Image.fromarray(np.dstack([colours, np.full((300, 400), 255, np.uint8)])).save(tmp_path / "rgba.png")
    for grey in (True, False):
        assert np.array_equal(read_one(tmp_path / "rgb.png", grey), read_one(tmp_path / "rgba.png", grey))


def test_the_background_is_white_and_only_another_one_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(3):
            bar_on_nothing().save(tmp_path / name / f"{index}.png")
    assert load(tmp_path).train.images.float().std() > 50
    assert load(tmp_path, background="black").train.images.max() == 0
    assert "background" not in ImageFolder(path="x").to_json()
    assert ImageFolder(path="x").fingerprint() != ImageFolder(path="x", background="black").fingerprint()


RAMP = np.tile(np.arange(256), (256, 1))
"""256 levels, one a column."""


def raw_tiff(data: bytes, bits: int) -> bytes:
    """Return a TIFF of 256 x 256 unsigned numbers of a depth that Pillow itself does not write."""
    entries = [
        (256, 256),
        (257, 256),
        (258, bits),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 256),
        (279, len(data)),
    ]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in [*entries, (339, 1)])
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(entries) + 1) + table + bytes(4)


def packed_in_twelve_bits(values: np.ndarray) -> bytes:
    """Return numbers of twelve bits, two of them in three bytes."""
    return np.packbits((values[..., None] >> np.arange(11, -1, -1) & 1).astype(np.uint8)).tobytes()


def tiff(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "tiff")
    return stream.getvalue()


DEEP = {
    "deep.pgm": b"P5 256 256 65535\n" + (RAMP * 257).astype(">u2").tobytes(),
    "twelve-bits.pgm": b"P5 256 256 4095\n" + np.rint(RAMP * 4095 / 255).astype(">u2").tobytes(),
    "eight-bits-in-int.tif": tiff(RAMP.astype(np.int32)),
    "sixteen-bits-in-int.tif": tiff((RAMP * 257).astype(np.int32)),
    "int.tif": tiff(np.rint(RAMP * ((2**31 - 1) / 255)).astype(np.int32)),
    "unsigned.tif": raw_tiff((RAMP * 0x01010101).astype("<u4").tobytes(), 32),
    "sixteen-bits.tif": raw_tiff((RAMP * 257).astype("<u2").tobytes(), 16),
    "twelve-bits.tif": raw_tiff(packed_in_twelve_bits(RAMP * 16 + 8), 12),
    "one.tif": tiff((RAMP / 255).astype(np.float32)),
    "float.tif": tiff(RAMP.astype(np.float32)),
    "large-float.tif": tiff((RAMP * 257).astype(np.float32)),
}


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_ramp_has_the_levels_of_its_eight_bit_twin(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(DEEP[name])
    read = read_one(tmp_path / name)
    assert read is not None
    assert len(np.unique(read)) == 256
    assert abs(read.astype(int) - RAMP).max() <= 1


@pytest.mark.parametrize(
    "values", [RAMP - 128.0, RAMP * 1000.0, np.where(RAMP == 3, np.nan, RAMP), np.where(RAMP == 3, np.inf, RAMP)]
)
def test_a_depth_without_a_known_white_is_named_and_skipped(values: np.ndarray, tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 4, "dog": 4})
    (tmp_path / "dog" / "odd.tif").write_bytes(tiff(values.astype(np.float32)))
    assert load(tmp_path).skipped == ("dog/odd.tif",)


def test_decoding_holds_no_more_than_its_budget_whatever_the_threads() -> None:
    budget, seen, at_once = MemoryBudget(100), [], threading.Semaphore(0)

    def hold(count: int) -> None:
        with budget.reserved(count):
            seen.append(budget.held)
            at_once.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, [60, 50, 1000, 40, 30, 30, 100, 7] * 20))
    assert len(seen) == 160 and max(seen) <= 100 and budget.held == 0


def test_who_does_not_fit_beside_the_others_waits_until_they_leave() -> None:
    budget, meet, late = MemoryBudget(100), threading.Barrier(2, timeout=10), threading.Event()

    def hold(count: int) -> None:
        with budget.reserved(count):
            meet.wait()
            meet.wait()

    def come_late() -> None:
        with budget.reserved(30):
            late.set()

    with ThreadPoolExecutor(2) as pool:
        inside = pool.submit(hold, 80)
        meet.wait()
        waiting = pool.submit(come_late)
        assert not late.wait(0.05)
        meet.wait()
        inside.result(10)
        waiting.result(10)
    assert late.is_set()


def test_a_file_is_decoded_within_the_budget_and_a_broken_one_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images(tmp_path, {"cat": 2})
    (tmp_path / "cat" / "0001.png").write_bytes((tmp_path / "cat" / "0001.png").read_bytes()[:200])
    asked: list[int] = []

    class Watched(MemoryBudget):
        def reserved(self, count: int):  # type: ignore[no-untyped-def]
            asked.append(count)
            return super().reserved(count)

    budget = Watched(1000)
    monkeypatch.setattr("kd_core.datasets.io.image_files.DECODING", budget)
    read_images(sorted((tmp_path / "cat").iterdir()), 16, False, lambda what, done: None)
    assert asked == [16 * 16 * 16] * 2 and budget.held == 0
    picture = Image.new("RGB", (640, 640))
    picture.save(tmp_path / "plain.jpg")
    picture.save(tmp_path / "progressive.jpg", progressive=True)
    read_images([tmp_path / "plain.jpg", tmp_path / "progressive.jpg"], 16, False, lambda what, done: None)
    # The first is decoded at an eighth of its size, the other is held whole by the decoder.
    assert asked[2:] == [16 * 80 * 80, 16 * 640 * 640]


def left_out(root: Path) -> dict[str, tuple[str, ...]]:
    return dict(load(root).left_out)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"train/a": 5, "train/b": 5, "training/a": 2}, {"second": ("training",)}),
        ({"train/a": 5, "train/b": 5, "val/a": 2, "val/b": 2, "valid/a": 1}, {"second": ("valid",)}),
        ({"train/a": 5, "train/b": 5, "c": 2, "empty": 0}, {"beside": ("c",)}),
        ({"train/a": 5, "train/b": 5, "test": 2}, {"beside": ("test",)}),
        ({"train": 2, "train/a": 5, "train/b": 5}, {"loose": ("train/0000.png", "train/0001.png")}),
        ({".": 1, "a": 5, "b": 5}, {"loose": ("0000.png",)}),
        ({"a": 5, "b": 5}, {}),
    ],
)
def test_what_is_passed_over_is_named_with_its_reason(
    made: dict[str, int], told: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    make_images(tmp_path, made)
    assert left_out(tmp_path) == told


def test_a_folder_that_only_wraps_is_seen_through(tmp_path: Path) -> None:
    make_images(tmp_path, {"root/train/a": 5, "root/train/b": 5, "root/c": 1})
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "root" / "train" / "a" / "broken.png").write_bytes(b"x")
    source = load(tmp_path)
    assert source.train.classes == ("a", "b")
    assert (source.left_out, source.skipped) == ({"beside": ("root/c",)}, ("root/train/a/broken.png",))


def test_of_two_names_that_differ_in_case_the_small_letters_count(tmp_path: Path) -> None:
    make_images(tmp_path, {"train/a": 5, "train/b": 5, "Train/a": 9, "Train/b": 9})
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this disk does not tell the two apart")
    source = load(tmp_path)
    assert source.left_out == {"second": ("Train",)}
    assert len(source.train) + len(source.test) == 10


def test_formats_that_pillow_reads_are_read_and_others_are_named(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 5})
    picture = Image.new("RGB", (16, 16), (200, 0, 0))
    for suffix, kind in ((".jfif", "jpeg"), (".avif", "avif"), (".JPE", "jpeg"), (".jp2", "jpeg2000"), (".tga", "tga")):
        picture.save(tmp_path / "dog" / f"picture{suffix}", kind)
    for name in ("photo.HEIC", "drawing.svg", "film.mp4", "notes.txt"):
        (tmp_path / "cat" / name).write_bytes(b"x")
    source = load(tmp_path)
    assert len(source.train) + len(source.test) == 15
    assert source.skipped == ()
    assert source.left_out == {"format": ("cat/drawing.svg", "cat/film.mp4", "cat/photo.HEIC")}


def test_a_linked_folder_inside_a_class_is_named(tmp_path: Path) -> None:
    make_images(tmp_path, {"data/cat": 5, "data/dog": 5, "more": 2})
    (tmp_path / "data" / "cat" / "linked").symlink_to(tmp_path / "more", target_is_directory=True)
    assert left_out(tmp_path / "data") == {"link": ("cat/linked",)}


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 5, "dog/inner": 3})
    chosen = ImageFolder(path=str(tmp_path))
    scandir = image_files.os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(image_files.os, "scandir", guarded)
    with pytest.raises(DataUnusable, match="cannot be read"):
        chosen.load(tmp_path)


def test_accents_as_letters_of_their_own_make_no_other_class(tmp_path: Path) -> None:
    composed, apart = "\u00fcber", "u\u0308ber"
    make_images(tmp_path, {f"train/{composed}": 5, "train/a": 5, f"test/{apart}": 2, "test/a": 2})
    source = load(tmp_path)
    assert source.train.classes == source.test.classes == ("a", composed)
    assert counts(source.test) == [2, 2]


def make_latin_1(root: Path, name: str) -> Path:
    """Write a folder whose name is Latin-1 where the disk takes it."""
    folder = os.fsencode(root) + b"/" + name.encode("latin-1")
    try:
        os.makedirs(folder)
    except OSError:
        pytest.skip("this disk takes UTF-8 alone")
    return Path(os.fsdecode(folder))


def test_a_class_whose_name_is_not_utf_8_is_named(tmp_path: Path) -> None:
    make_images(tmp_path, {"a": 5, "b": 5})
    folder = make_latin_1(tmp_path, "\u00fcber")
    (folder / "1.png").write_bytes((tmp_path / "a" / "0000.png").read_bytes())
    with pytest.raises(DataUnusable, match=r"the folder '\\xfcber' has a name that is not UTF-8. Rename it"):
        load(tmp_path)


def test_an_image_whose_name_is_not_utf_8_is_read_and_named_where_it_is_broken(tmp_path: Path) -> None:
    make_images(tmp_path, {"a": 5, "b": 5})
    inner = make_latin_1(tmp_path / "a", "\u00fc")
    (inner / "1.png").write_bytes((tmp_path / "a" / "0000.png").read_bytes())
    (inner / "2.png").write_bytes(b"broken")
    source = load(tmp_path)
    assert len(source.train) + len(source.test) == 11
    assert source.skipped == (r"a/\xfc/2.png",)

"""Data-free distillation: a generator makes up the images from which the student learns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from kd_core.events import EpochEnd, Event, Logged
from kd_core.functional import (
    entropy,
    label_cross_entropy,
    load_optimizer_state,
    make_generator,
    optimizer_state,
    seeded,
    soften,
    to_cpu,
    under_prefix,
    with_prefix,
)
from kd_core.notes import GeneratorLosses
from kd_core.outputs import Outputs
from kd_core.protocols.base import Protocol, ProtocolCode
from kd_core.protocols.data_free_code import GENERATOR_CODE
from kd_core.settings import setting

if TYPE_CHECKING:
    from kd_core.compute import StepPlan
    from kd_core.datasets import Split
    from kd_core.networks import Network, Shape
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe

SHOWN = 20


class DataFree(Protocol):
    """A generator makes up images on which the teacher is sure of something, and the student learns from those alone.

    Nobody sees a real image: the teacher is all there is. The generator is trained so that the teacher is certain of
    each image, names all classes equally often, and is strongly excited. What it makes need not look like anything.
    """

    title: ClassVar[str] = "Data-free"
    needs_teacher_term: ClassVar[bool] = True
    logits_only: ClassVar[bool] = True
    students_see: ClassVar[Literal["own data", "public images", "made-up images"]] = "made-up images"
    recommended: ClassVar[Mapping[str, Any]] = {
        "method": {"name": "soft_targets", "temperature": 1.0, "teacher_weight": 1.0},
        "optim.lr": 0.002,
        "optim.batch": 512,
    }
    abbreviation: ClassVar[str] = "DAFL"
    source: ClassVar[str] = "Chen et al. 2019 (DAFL)"

    name: Literal["data_free"] = "data_free"
    steps: int = setting(
        120, title="Steps per epoch", description="Batches made up in an epoch.", ge=1, le=10000, scale="log"
    )
    noise: int = setting(
        100, title="Noise", description="Numbers from which an image is made.", unit="units", ge=1, le=1000, scale="log"
    )
    generator_lr: float = setting(
        0.002, title="Generator's learning rate", description="Of its Adam.", gt=0, le=1, scale="log"
    )
    balance: float = setting(
        5.0,
        title="Weight of balance",
        description="How much all classes must occur equally often.",
        ge=0,
        le=100,
        scale="log",
        log_from=0.001,
    )
    excitement: float = setting(
        0.1,
        title="Weight of excitement",
        description="How much the teacher's features must be active.",
        ge=0,
        le=100,
        scale="log",
        log_from=0.001,
    )

    def steps_per_epoch(self, plain: int, batch: int) -> int:
        """Return how many batches are made up in an epoch."""
        return self.steps

    @property
    def relative_cost(self) -> float:
        """Return what making an image costs beside learning from it: on a CPU about as much as thirty small steps."""
        return 30.0

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of the student; what is made up becomes notes."""
        teacher, train = context.teacher_ensemble(recipe), context.splits(recipe).train
        loader = GeneratedLoader(self, recipe, teacher, train, context.plan)
        trainer = context.trainer(recipe, teacher=teacher)
        for event in context.train(recipe, trainer, loader):
            if isinstance(event, EpochEnd):
                yield Logged(event.epoch, loader.losses(), {"images": loader.pictures()})
            yield event

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode:
        """Return the generator, and a loop that makes images and learns from them."""
        weights = f"certainty + {self.balance} * balance + {self.excitement} * excitement"
        definitions = GENERATOR_CODE.replace("{noise}", str(self.noise)).replace("{shape}", str(shape))
        definitions = definitions.replace("{steps}", str(self.steps)).replace("{lr}", str(self.generator_lr))
        return ProtocolCode(
            "distilled = train_without_images({student}, teacher, loss, seed, {options})\n",
            definitions.replace("{weights}", weights),
            features=True,
            own_loop=True,
        )


class GeneratedLoader:
    """Batches of made-up images with what the teacher says about them; the generator learns as they are made.

    Args:
        settings: of the protocol.
        recipe: the student's, for seed and batch.
        teacher: on the training device.
        train: for the shape and the normalisation of images; none of its images is looked at.
        plan: how the generator takes a step: it is most of the work.
    """

    def __init__(self, settings: DataFree, recipe: Recipe, teacher: Network, train: Split, plan: StepPlan) -> None:
        self.settings, self.recipe, self.teacher, self.train, self.plan = settings, recipe, teacher, train, plan
        self.steps = settings.steps
        self.device = train.images.device
        with seeded(recipe.seed, "generator"):
            self.generator = plan.laid_out(Generator(settings.noise, train.shape).to(self.device))
        self.optimizer = torch.optim.Adam(self.generator.parameters(), lr=settings.generator_lr)
        self.last_losses: dict[str, Tensor] = {}

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor, Outputs]]:
        """Yield images, labels that are all withheld, and the teacher's answer."""
        draws = make_generator(self.recipe.seed, "noise", epoch, device=self.device)
        withheld = torch.full((self.recipe.optim.batch,), -1, device=self.device)
        self.teacher.eval()
        for _ in range(self.steps):
            self.generator.train()
            noise = torch.randn(len(withheld), self.settings.noise, generator=draws, device=self.device)
            with self.plan.forward(self.device):
                images = self.generator(noise)
            images = images.float()
            outputs = self.teacher(images)
            self._train_generator(outputs)
            yield images.detach(), withheld, outputs.mapped(Tensor.detach)

    def _train_generator(self, teacher: Outputs) -> None:
        losses = generator_losses(teacher)
        weights = {"certainty": 1.0, "balance": self.settings.balance, "excitement": self.settings.excitement}
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack([weights[name] * loss for name, loss in losses.items()]).sum().backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.last_losses = {name: loss.detach() for name, loss in losses.items()}

    def losses(self) -> GeneratorLosses:
        """Return the generator's losses at the last step."""
        return GeneratorLosses(**{name: float(loss) for name, loss in self.last_losses.items()})

    @torch.no_grad()
    def pictures(self) -> Tensor:
        """Return a few made-up images as they look, (20, C, H, W), uint8: always from the same noise."""
        self.generator.eval()
        draws = make_generator(self.recipe.seed, "pictures", device=self.device)
        made = self.generator(torch.randn(SHOWN, self.settings.noise, generator=draws, device=self.device))
        mean, sd = (torch.tensor(v, device=self.device).reshape(-1, 1, 1) for v in (self.train.mean, self.train.sd))
        looks: Tensor = ((made * sd + mean).clamp(0, 1) * 255).round().byte().cpu()
        return looks

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that is needed to go on."""
        return to_cpu({**with_prefix("generator", self.generator.state_dict()), **optimizer_state(self.optimizer)})

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""
        self.generator.load_state_dict(under_prefix("generator", tensors))
        load_optimizer_state(self.optimizer, tensors)


class Generator(nn.Module):
    """From noise (N, Z) to images (N, C, H, W) with mean 0 and spread 1: two doublings of a quarter-size plane."""

    def __init__(self, noise: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        self.shape = shape
        self.small = (-(-height // 4), -(-width // 4))
        self.first = nn.Linear(noise, 128 * self.small[0] * self.small[1])
        self.layers = nn.Sequential(
            nn.BatchNorm2d(128), nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 128, 3, padding=1), nn.BatchNorm2d(128, 0.8), nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 64, 3, padding=1), nn.BatchNorm2d(64, 0.8), nn.LeakyReLU(0.2),
            nn.Conv2d(64, channels, 3, padding=1), nn.Tanh(), nn.BatchNorm2d(channels, affine=False),
        )  # fmt: skip

    def forward(self, noise: Tensor) -> Tensor:
        """Return images, cut to their size where it is no multiple of four."""
        planes: Tensor = self.layers(self.first(noise).reshape(-1, 128, *self.small))
        return planes[:, :, : self.shape[1], : self.shape[2]]


def generator_losses(answer: Outputs) -> dict[str, Tensor]:
    """Return what a generator makes smaller, from the teacher's answer to a batch of made-up images.

    ``certainty``: cross-entropy with the teacher's own first choice, nats. ``balance``: negative entropy of its mean
    answer, nats. ``excitement``: negative mean absolute value of its embedding. Source: Chen et al. 2019, section 3.
    """
    choice = answer.logits.argmax(-1)
    return {
        "certainty": label_cross_entropy(answer.logits, choice),
        "balance": -entropy(soften(answer.logits).mean(0)),
        "excitement": -answer.features["embedding"].abs().mean(),
    }

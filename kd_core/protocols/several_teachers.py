"""Several teachers: one student follows the mixture of what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kd_core.events import Event
from kd_core.functional import entropy, log_soften, soften
from kd_core.outputs import Outputs
from kd_core.protocols.base import SEED_STRIDE, Protocol, ProtocolCode
from kd_core.settings import name_of, setting

if TYPE_CHECKING:
    from kd_core.methods import Method
    from kd_core.networks import Shape
    from kd_core.protocols.context import ProtocolContext
    from kd_core.recipe import Recipe

SUREST = 1e-3


class SeveralTeachers(Protocol):
    """One student follows the mixture of what several teachers say.

    What is averaged are probabilities, softened at the temperature in use, not logits: a teacher that is sure must not
    outvote the others by the size of its logits. They may also be weighed image by image, by how sure each is. The
    teachers are the recipe's teacher and its further networks, or else copies of the teacher from other seeds.
    """

    needs_teacher_term: ClassVar[bool] = True
    arranges_networks: ClassVar[bool] = True
    logits_only: ClassVar[bool] = True
    copies_layers: ClassVar[bool] = False
    source: ClassVar[str] = "Hinton, Vinyals, Dean 2015; Kwon et al. 2020 (by entropy)"

    name: Literal["several_teachers"] = "several_teachers"
    teachers: int = setting(3, title="Teachers", description="How many teach, the first included.", ge=2, le=10)
    weighting: Literal["equal", "confidence"] = setting(
        "equal",
        title="Weight of each teacher",
        description="The same for all, or image by image: one over the entropy of what it says.",
    )

    def run(self, recipe: Recipe, context: ProtocolContext) -> Iterator[Event]:
        """Yield the events of the student."""
        ensemble = context.teacher_ensemble(recipe, self.prerequisites(recipe))
        trainer = context.trainer(recipe, teacher=ensemble, transform_teacher=self.transform_teacher)
        yield from context.train(recipe, trainer, context.loader(recipe, teacher=ensemble))

    def prerequisites(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """Return the teachers beside the recipe's own."""
        if recipe.teacher is None:
            return ()
        others = [recipe.teacher.model_copy(update={"student": network}) for network in recipe.others]
        first = recipe.teacher
        copies = (first.seeded(first.seed + SEED_STRIDE * i) for i in range(1, self.teachers))
        return tuple([*others, *copies][: self.teachers - 1])

    def transform_teacher(self, method: Method, outputs: Outputs) -> Outputs:
        """Return the teachers' outputs with the mixture's logits, at the temperature in use."""
        return replace(outputs, logits=self.mix_teachers(_every(outputs), getattr(method, "temperature", 1.0)))

    def mix_teachers(self, logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
        """Return logits (N, K) that, softened at ``temperature``, are the mean of the teachers' probabilities.

        Args:
            logits: (M, N, K), by teacher.
            temperature: at which they are softened and averaged.
        """
        log_p = log_soften(logits, temperature)
        if self.weighting == "equal":
            return temperature * (log_p.logsumexp(0))
        trust = 1 / entropy(soften(logits)).clamp(min=SUREST)
        share = (trust / trust.sum(0)).log().unsqueeze(-1)
        return temperature * (log_p + share).logsumexp(0)

    def accuracy(self, logits: Sequence[NDArray[np.float32]], labels: NDArray[np.int64]) -> float:
        """Return how often the mixture's first choice is right.

        Args:
            logits: (N, K) of each teacher.
            labels: (N,).
        """
        mixed = self.mix_teachers(torch.from_numpy(np.stack(logits)))
        return float((mixed.argmax(-1).numpy() == labels).mean())

    def code(self, recipe: Recipe, shape: Shape) -> ProtocolCode:
        """Return the further teachers, and the mixture of what all say."""
        further = [f"build(Other{number + 1}, seed)" for number in range(len(recipe.others))][: self.teachers - 1]
        seeds = [SEED_STRIDE * (number + 1) for number in range(self.teachers - 1 - len(further))]
        loss = "labels_loss" if recipe.teacher and name_of(recipe.teacher.method) == "labels_only" else "teacher_loss"
        lines = ["teachers = [teacher]\n"]
        if further:
            lines.append(f"for network in [{', '.join(further)}]:\n    seen = learning_images(seed, **TEACHER_SEEN)\n")
            lines.append(f"    teachers.append(train(network, {loss}, seen, seed, **TEACHER))\n")
        if seeds:
            lines.append(f"for own in [seed + further for further in {seeds}]:  # the teacher from other seeds\n")
            lines.append("    seen = learning_images(own, **TEACHER_SEEN)\n")
            lines.append(f"    teachers.append(train(build(Teacher, own), {loss}, seen, own, **TEACHER))\n")
        taught = "Teachers(teachers), {options}"
        lines.append(f"distilled = train({{student}}, loss, learning_images(seed, **SEEN), seed, teacher={taught})\n")
        temperature = "temperature" if hasattr(recipe.method, "temperature") else "1.0"
        begins = f"teacher = mixture(teacher, {temperature})\n"
        return ProtocolCode("".join(lines), _TEACHERS + _MIXTURE[self.weighting], begins)


def _every(outputs: Outputs) -> Tensor:
    """Return the logits of all teachers, (M, N, K)."""
    return torch.stack([outputs.logits, *outputs.heads.values()])


_TEACHERS = """\
class Teachers(nn.Module):
    \"\"\"Several teachers: what each of them says, (M, N, K).\"\"\"

    def __init__(self, teachers):
        super().__init__()
        self.teachers = nn.ModuleList(teachers)

    def forward(self, images):
        return torch.stack([teacher(images) for teacher in self.teachers])


def mixture(logits, temperature):
    \"\"\"Return logits that, softened, are the mean of the teachers' softened probabilities.\"\"\"
    log_p = F.log_softmax(logits / temperature, 2)
"""

_MIXTURE = {
    "equal": """\
    return temperature * log_p.logsumexp(0)
""",
    "confidence": """\
    p = logits.softmax(2)
    trust = 1 / torch.special.entr(p).sum(2).clamp(min=1e-3)  # image by image, one over the entropy of what each says
    return temperature * (log_p + (trust / trust.sum(0)).log()[:, :, None]).logsumexp(0)
""",
}

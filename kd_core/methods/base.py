"""What every method shares: frozen settings, what it needs, and one pure function from outputs to loss terms."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from kd_core.functional import kl_divergence, label_cross_entropy
from kd_core.networks import Auxiliary
from kd_core.outputs import Outputs
from kd_core.settings import Settings, setting


def temperature_setting(default: float) -> Any:
    """Declare the temperature of a method that softens both networks' logits."""
    return setting(
        default,
        title="Temperature",
        description="Divides the logits of both networks before the softmax; higher shows more of the wrong classes.",
        gt=0,
        le=1000,
        lane=True,
        scale="log",
        log_from=0.1,
    )


class Method(Settings):
    """How a student learns from labels, a teacher, or both.

    The subclass's docstring is its text on the methods page: the first line says what it does.
    """

    needs_teacher: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset()
    """Features that student and teacher must provide; a method that needs any runs the teacher live."""
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Further ways to use it, by name: what of a recipe to change, by path."""
    formula: ClassVar[str]
    """The loss in LaTeX, with the field's symbols."""
    abbreviation: ClassVar[str] = ""
    """What the literature calls it in short, e.g. "DKD"; shown behind its title."""
    source: ClassVar[str]
    """Authors and year."""

    @abstractmethod
    def terms(self, student: Outputs, teacher: Outputs | None, labels: Tensor | None) -> dict[str, Tensor]:
        """Return weighted loss terms whose sum is the loss, each a scalar in nats unless a method names another unit.

        Args:
            student: logits (N, K) with gradient.
            teacher: logits (N, K) without gradient; None only if ``needs_teacher`` is false.
            labels: (N,), int64, -1 where withheld; None where there are no labels at all.
        """

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary | None:
        """Return a module, trained with the student and never deployed, that maps both Outputs before ``terms``."""
        return None

    def pictures(self, student: Outputs, teacher: Outputs | None) -> dict[str, Tensor]:
        """Return what there is to look at while it learns, by name, each (N, H, W) for N images; mostly nothing."""
        return {}

    def loss_code(self) -> str | None:
        """Return the body of ``terms`` in plain PyTorch, for the script that a person takes along; None without one.

        It ends with ``return`` and the whole loss. It may use ``student``, ``teacher`` (logits (N, K)), ``labels``, for
        a method that ``needs`` any ``student_features`` and ``teacher_features``, the method's settings that move by
        their names, and the functions of ``kd_core.script.FUNCTIONS``; other settings stand in it as numbers.
        """
        return None

    def auxiliary_code(self) -> str | None:
        """Return ``class Bridge(nn.Module)`` in plain PyTorch, which does what ``auxiliary`` does, if that is needed.

        It is built from and maps two pairs (logits, features).
        """
        return None


class Distillation(Method):
    """A method that adds a teacher's term to the labels' term."""

    teacher_weight: float = setting(
        0.9,
        title="Teacher weight (α)",
        description="Weight of the term that follows the teacher. Some texts call it alpha, others call it 1 - alpha.",
        ge=0,
        le=1,
        lane=True,
    )
    label_weight: float | None = setting(
        None,
        title="Label weight",
        description="Weight of the cross-entropy with the hard labels; empty means 1 - teacher weight.",
        ge=0,
        le=10,
        lane=True,
    )

    def label_terms(self, student: Outputs, labels: Tensor | None) -> dict[str, Tensor]:
        """Return the weighted labels' term, a scalar in nats, or nothing where there are no labels (N,)."""
        if labels is None:
            return {}
        weight = 1 - self.teacher_weight if self.label_weight is None else self.label_weight
        return {"labels": weight * label_cross_entropy(student.logits, labels)}

    @property
    def label_code(self) -> str:
        """Return ``label_terms`` in plain PyTorch."""
        weight = "(1 - teacher_weight)" if self.label_weight is None else "label_weight"
        return f"{weight} * cross_entropy(student, labels)"


class WithSoftTargets(Distillation):
    """A method with terms of its own, to which soft targets may be added with the teacher weight."""

    soft_formula: ClassVar[str] = (
        r"\mathcal{L} = w_h\,\mathrm{CE}(y, p_s) + w_s\,T^2\,\mathrm{KL}\big(p_t^{T} \,\|\, p_s^{T}\big)"
    )

    teacher_weight: float = setting(
        0.0,
        title="Weight of soft targets",
        description="Adds soft targets beside the method's own terms; 0 leaves them out.",
        ge=0,
        le=1,
        lane=True,
    )
    temperature: float = temperature_setting(4.0)

    def base_terms(self, student: Outputs, teacher: Outputs, labels: Tensor | None) -> dict[str, Tensor]:
        """Return the weighted terms of the labels (N,) and of soft targets, scalars in nats."""
        soft = kl_divergence(teacher.logits, student.logits, self.temperature) * self.temperature**2
        return {**self.label_terms(student, labels), "teacher": self.teacher_weight * soft}

    @property
    def base_code(self) -> str:
        """Return the sum of ``base_terms`` in plain PyTorch."""
        return f"{self.label_code} + teacher_weight * temperature**2 * kl_divergence(teacher, student, temperature)"


def method_weight(default: float, description: str, title: str = "Weight of the method") -> Any:
    """Declare the weight of a method's own term."""
    return setting(default, title=title, description=description, ge=0, le=1e6, lane=True, scale="log", log_from=0.001)

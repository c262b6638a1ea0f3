"""Auxiliary modules: small ones between two networks' outputs, trained with the student and never deployed."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from torch import Tensor, nn

from kd_core.functional import at_least_float32, flatten_features, match_sizes
from kd_core.outputs import Outputs

OutputPair = tuple[Outputs, Outputs | None]
"""The outputs of the student and of the teacher for a batch."""


class Auxiliary(nn.Module):
    """Maps the outputs of student and teacher to what a method compares."""

    @abstractmethod
    def forward(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        """Return both, with features changed or added.

        Args:
            student: logits (N, K) and features (N, ...), with gradient.
            teacher: the same without gradient; None where there is no teacher.
        """

    def __call__(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        """Return what ``forward`` returns, hooks included; here so that its type is known."""
        pair: OutputPair = super().__call__(student, teacher)
        return pair


class Regressor(Auxiliary):
    """A trained 1 x 1 convolution, or a linear layer, from the student's feature to one as wide as the teacher's.

    Args:
        layer: the feature's name.
        student: outputs of the student, for their sizes.
        teacher: outputs of the teacher.

    Source: Romero et al. 2015, section 2.2; 1 x 1 convolutions as in Tian et al. 2020.
    """

    def __init__(self, layer: str, student: Outputs, teacher: Outputs) -> None:
        super().__init__()
        self.layer = layer
        student_feature, teacher_feature = match_sizes(student.features[layer], teacher.features[layer])
        self.regressor = pointwise(student_feature.dim(), student_feature.shape[1], teacher_feature.shape[1])

    def forward(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        """Return both with the feature of one size."""
        assert teacher is not None  # built only where there is one
        student_feature, teacher_feature = match_sizes(student.features[self.layer], teacher.features[self.layer])
        return with_features(student, {self.layer: self.regressor(student_feature)}), with_features(
            teacher, {self.layer: teacher_feature}
        )


class Projections(Auxiliary):
    """Two trained linear layers, one a network, from its embedding to vectors of one size.

    Args:
        student: outputs of the student, for their sizes.
        teacher: outputs of the teacher.
        size: of the projections.
    """

    def __init__(self, student: Outputs, teacher: Outputs, size: int) -> None:
        super().__init__()
        self.student = nn.Linear(flatten_features(student.features["embedding"]).shape[1], size)
        self.teacher = nn.Linear(flatten_features(teacher.features["embedding"]).shape[1], size)

    def forward(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        """Return both with a feature ``projection`` (N, size)."""
        assert teacher is not None  # built only where there is one
        student_feature = self.student(flatten_features(student.features["embedding"]))
        teacher_feature = self.teacher(flatten_features(teacher.features["embedding"]))
        return with_features(student, {"projection": student_feature}), with_features(
            teacher, {"projection": teacher_feature}
        )


class EarlyExits(Auxiliary):
    """Classifiers at inner layers: each layer's mean over positions, as wide as the end's embedding, to logits.

    Args:
        student: outputs of the network, for their sizes; of depths that are the same layer, only one gets an exit.

    Source: after Zhang et al. 2019, whose exits have convolutions of their own.
    """

    def __init__(self, student: Outputs) -> None:
        super().__init__()
        width, classes = flatten_features(student.features["embedding"]).shape[1], student.logits.shape[1]
        seen = [student.features["late"]]
        self.adapters, self.classifiers = nn.ModuleDict(), nn.ModuleDict()
        for depth in ("early", "middle"):
            feature = student.features[depth]
            if depth == "early" or not any(feature is earlier for earlier in seen):
                self.adapters[depth] = nn.Linear(feature.shape[1], width)
                self.classifiers[depth] = nn.Linear(width, classes)
            seen.append(feature)

    def exit(self, depth: str, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features (N, D) and the logits (N, K) of the exit at ``depth``."""
        values = at_least_float32(feature)
        adapted = self.adapters[depth](values.mean((2, 3)) if values.dim() == 4 else values).relu()
        return adapted, self.classifiers[depth](adapted)

    def forward(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        """Return the network with a head and a feature ``exit_<depth>`` for every exit, and its end as the teacher."""
        features, heads = {}, {}
        for depth in self.adapters:
            features[f"exit_{depth}"], heads[depth] = self.exit(depth, student.features[depth])
        return replace(with_features(student, features), heads={**student.heads, **heads}), student.mapped(
            Tensor.detach
        )


def pointwise(dimensions: int, in_channels: int, out_channels: int) -> nn.Module:
    """Return a layer that works at every position alike: a 1 x 1 convolution for maps, a linear one for vectors.

    Args:
        dimensions: 4 for maps (N, C, H, W), 2 for vectors (N, D).
        in_channels: of the feature.
        out_channels: of the result.
    """
    return nn.Conv2d(in_channels, out_channels, 1) if dimensions == 4 else nn.Linear(in_channels, out_channels)


def with_features(outputs: Outputs, features: dict[str, Tensor]) -> Outputs:
    """Return outputs with some features changed or added, in at least float32."""
    return replace(
        outputs, features={**outputs.features, **{name: at_least_float32(values) for name, values in features.items()}}
    )

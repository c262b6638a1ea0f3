"""Notes: what is told beside the curves of a run, one frozen dataclass a subject, as the store holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Note:
    """Facts about one subject after one epoch; accuracies are fractions 0..1.

    A subclass names its subject, under which the store keeps it, and its facts are the fields.
    """

    subject: ClassVar[str]

    @property
    def stored_subject(self) -> str:
        """Return the subject under which the store keeps this note."""
        return self.subject

    def to_facts(self) -> dict[str, Any]:
        """Return plain values for the store; facts that are not known are left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return a note from what the store holds; facts of another version are passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in facts.items() if name in known})


@dataclass(frozen=True)
class CopiedLayers(Note):
    """Which tensors of its teacher a student began with, and how many of its numbers they are."""

    subject: ClassVar[str] = "copied"

    tensors: Sequence[str]
    numbers: int
    of: int


@dataclass(frozen=True)
class ExitAccuracies(Note):
    """How right every exit is, in the order of depth, the end last; milliseconds for one image to leave there."""

    subject: ClassVar[str] = "exits"

    exits: Sequence[str]
    validation: Sequence[float]
    test: Sequence[float]
    latency_ms: Sequence[float] | None = None


@dataclass(frozen=True)
class AttentionMaps(Note):
    """The names of the pictures that a method compares, which are kept beside the note."""

    subject: ClassVar[str] = "pictures"

    names: Sequence[str]


@dataclass(frozen=True)
class EnsembleAccuracy(Note):
    """How right all generations of a chain are together, and each by itself."""

    subject: ClassVar[str] = "ensemble"

    accuracy: float
    generations: Sequence[float]


@dataclass(frozen=True)
class PeerEpoch(Note):
    """How a peer of the student fares; ``number`` counts from 2 and is part of the stored subject."""

    subject: ClassVar[str] = "peer_"

    network: str
    label: str
    accuracy: float
    nll: float
    validation: float
    number: int = 2

    @property
    def stored_subject(self) -> str:
        """Return e.g. "peer_2"."""
        return f"{self.subject}{self.number}"

    def to_facts(self) -> dict[str, Any]:
        """Return plain values without the number, which the subject holds."""
        return {name: value for name, value in super().to_facts().items() if name != "number"}


@dataclass(frozen=True)
class FederatedRound(Note):
    """A round of a federation.

    Args:
        server: test accuracy of the server's student.
        clients: of every client.
        twins: of every client's twin, which learns from its own data alone.
        labels: by client, images of each class.
        bytes_of_logits: sent in a round, both ways, all clients together.
        bytes_of_weights: what sending all weights both ways would have been.
    """

    subject: ClassVar[str] = "round"

    server: float
    clients: Sequence[float]
    twins: Sequence[float]
    labels: Sequence[Sequence[int]]
    bytes_of_logits: int
    bytes_of_weights: int

    @property
    def public_images(self) -> int:
        """Return about how many images everybody speaks: each client sends float32 logits and gets the mean back."""
        return self.bytes_of_logits // (2 * 4 * len(self.clients) * len(self.labels[0]))


@dataclass(frozen=True)
class SecondAnswer(Note):
    """How often a student's second answer is right."""

    subject: ClassVar[str] = "second_question"

    validation: float
    test: float


@dataclass(frozen=True)
class GeneratorLosses(Note):
    """A generator's losses at the last step of an epoch, nats; absent in the first, before it took one."""

    subject: ClassVar[str] = "made_up"

    certainty: float | None = None
    balance: float | None = None
    excitement: float | None = None


SUBJECTS: Mapping[str, type[Note]] = {
    kind.subject: kind
    for kind in (
        CopiedLayers,
        ExitAccuracies,
        AttentionMaps,
        EnsembleAccuracy,
        PeerEpoch,
        FederatedRound,
        SecondAnswer,
        GeneratorLosses,
    )
}

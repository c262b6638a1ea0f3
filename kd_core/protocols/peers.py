"""Peers: networks that teach each other step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from kd_core.functional import Scores, under_prefix, with_prefix
from kd_core.outputs import Outputs

if TYPE_CHECKING:
    from kd_core.training import Progress, Trainer


class PeerProgress:
    """How far all peers are together; each keeps its own best epoch and validation accuracy itself.

    Attributes:
        epoch: the next one, 0-based.
        active: by peer, whether it still learns.
        diverged: by peer, whether it went because its numbers broke.
    """

    def __init__(self, members: Sequence[Progress]) -> None:
        self.members = members
        self.epoch = 0
        self.active, self.diverged = [True] * len(members), [False] * len(members)

    def end_epoch(self, epoch: int) -> None:
        """Count an epoch that every member has counted."""
        self.epoch = epoch + 1
        self.active = [now and own.active[0] for now, own in zip(self.active, self.members, strict=True)]

    def state_dict(self) -> dict[str, Tensor]:
        """Return all of it as one tensor: epoch, who is active, who diverged."""
        return {"progress": torch.tensor([self.epoch, *self.active, *self.diverged], dtype=torch.float64)}

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""
        epoch, *flags = tensors["progress"].tolist()
        count = len(self.members)
        self.epoch = int(epoch)
        self.active = [bool(flag) for flag in flags[:count]]
        self.diverged = [bool(flag) for flag in flags[count:]]


class PeerTrainer:
    """Networks that teach each other; lane k is the k-th.

    Args:
        members: trainers, each with a network and an optimizer of its own.
    """

    def __init__(self, members: Sequence[Trainer]) -> None:
        self.members = members
        self.progress = PeerProgress([member.progress for member in members])

    def on_epoch_start(self, epoch: int) -> None:
        """Let everybody begin."""
        for member in self.members:
            member.on_epoch_start(epoch)

    def training_step(self, images: Tensor, labels: Tensor, teacher: Outputs | None) -> dict[str, Tensor]:
        """Let everybody answer, then take a step towards the labels and towards what the others said; losses (L,)."""
        outputs = [member.forward(images, None)[0] for member in self.members]
        fixed = [own.mapped(Tensor.detach) for own in outputs]
        # Who broke in this very step is not marked yet; nobody is led by numbers that mean nothing.
        sound = [
            not self.progress.diverged[lane] and bool(own.logits.isfinite().all()) for lane, own in enumerate(fixed)
        ]
        losses: list[dict[str, Tensor]] = []
        for lane, member in enumerate(self.members):
            peers = [own for other, own in enumerate(fixed) if other != lane and sound[other]] or [fixed[lane]]
            losses.append(mean_terms([member.method.terms(outputs[lane], peer, labels) for peer in peers]))
            if self.progress.active[lane]:
                member.backward_and_step(losses[lane])
        return {name: torch.stack([own[name].detach() for own in losses]) for name in losses[0]}

    def schedule_values(self, lane: int) -> dict[str, float]:
        """Return what applies to a network in this epoch."""
        return self.members[lane].schedule_values()

    def gradient_shares(self, lane: int) -> dict[str, float]:
        """Return each term's share of a network's gradient."""
        return self.members[lane].gradient_shares()

    def predict(self, split: str) -> Tensor:
        """Return everybody's logits (L, N, K) about a split by name, on the CPU."""
        return torch.cat([member.predict(split) for member in self.members])

    def on_epoch_end(self, epoch: int, scores: Sequence[Scores]) -> None:
        """Count the epoch for everybody; who has no patience left learns no more, but still teaches."""
        for member, score in zip(self.members, scores, strict=True):
            member.on_epoch_end(epoch, [score])
        self.progress.end_epoch(epoch)

    def selected_weights(self, lane: int) -> tuple[dict[str, Tensor], int]:
        """Return a network's weights to report and their epoch."""
        return self.members[lane].selected_weights()

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch."""
        tensors = self.progress.state_dict()
        for lane, member in enumerate(self.members):
            tensors |= with_prefix(f"member{lane}", member.state_dict())
        return tensors

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from ``state_dict``."""
        self.progress.load_state_dict(tensors)
        for lane, member in enumerate(self.members):
            member.load_state_dict(under_prefix(f"member{lane}", tensors))


def mean_terms(by_peer: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each term over several peers."""
    return {name: torch.stack([terms[name] for terms in by_peer]).mean(0) for name in by_peer[0]}

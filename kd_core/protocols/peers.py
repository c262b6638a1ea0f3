"""Peers: networks that teach each other step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from kd_core.functional import under_prefix, with_prefix
from kd_core.outputs import Outputs


class PeerTrainer:
    """Networks that teach each other, step by step; lane k is the k-th.

    Args:
        members: learners, each with a network and an optimiser of its own.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        self.members = members
        self.going, self.broken = [True] * len(members), [False] * len(members)
        self.epoch = 0

    def begin_epoch(self, epoch: int) -> None:
        """Let everybody begin."""
        for member in self.members:
            member.begin_epoch(epoch)

    def learn(self, images: Tensor, labels: Tensor, answer: Outputs | None) -> dict[str, Tensor]:
        """Let everybody answer, then take a step towards the labels and towards what the others said; terms (L,)."""
        said = [member.answers(images, None)[0] for member in self.members]
        fixed = [one.mapped(Tensor.detach) for one in said]
        # Who broke in this very step is not marked yet; nobody is led by numbers that mean nothing.
        sound = [not self.broken[lane] and bool(one.logits.isfinite().all()) for lane, one in enumerate(fixed)]
        terms: list[dict[str, Tensor]] = []
        for lane, member in enumerate(self.members):
            peers = [one for other, one in enumerate(fixed) if other != lane and sound[other]] or [fixed[lane]]
            terms.append(mean_terms([member.method.terms(said[lane], peer, labels) for peer in peers]))
            if self.going[lane]:
                member.step(terms[lane])
        return {name: torch.stack([one[name].detach() for one in terms]) for name in terms[0]}

    def applied(self, lane: int) -> Mapping[str, float]:
        """Return what applies to a network in this epoch."""
        applied: Mapping[str, float] = self.members[lane].applied()
        return applied

    def shares(self, lane: int) -> Mapping[str, float]:
        """Return how much each of a network's terms pulled."""
        pulled: Mapping[str, float] = self.members[lane].shares()
        return pulled

    def says(self, part: str) -> Tensor:
        """Return everybody's logits (L, N, K) about a part of the data, on the CPU."""
        return torch.cat([member.says(part) for member in self.members])

    def end_epoch(self, epoch: int, marks: Sequence[Any]) -> None:
        """Count the epoch for everybody; who has no patience left learns no more, but still teaches."""
        self.epoch = epoch + 1
        for lane, (member, mark) in enumerate(zip(self.members, marks, strict=True)):
            member.end_epoch(epoch, [mark])
            self.going[lane] = self.going[lane] and member.going[0]

    def reported(self, lane: int) -> tuple[dict[str, Tensor], int]:
        """Return a network's weights to report and their epoch."""
        weights, epoch = self.members[lane].reported()
        return weights, epoch

    def snapshot(self) -> dict[str, Tensor]:
        """Return all that is needed to go on from the end of this epoch."""
        flat = {"progress": torch.tensor([self.epoch, *self.going, *self.broken], dtype=torch.float64)}
        for lane, member in enumerate(self.members):
            flat |= with_prefix(f"member{lane}", member.snapshot())
        return flat

    def restore(self, flat: Mapping[str, Tensor]) -> None:
        """Go on from a snapshot."""
        epoch, *marks = flat["progress"].tolist()
        self.epoch, count = int(epoch), len(self.members)
        self.going, self.broken = [bool(one) for one in marks[:count]], [bool(one) for one in marks[count:]]
        for lane, member in enumerate(self.members):
            member.restore(under_prefix(f"member{lane}", flat))


def mean_terms(many: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each term over several peers."""
    return {name: torch.stack([terms[name] for terms in many]).mean(0) for name in many[0]}

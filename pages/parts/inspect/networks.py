"""Networks that can be held against each other: what they said of one test split, after which epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kd_core.results import CellValues, Floats, StoredLogits
from kd_core.results.inspection import Side, logits_after, nearest_kept, sides_of
from kd_core.store import Store
from kd_core.vocabulary import ARMS
from pages.parts.text import t


@dataclass(frozen=True)
class Network:
    """One network of what is looked at.

    Args:
        arm: its part in the study.
        seed: whose draws it was trained with.
        identity: equal exactly for equal networks with equal kept epochs.
        epochs: those whose logits are kept, from 0, in order; one of them where only the result is.
        reported: the epoch that counts.
        logits: of the test images after a kept epoch, (N, K), or None where they are gone.
        side: of a study in the store; None of the recorded race, and of logits that somebody brought.
    """

    arm: str
    seed: int
    identity: str
    epochs: tuple[int, ...]
    reported: int
    logits: Callable[[int], Floats | None] = field(repr=False)
    side: Side | None = None

    @property
    def part(self) -> str:
        """Return how a link names it."""
        return f"{self.arm}.{self.seed}"

    def nearest(self, epoch: int | None) -> int:
        """Return the kept epoch that stands for ``epoch``; None for the reported one."""
        return nearest_kept(self.epochs, self.reported, epoch)

    def said(self, epoch: int | None, like: tuple[int, int]) -> Floats:
        """Return what it said of the test images, (N, K); where that is gone, answers that are none.

        Args:
            epoch: from 0; None for the reported one.
            like: N and K.
        """
        logits = self.logits(self.nearest(epoch))
        return logits if logits is not None and logits.shape == like else np.full(like, np.nan)


@dataclass(frozen=True)
class Pair:
    """Two networks, the first of which leads, and the test split that both were asked about."""

    a: Network
    b: Network
    stored: StoredLogits

    @property
    def both(self) -> tuple[Network, Network]:
        """Return the two."""
        return self.a, self.b

    @property
    def size(self) -> tuple[int, int]:
        """Return N and K."""
        return len(self.stored.labels), len(self.stored.classes)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Return the (N,) labels, below 0 where an image has none."""
        return self.stored.labels

    @property
    def epochs(self) -> list[int]:
        """Return every epoch that is kept of one of them, in order."""
        return sorted({*self.a.epochs, *self.b.epochs})

    @property
    def same_arm(self) -> bool:
        """Tell whether both played the same part, so that only their seeds tell them apart."""
        return self.a.arm == self.b.arm


def networks_of_study(store: Store, study: str, cell: CellValues | None, split: StoredLogits) -> list[Network]:
    """Return the networks of a study that were asked about this test split."""
    like = (len(split.labels), len(split.classes))
    networks = []
    for side in sides_of(store, study, cell):
        asked = logits_after(store, side, None)
        if asked is None or asked.shape != like:
            continue  # somebody else's images, or a file that is gone
        identity = f"{side.run.id}/{len(side.epochs)}/{side.epochs[-1]}/{side.run.status}"
        networks.append(Network(side.arm, side.seed, identity, side.epochs, side.reported, _reader(store, side), side))
    return networks


def networks_of_logits(split: StoredLogits, identity: str) -> list[Network]:
    """Return networks of which nothing is there but what they said: the recorded race's, or somebody's own.

    Args:
        split: what they said.
        identity: equal exactly for equal logits.
    """
    seed = int(split.facts.get("seed", 0))
    return [
        Network(arm, seed, f"{identity}/{arm}", (0,), 0, lambda epoch, arm=arm: split.logits[arm])  # type: ignore[misc]
        for arm in split.logits
    ]


def network_name(network: Network, with_seed: bool) -> str:
    """Return what a network is called, with its seed where that tells it from another."""
    role = t(f"roles.{network.arm}")
    drawn_with_a_seed = with_seed and network.arm in ARMS
    return t("inspect.with_seed", role=role, seed=network.seed) if drawn_with_a_seed else role


def default_pair(networks: Sequence[Network]) -> tuple[Network, Network]:
    """Return teacher and distilled student as far as there are any, else the first two different ones."""
    by_arm = {network.arm: network for network in reversed(networks)}
    first = by_arm.get("teacher", networks[0])
    others = [network for network in networks if network is not first]
    return first, by_arm.get("distilled", others[-1]) if by_arm.get("distilled") is not first else others[-1]


def _reader(store: Store, side: Side) -> Callable[[int], Floats | None]:
    return lambda epoch: logits_after(store, side, epoch)

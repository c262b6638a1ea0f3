"""Randomness: generators derived from (seed, purpose, epoch), so that nothing depends on what ran before.

The arm is no part of it: arms of one seed share initialisation and batch order as far as their shapes allow, which
makes their comparison sharp, and equal recipes are one run whichever part they play.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit seed that is the same everywhere for the same arguments."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def make_generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a fresh generator for one purpose, e.g. ``make_generator(0, "order", epoch)``."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, *purpose))


@contextmanager
def seeded(seed: int, *purpose: str | int) -> Iterator[None]:
    """Seed torch's global generator for a block, for code that knows no other (initialisation), then restore it."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive_seed(seed, *purpose))
        yield

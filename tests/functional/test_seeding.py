"""Numbers by chance that depend on seed and purpose, and on nothing that ran before."""

from __future__ import annotations

import torch

from kd_core.functional.seeding import derive_seed, make_generator, seeded


def test_a_purpose_has_its_own_seed() -> None:
    purposes = [(0,), (1,), (0, "order"), (0, "order", 0), (0, "order", 1), (0, "dropout", 0), (1, "order", 0)]
    assert len({derive_seed(*purpose) for purpose in purposes}) == len(purposes)


def test_a_derived_seed_is_a_digest_of_what_it_is_for() -> None:
    # printf 3/order/7 | sha256sum: the first 16 digits, halved
    assert derive_seed(3, "order", 7) == 0xE93D4E89E9DACE1C >> 1


def test_a_derived_seed_fits_torch() -> None:
    assert all(0 <= derive_seed(seed, "x") < 2**63 for seed in range(100))


def test_generators_of_one_purpose_draw_alike() -> None:
    first, again, other = (make_generator(0, "order", epoch) for epoch in (3, 3, 4))
    drawn = torch.randperm(50, generator=first)
    assert torch.equal(drawn, torch.randperm(50, generator=again))
    assert not torch.equal(drawn, torch.randperm(50, generator=other))


def test_a_seeded_block_leaves_the_global_generator_as_it_was() -> None:
    before = torch.get_rng_state()
    with seeded(0, "initialisation"):
        inside = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    with seeded(0, "initialisation"):
        assert torch.equal(torch.rand(3), inside)

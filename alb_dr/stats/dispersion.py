"""Dispersion: are the answers independent, or do they come in runs or in a fixed rotation?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.stats.gamma import chi_square_tail

BLOCK = 20
"""Answers of one block, in the order they came. Smooth weighted round robin repeats within it."""
LEAST_BLOCKS = 10
"""Fewer blocks say nothing about their spread."""
CLEARLY = 0.001
"""How unlikely a spread must be under independence before it is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion:
    """The spread of counts between blocks, over what independent answers would show.

    ``ratio`` 1 is independence, below 1 a rotation (the gateway deals out by turns), above 1 runs
    (stickiness, reused connections, or a split that changed meanwhile).
    """

    ratio: float
    blocks: int
    clumped: bool
    rotating: bool


def dispersion(
    blocks: int, sums: Sequence[int], squares: Sequence[int], size: int = BLOCK
) -> Dispersion | None:
    """The dispersion of complete blocks, from each member's sum and sum of squares over them.

    The statistic is Pearson's for a table of blocks by members. None with too little data.
    """
    total = blocks * size
    used = [(s, q) for s, q in zip(sums, squares, strict=True) if s > 0]
    degrees = (blocks - 1) * (len(used) - 1)
    if blocks < LEAST_BLOCKS or degrees < 1 or sum(sums) != total:
        return None
    statistic = 0.0
    for member_sum, member_squares in used:
        expected = member_sum / blocks
        statistic += (member_squares - blocks * expected * expected) / expected
    tail = chi_square_tail(statistic, degrees)
    return Dispersion(
        ratio=statistic / degrees,
        blocks=blocks,
        clumped=tail < CLEARLY,
        rotating=1 - tail < CLEARLY,
    )

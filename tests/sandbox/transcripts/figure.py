"""Prints how many recorded exchanges the embedded API answers equally; the figure is last."""

from __future__ import annotations

import asyncio
import sys

from tests.sandbox.transcripts.replay import SCENARIOS, Outcome, replay_all


def figure(outcomes: list[Outcome]) -> tuple[int, int, int]:
    """Equal ones, all that are served, and those not served on purpose."""
    served = [o for o in outcomes if o.not_served is None]
    return sum(o.equal for o in served), len(served), len(outcomes) - len(served)


def main() -> None:
    """Replay and print."""
    outcomes = asyncio.run(replay_all())
    verbose = "-v" in sys.argv
    for scenario in SCENARIOS:
        mine = [o for o in outcomes if o.scenario == scenario]
        equal, served, left = figure(mine)
        print(f"{scenario:<28} {equal}/{served}" + (f", {left} not served" if left else ""))
        for outcome in mine:
            if not outcome.equal and (verbose or outcome.not_served is None):
                print(f"  {outcome.name} {outcome.step}")
                for line in outcome.differences[: 12 if verbose else 2]:
                    print(f"    {line}")
    equal, served, left = figure(outcomes)
    share = 100 * equal / served
    every = served + left
    print(f"not served on purpose: {left} of {every}, each with its reason in not_served.yaml")
    print(
        f"transcripts: {equal}/{served} served exchanges equal ({share:.1f} %), "
        f"{100 * equal / every:.1f} % of all {every}"
    )


if __name__ == "__main__":
    main()

"""Start-up: ``alb-dr --help`` and ``version`` beside ``import typer`` and other command lines.

Prints ratios of median wall times in one run. Peers that are not installed are said to be absent.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 11
BIN = Path(sys.executable).parent


def median_s(*words: str) -> float:
    """Median wall time of a command line."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(words, capture_output=True, check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    base = median_s(sys.executable, "-c", "import typer")
    print(f"python -c 'import typer'        {base * 1000:6.0f} ms   1.00")
    for words in (("--help",), ("version",)):
        took = median_s(str(BIN / "alb-dr"), *words)
        name = f"alb-dr {words[0]}"
        print(f"{name:<31} {took * 1000:6.0f} ms   {took / base:.2f}  (goal: at most 1.5)")
    for name, words in (("aws", ("aws", "--version")), ("ansible", ("ansible", "--version"))):
        program = shutil.which(name) or str(BIN / name)
        if not Path(program).exists():
            print(f"{name:<31} not installed")
            continue
        took = median_s(program, *words[1:])
        print(f"{' '.join(words):<31} {took * 1000:6.0f} ms   {took / base:.2f}")


if __name__ == "__main__":
    main()

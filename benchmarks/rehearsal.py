"""The user's first minute: sandbox up, a no-op gateway create, verify, check, rehearse.

Prints wall times beside their goals, and the memory of all sandbox processes.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.sandbox import empty_place


def main() -> None:
    """Measure and print."""
    with empty_place() as place:
        up = place.up()
        print(f"sandbox up              {up:6.2f} s   {up / 6:.2f} of the goal (6 s)")
        place.run("distribute", "apply")
        place.run("gateway", "create")
        again = place.timed("gateway", "create")
        place.run("ingress", "apply")
        imported = min(_import_kubernetes() for _ in range(5))
        own = again - imported
        print(f"no-op gateway create    {again:6.2f} s   {own:.2f} s over import kubernetes")
        split = min(place.timed("verify", "--requests", "500") for _ in range(3))
        print(f"verify --requests 500   {split:6.2f} s   {split / 2:.2f} of the goal (2 s)")
        checked = min(place.timed("check") for _ in range(3))
        print(f"check                   {checked:6.2f} s   {checked / 5:.2f} of the goal (5 s)")
        memory = place.data("sandbox", "status")["memory_kib"] / 1024
        print(f"all sandbox processes   {memory:6.0f} MiB {memory / 400:.2f} of the goal (400 MiB)")
        place.run("sandbox", "down")
        rehearse = place.timed("rehearse", "--yes")
        print(f"rehearse                {rehearse:6.2f} s   {rehearse / 60:.2f} of the goal (60 s)")


def _import_kubernetes() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import kubernetes"], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

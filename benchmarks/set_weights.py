"""Weights of 1,000 Ingresses: one `set-weights --all` beside a loop of `kubectl annotate`.

On one embedded API, in one run. Of the loop LOOPED rounds are measured and scaled: each is a
process of its own that does the same, so a thousand take a thousand times as long.
"""

from __future__ import annotations

import json
import shutil
from typing import Any

from benchmarks.sandbox import Sandbox, sandbox

INGRESSES, LOOPED, GOAL = 1_000, 30, 20
KEY = "alb.ingress.kubernetes.io/cluster-weight."


def main() -> None:
    """Measure and print."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        print("kubectl is absent: skipped")
        return
    with sandbox() as place:
        manifests = place.data("ingress", "render")["manifests"]
        _make(kubectl, place, manifests)
        bulk = place.timed("ingress", "set-weights", "30", "70", "--all")
        members = [k for k in manifests[-1]["metadata"]["annotations"] if k.startswith(KEY)]
        words = [kubectl, "annotate", "--overwrite", "-n", "gateway-demo", "ingress"]
        loop = sum(
            place.time_any([*words, f"bulk-{n}", f"{members[0]}=20", f"{members[1]}=80"])
            for n in range(LOOPED)
        )
    scaled = loop / LOOPED * INGRESSES
    ratio = scaled / bulk
    print(f"set-weights --all, {INGRESSES} Ingresses   {bulk:7.2f} s")
    print(f"kubectl annotate, {LOOPED} of them, scaled  {scaled:7.2f} s")
    print(f"{ratio:.0f} times faster   goal >= {GOAL}: {'met' if ratio >= GOAL else 'MISSED'}")


def _make(kubectl: str, place: Sandbox, manifests: list[dict[str, Any]]) -> None:
    """A namespace and the Ingresses, all with the rendered one's weights."""
    items = [m for m in manifests if m["kind"] == "Namespace"]
    model = json.dumps(next(m for m in manifests if m["kind"] == "Ingress"))
    for n in range(INGRESSES):
        one = json.loads(model)
        one["metadata"]["name"] = f"bulk-{n}"
        one["spec"]["rules"][0]["host"] = f"host-{n}.example.com"
        items.append(one)
    file = place.state / "ingresses.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    place.run_any([kubectl, "create", "--validate=false", "-f", str(file)])


if __name__ == "__main__":
    main()

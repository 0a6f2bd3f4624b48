"""What a drill may not change for good: everything it touches, as it stands behind the proxies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from alb_dr.model.manifest import CONFIG_MAP, DEPLOYMENT, INGRESS, LEASE, Kind, Manifest, ResourceId
from tests.faults.bench import Bench

NAMESPACE = "gateway-demo"
FLEET_KINDS, MEMBER_KINDS = (INGRESS, LEASE, CONFIG_MAP), (DEPLOYMENT, LEASE)
HEARTBEAT = "alb-dr-guard"
"""The guard's own Lease stays: it is installed, not left over."""
PASSING = frozenset({"resourceVersion", "generation", "managedFields"})
"""What a write that was taken back leaves different, and nobody minds."""

State = Mapping[str, str]
"""Object to its content as text."""


def forget_machine(found: Bench) -> None:
    """Nothing of the victim's machine is left, nor what a rescuer recorded.

    All of its folder goes, as before the recorded run; elsewhere the sandbox lives, too.
    """
    for folder in ("proxied", "direct/alb-dr/runs"):
        shutil.rmtree(found.state / folder, ignore_errors=True)


def state_of(found: Bench) -> State:
    """Everything a drill may touch."""
    return {
        f"{name}: {manifest.id}": _content(manifest)
        for name in found.proxies
        for kind in (FLEET_KINDS if name == "fleet" else MEMBER_KINDS)
        for manifest in _listed(found, name, kind)
    }


def _listed(found: Bench, name: str, kind: Kind) -> Iterator[Manifest]:
    for manifest in found.api(name).list(kind, namespace=NAMESPACE):
        if manifest.id.name not in {HEARTBEAT, "kube-root-ca.crt"} and not is_closed(manifest):
            yield manifest


def is_closed(manifest: Manifest) -> bool:
    """Whether this is the record of a drill that is over: kept as evidence."""
    data = manifest.document.get("data") or {}
    return "CLOSED" in str(data)


def _content(manifest: Manifest) -> str:
    document: dict[str, Any] = dict(manifest.document)
    document.pop("status", None)
    metadata = {k: v for k, v in manifest.metadata.items() if k not in PASSING}
    for name in ("annotations", "labels"):
        if not metadata.get(name):
            # An empty map is no map.
            metadata.pop(name, None)
    return json.dumps({**document, "metadata": metadata}, sort_keys=True)


def forget_heartbeat(found: Bench, member: str) -> None:
    """A guard looked; to the next drill none is there again, so that it asks the same calls."""
    found.api(member).delete(ResourceId(kind=LEASE, name=HEARTBEAT, namespace=NAMESPACE))


def differences(before: State, after: State) -> list[str]:
    """What is not as it was, a line each."""
    return [
        f"{key}: {'left over' if key not in before else 'gone' if key not in after else 'changed'}"
        for key in sorted({**before, **after})
        if before.get(key) != after.get(key)
    ]


@cache
def tokens_of(folder: Path) -> tuple[str, ...]:
    """The secrets of a sandbox: the tokens of its kubeconfigs."""
    return tuple(
        user["user"]["token"]
        for path in sorted(folder.glob("*.kubeconfig"))
        for user in yaml.safe_load(path.read_text())["users"]
    )


def leaks(found: Bench, *texts: str) -> list[str]:
    """I6: where a token of a kubeconfig was written down: output, or a file of a run."""
    tokens = tokens_of(found.direct.parent)
    runs = found.state / "proxied" / "alb-dr" / "runs"
    files = {str(p): p.read_text(errors="replace") for p in runs.rglob("*") if p.is_file()}
    places = {**{f"output {n}": text for n, text in enumerate(texts)}, **files}
    return [
        f"{place} holds a token"
        for place, text in places.items()
        if any(token in text for token in tokens)
    ]

"""Pins: which cluster each kubeconfig named when it was first written through (safety F63, F65)."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from alb_dr.errors import BadInput, Refused
from alb_dr.ports import ApiIdentity

SCHEMA = "alb-dr/pins/1"
ACCEPT = "--accept-cluster"
"""The global option that takes a changed cluster for the right one."""


class Pins:
    """The pinned clusters of one project file, by the name people call them."""

    def __init__(self, state_dir: Path, config: Path) -> None:
        digest = hashlib.sha256(str(config.absolute()).encode()).hexdigest()[:16]
        self._path = state_dir / "pins" / f"{digest}.json"
        self._config = config

    def confirm(self, label: str, seen: ApiIdentity, *, accept: bool) -> None:
        """Refused unless ``seen`` is the cluster known under this label; pinned at first use.

        A cluster is its kube-system's uid: an address or an authority may change, it may not.
        Two labels may not name one cluster: a drill would harm the survivor.
        """
        known = self._read()
        for other, facts in known.items():
            if other != label and facts["uid"] == seen.cluster_uid and not accept:
                raise Refused(
                    f"{label} and {other} are the same cluster ({seen.cluster_uid})",
                    hint="give each member its own kubeconfig in the project file",
                    code="ADR-SAME-CLUSTER",
                )
        before = known.get(label)
        if before is not None and before["uid"] != seen.cluster_uid and not accept:
            raise Refused(
                f"{label} is another cluster than before: {seen.cluster_uid} at {seen.server}, "
                f"not {before['uid']} at {before['server']}",
                hint=f"check the kubeconfig and its context; if it is right, say {ACCEPT} once",
                code="ADR-OTHER-CLUSTER",
            )
        facts = {"uid": seen.cluster_uid, "server": seen.server, "ca_sha256": seen.ca_sha256}
        if before != facts:
            self._write({**known, label: facts})

    def forget(self) -> None:
        """Forget every cluster of this project file: they are gone."""
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            # Only when no other project has pins.
            self._path.parent.rmdir()

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            clusters: dict[str, dict[str, str]] = document["clusters"]
            sound = all(facts["uid"] and "server" in facts for facts in clusters.values())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            sound, clusters = False, {}
        if not sound:
            raise BadInput(
                f"{self._path} cannot be read",
                hint="it says which clusters are the right ones; remove it after checking them",
            )
        return clusters

    def _write(self, clusters: dict[str, dict[str, str]]) -> None:
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "config": str(self._config),
            "clusters": clusters,
        }
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as stream:
                stream.write(json.dumps(document, indent=2))
            beside.replace(self._path)
        except OSError as error:
            raise BadInput(
                f"{self._path} cannot be written: {error.strerror}",
                hint="name a writable place with ALB_DR_STATE_DIR",
            ) from None

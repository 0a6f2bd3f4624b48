"""Manifests as text: byte-stable YAML, keys in the order of the template."""

from __future__ import annotations

import yaml

from alb_dr.model.manifest import ManifestSet


def as_yaml(manifests: ManifestSet) -> str:
    """All documents, separated by ``---``, ending with a newline."""
    return "---\n".join(
        yaml.safe_dump(
            dict(m.document), sort_keys=False, allow_unicode=True, default_flow_style=False
        )
        for m in manifests
    )

"""Somebody else at work on the sandbox's clusters, under a field manager of their own."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from typing import Any

import yaml

from tests.e2e.conftest import Shell


def as_other(
    shell: Shell,
    manager: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    content_type: str = "application/json",
    cluster: str = "fleet",
) -> dict[str, Any]:
    """One call to a cluster's API below ``/apis`` as ``manager``; what it answered."""
    kubeconfig = yaml.safe_load((shell.folder / f"{cluster}.kubeconfig").read_text())
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    request = urllib.request.Request(
        f"{cluster['server']}/apis/{path}?fieldManager={manager}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": content_type, "Authorization": f"Bearer {user['token']}"},
    )
    context = ssl.create_default_context(cadata=authority)
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found

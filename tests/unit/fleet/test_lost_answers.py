"""F32: the answer of a write is lost; what happened is found out, whatever kind of write it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from alb_dr.errors import Conflict, OutcomeUnknown
from alb_dr.fleet.objects import KubeCluster
from alb_dr.model.manifest import Manifest
from tests.fakes.voice import StillClock
from tests.unit.fleet.test_transport import DOCUMENT, ID, an_api, reply, status_of

Write = Callable[[KubeCluster], Any]
NEW = {**DOCUMENT, "data": {"k": "new"}}


def apply(api: KubeCluster) -> Any:
    return api.apply(Manifest.of(NEW)).document["data"]


def create(api: KubeCluster) -> Any:
    return api.create(Manifest.of(NEW)).document["data"]


def replace(api: KubeCluster) -> Any:
    return api.replace(Manifest.of(NEW)).document["data"]


def patch(api: KubeCluster) -> Any:
    old = {"op": "test", "path": "/data/k", "value": "v"}
    new = {"op": "replace", "path": "/data/k", "value": "new"}
    return api.patch(ID, [old, new]).document["data"]


def delete(api: KubeCluster) -> Any:
    return api.delete(ID, uid="u")


class Store:
    """One object; the first write is committed or not, and its answer cut either way."""

    def __init__(self, *, exists: bool, commits: bool) -> None:
        self.live: dict[str, Any] | None = json.loads(json.dumps(DOCUMENT)) if exists else None
        self.commits = commits
        self.written = 0

    def __call__(self, handler: BaseHTTPRequestHandler, _: int) -> None:
        method = handler.command
        if method == "GET":
            self._show(handler)
            return
        first = self.written == 0
        self.written += 1
        if first and not self.commits:
            handler.close_connection = True
            return
        if method == "POST" and self.live is not None:
            reply(handler, 409, {**status_of(409, "it exists"), "reason": "AlreadyExists"})
            return
        version = str(self.written + 1)
        metadata = {**DOCUMENT["metadata"], "resourceVersion": version}  # type: ignore[dict-item]
        self.live = None if method == "DELETE" else {**NEW, "metadata": metadata}
        if first:
            handler.close_connection = True
            return
        self._show(handler, gone={"kind": "Status", "status": "Success"})

    def _show(self, handler: BaseHTTPRequestHandler, gone: object = None) -> None:
        if self.live is not None:
            reply(handler, 200, self.live)
        elif gone is not None:
            reply(handler, 200, gone)
        else:
            reply(handler, 404, status_of(404, "not found", name="a", kind="configmaps"))


@pytest.mark.parametrize("write", [apply, create, replace, patch, delete])
@pytest.mark.parametrize("commits", [True, False])
def test_F32_a_write_whose_answer_is_lost_is_done_once(
    tmp_path: Path, write: Write, commits: bool
) -> None:
    store = Store(exists=write is not create, commits=commits)
    with an_api(tmp_path, store) as api:
        assert write(api) in ({"k": "new"}, True)
    assert (store.live is None) == (write is delete)
    # An apply is repeated even if it was done: twice is once.
    assert store.written == (1 if commits and write is not apply else 2)


def test_F32_what_somebody_else_created_meanwhile_is_not_taken_for_ours(tmp_path: Path) -> None:
    store = Store(exists=True, commits=False)
    with an_api(tmp_path, store) as api, pytest.raises(Conflict, match="exists already"):
        create(api)
    assert store.live == DOCUMENT


def test_F5_a_patch_that_was_taken_back_while_we_slept_is_not_sent_again(tmp_path: Path) -> None:
    """The guard restores a drill that stood still right after its harm: harm it no second time."""
    store, clock = Store(exists=True, commits=True), StillClock()

    def taken_back(handler: BaseHTTPRequestHandler, n: int) -> None:
        store(handler, n)
        if handler.command == "PATCH":
            store.live = json.loads(json.dumps(DOCUMENT))
            clock.sleep(60.0)

    with an_api(tmp_path, taken_back) as api:
        api._clock = clock
        with pytest.raises(OutcomeUnknown, match="not known any more"):
            patch(api)
    assert store.written == 1
    assert store.live == DOCUMENT

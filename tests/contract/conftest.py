"""Every API the contract is held against, and a namespace of its own for every test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from alb_dr.errors import Conflict
from alb_dr.model.manifest import NAMESPACE, Manifest, ResourceId
from alb_dr.sandbox.real.control_plane import binaries
from tests import leaks
from tests.contract import servers
from tests.contract.raw import Raw
from tests.contract.servers import Api

REAL = [pytest.param("real", marks=pytest.mark.kubernetes)] if binaries() else []
"""The real API server, where there is one; ``test_real.py`` says so where there is none."""
_numbers = itertools.count(1)


@pytest.fixture
def nothing_is_left() -> None:
    """The servers here live as long as this folder's tests and keep connections: see below."""


@pytest.fixture(scope="module")
def no_daemon_is_left() -> None:
    """The same."""


@pytest.fixture(scope="package")
def embedded_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The embedded API."""
    with leaks.watched(), servers.embedded(tmp_path_factory.mktemp("embedded")) as api:
        yield api


@pytest.fixture(scope="package")
def real_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A real API server, if its binaries are there."""
    assets = binaries()
    assert assets is not None
    with leaks.watched_widely(), servers.real(assets, tmp_path_factory.mktemp("real")) as api:
        yield api


@pytest.fixture(params=["fake", "embedded", *REAL])
def api(request: pytest.FixtureRequest) -> Api:
    """Each API in turn."""
    if request.param == "fake":
        return servers.fake()
    found: Api = request.getfixturevalue(f"{request.param}_api")
    return found


@pytest.fixture(params=["embedded", *REAL])
def served(request: pytest.FixtureRequest) -> Api:
    """Each API that has an address, in turn."""
    found: Api = request.getfixturevalue(f"{request.param}_api")
    return found


@pytest.fixture
def http(served: Api) -> Raw:
    """Plain HTTPS to it, as its administrator."""
    assert served.http is not None
    return served.http


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace nobody else uses, on the API under test."""
    name = "served" if "served" in request.fixturenames else "api"
    target: Any = request.getfixturevalue(name)
    yield from _a_namespace(target)


def _a_namespace(api: Api) -> Iterator[str]:
    name = f"contract-{next(_numbers)}"
    id_ = ResourceId(kind=NAMESPACE, name=name)
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    api.port.create(Manifest(id=id_, document=document))
    yield name
    # A test may have deleted it already, which not every version takes well a second time.
    with suppress(Conflict):
        api.port.delete(id_)


@pytest.fixture
def unique() -> str:
    """A name for a cluster-scoped object that no other test uses."""
    return f"contract-{next(_numbers)}"


@pytest.fixture
def maps(namespace: str) -> str:
    """The path of the test's ConfigMaps."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
def workloads(namespace: str) -> str:
    """The path of the test's Deployments."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


@pytest.fixture
def ingresses(namespace: str) -> str:
    """The path of the test's Ingresses."""
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"

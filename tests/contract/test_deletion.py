"""Through the port: deletion with its guards, finalizers and owners; watching; reviews."""

from __future__ import annotations

import pytest

from alb_dr.errors import Conflict, Rejected
from alb_dr.model.manifest import (
    CONFIG_MAP,
    NAMESPACE,
    Manifest,
    ResourceId,
)
from tests.contract.objects import (
    alb_config,
    config_map,
)
from tests.contract.servers import Api, live

HOLD = "contract.example.com/hold"


# deletion --------------------------------------------------------------------------------------


def test_what_was_deleted_is_gone_and_deleting_it_again_says_so(api: Api, namespace: str) -> None:
    stored = api.port.create(config_map(namespace))
    assert api.port.delete(stored.id) is True
    assert api.port.get(stored.id) is None
    assert api.port.delete(stored.id) is False


def test_a_deletion_may_name_the_very_object(api: Api, namespace: str) -> None:
    stored = api.port.create(config_map(namespace))
    with pytest.raises(Conflict):
        api.port.delete(stored.id, uid="00000000-0000-0000-0000-000000000000")
    assert live(api, stored).uid == stored.uid
    assert api.port.delete(stored.id, uid=stored.uid) is True


def test_a_dry_deletion_deletes_nothing(api: Api, namespace: str) -> None:
    stored = api.port.create(config_map(namespace))
    assert api.port.delete(stored.id, dry_run=True) is True
    assert live(api, stored).document == stored.document


def test_a_finalizer_holds_an_object_until_it_is_taken_off(api: Api, namespace: str) -> None:
    stored = api.port.create(config_map(namespace, finalizers=[HOLD]))
    assert api.port.delete(stored.id) is True
    assert live(api, stored).metadata["deletionTimestamp"]
    api.port.patch(stored.id, [{"op": "remove", "path": "/metadata/finalizers"}])
    assert api.port.get(stored.id) is None


def test_a_finalizer_of_a_custom_kind_counts_a_generation(api: Api, unique: str) -> None:
    stored = api.port.create(alb_config(unique, finalizers=[HOLD]))
    api.port.delete(stored.id)
    assert live(api, stored).metadata["generation"] == 2
    api.port.patch(stored.id, [{"op": "remove", "path": "/metadata/finalizers"}])
    assert api.port.get(stored.id) is None


def test_nothing_is_created_in_a_namespace_that_is_going(api: Api, namespace: str) -> None:
    held = api.port.create(config_map(namespace, finalizers=[HOLD]))
    api.port.delete(ResourceId(kind=NAMESPACE, name=namespace))
    with pytest.raises(Rejected, match="being terminated"):
        api.port.create(config_map(namespace, "late"))
    api.port.patch(held.id, [{"op": "remove", "path": "/metadata/finalizers"}])


def test_what_has_lost_its_owner_is_collected(api: Api, namespace: str) -> None:
    if not api.collects_garbage:
        pytest.skip("no garbage collector runs beside this API")
    owner = api.port.create(config_map(namespace, "owner"))
    owned = api.port.create(config_map(namespace, "owned", ownerReferences=[_reference(owner)]))
    api.port.delete(owner.id)
    _until_gone(api, owned)


def test_an_orphan_outlives_its_owner(api: Api, namespace: str) -> None:
    if not api.collects_garbage:
        pytest.skip("no garbage collector runs beside this API")
    owner = api.port.create(config_map(namespace, "owner"))
    owned = api.port.create(config_map(namespace, "owned", ownerReferences=[_reference(owner)]))
    api.port.delete(owner.id, orphan=True)
    _until_gone(api, owner)
    assert not live(api, owned).metadata.get("ownerReferences")


def _reference(owner: Manifest) -> dict[str, str]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": owner.id.name, "uid": owner.uid}


def _until_gone(api: Api, wanted: Manifest) -> None:
    """Until the API shows the object no more; fails after a while."""
    namespace, name = wanted.id.namespace, wanted.id.name
    snapshots = api.port.watch(CONFIG_MAP, namespace=namespace, name=name, timeout_s=10)
    assert any(not snapshot for snapshot in snapshots)


# watching, reviews -----------------------------------------------------------------------------


def test_a_watch_shows_what_is_there_and_what_changes(api: Api, namespace: str) -> None:
    stored = api.port.create(config_map(namespace, data={"a": "1"}))
    snapshots = api.port.watch(CONFIG_MAP, namespace=namespace, name="settings", timeout_s=20)
    assert next(snapshots)[0].document["data"] == {"a": "1"}
    api.port.patch(stored.id, [{"op": "replace", "path": "/data/a", "value": "2"}])
    assert next(s for s in snapshots if s[0].resource_version != stored.resource_version)[
        0
    ].document["data"] == {"a": "2"}
    api.port.delete(stored.id)
    assert next(s for s in snapshots if not s) == ()


def test_a_watch_of_one_name_shows_no_other(api: Api, namespace: str) -> None:
    api.port.create(config_map(namespace, "other"))
    snapshots = api.port.watch(CONFIG_MAP, namespace=namespace, name="mine", timeout_s=20)
    assert next(snapshots) == ()
    api.port.create(config_map(namespace, "mine"))
    assert [m.id.name for m in next(s for s in snapshots if s)] == ["mine"]


def test_an_administrator_may(api: Api, namespace: str) -> None:
    assert api.port.review("patch", CONFIG_MAP, namespace=namespace, name="settings")

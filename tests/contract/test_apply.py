"""Server-side apply through the port: twice is once, and everybody keeps what is theirs."""

from __future__ import annotations

import pytest

from alb_dr.errors import Conflict, NotFound, Rejected
from alb_dr.model.manifest import Manifest
from tests.contract.objects import alb_config, config_map, deployment, ingress, lease
from tests.contract.servers import Api, live

CONSOLE = "console"


def test_what_is_applied_is_stored(api: Api, namespace: str) -> None:
    wanted = config_map(namespace, data={"a": "1"})
    answered = api.port.apply(wanted)
    assert answered.uid
    assert live(api, wanted).document == answered.document
    assert live(api, wanted).document["data"] == {"a": "1"}


def test_applying_twice_is_applying_once(api: Api, namespace: str) -> None:
    for wanted in (
        config_map(namespace, data={"a": "1"}),
        ingress(namespace, weight="20"),
        deployment(namespace),
        lease(namespace),
    ):
        first = api.port.apply(wanted)
        second = api.port.apply(wanted)
        assert second.resource_version == first.resource_version, wanted.id
        assert second.document == first.document, wanted.id


def test_applying_a_custom_kind_twice_is_applying_it_once(api: Api, unique: str) -> None:
    wanted = alb_config(unique)
    first = api.port.apply(wanted)
    assert api.port.apply(wanted).resource_version == first.resource_version
    assert api.port.delete(wanted.id)


def test_a_field_its_only_owner_stops_saying_is_removed(api: Api, namespace: str) -> None:
    api.port.apply(ingress(namespace, weight="20", other="x"))
    api.port.apply(ingress(namespace, weight="20"))
    annotations = live(api, ingress(namespace)).annotations
    assert annotations == {"contract.example.com/weight": "20"}


def test_annotations_of_others_are_left_alone(api: Api, namespace: str) -> None:
    api.port.apply(ingress(namespace, weight="20"))
    mine = config_map(namespace)
    api.port.apply(mine)
    theirs = config_map(namespace, annotations={"contract.example.com/theirs": "1"})
    api.apply_as(CONSOLE, theirs, False)
    api.port.apply(mine)
    assert live(api, mine).annotations == {"contract.example.com/theirs": "1"}


def test_two_owners_of_one_value_share_it_and_the_last_one_removes_it(
    api: Api, namespace: str
) -> None:
    wanted = config_map(namespace, data={"a": "1"})
    api.port.apply(wanted)
    api.apply_as(CONSOLE, wanted, False)
    api.port.apply(config_map(namespace))
    assert live(api, wanted).document["data"] == {"a": "1"}
    api.apply_as(CONSOLE, config_map(namespace), False)
    assert not live(api, wanted).document.get("data")


def test_who_lets_go_of_a_map_takes_nothing_of_others_along(api: Api, namespace: str) -> None:
    api.port.apply(config_map(namespace, data={}))
    api.apply_as(CONSOLE, config_map(namespace, data={"a": "1", "b": "1"}), False)
    api.port.apply(config_map(namespace, data={"a": "1"}))
    assert live(api, config_map(namespace)).document["data"] == {"a": "1", "b": "1"}


def test_a_map_of_a_custom_kind_goes_with_its_last_field(api: Api, unique: str) -> None:
    wanted = alb_config(unique)
    wanted.document["spec"]["extra"] = {"inner": {"value": 1}}
    api.port.apply(wanted)
    api.port.apply(alb_config(unique))
    assert live(api, wanted).document["spec"] == alb_config(unique).document["spec"]
    assert api.port.delete(wanted.id)


def test_a_conflict_names_the_field_and_its_owner_and_changes_nothing(
    api: Api, namespace: str
) -> None:
    api.apply_as(CONSOLE, config_map(namespace, data={"a": "theirs"}), False)
    before = live(api, config_map(namespace))
    with pytest.raises(Conflict, match=r"(?s)data\.a.*console|console.*data\.a"):
        api.port.apply(config_map(namespace, data={"a": "ours"}))
    assert live(api, config_map(namespace)).document == before.document


def test_force_takes_a_field_over(api: Api, namespace: str) -> None:
    theirs = config_map(namespace, data={"a": "theirs", "b": "theirs"})
    api.apply_as(CONSOLE, theirs, False)
    ours = config_map(namespace, data={"a": "ours"})
    api.port.apply(ours, force=True)
    assert live(api, ours).document["data"] == {"a": "ours", "b": "theirs"}
    owners = {
        entry["manager"]: set(entry["fieldsV1"].get("f:data", {}))
        for entry in live(api, ours).metadata["managedFields"]
    }
    assert owners == {"alb-dr": {"f:a"}, CONSOLE: {"f:b"}}


def test_the_rules_of_an_ingress_are_replaced_as_a_whole(api: Api, namespace: str) -> None:
    api.port.apply(ingress(namespace, host="a.example.com"))
    api.port.apply(ingress(namespace, host="b.example.com"))
    rules = live(api, ingress(namespace)).document["spec"]["rules"]
    assert [rule["host"] for rule in rules] == ["b.example.com"]


def test_a_list_of_a_custom_kind_is_one_field(api: Api, unique: str) -> None:
    api.apply_as(CONSOLE, alb_config(unique, ports=(80, 443)), False)
    with pytest.raises(Conflict, match=r"spec\.listeners"):
        api.port.apply(alb_config(unique, ports=(80,)))
    api.port.apply(alb_config(unique, ports=(8080,)), force=True)
    listeners = live(api, alb_config(unique)).document["spec"]["listeners"]
    assert listeners == [{"port": 8080, "protocol": "HTTP"}]
    assert api.port.delete(alb_config(unique).id)


def test_a_dry_run_answers_and_stores_nothing(api: Api, namespace: str) -> None:
    wanted = config_map(namespace, data={"a": "1"})
    assert api.port.apply(wanted, dry_run=True).document["data"] == {"a": "1"}
    assert api.port.get(wanted.id) is None
    stored = api.port.apply(wanted)
    tried = api.port.apply(config_map(namespace, data={"a": "2"}), dry_run=True)
    assert tried.document["data"] == {"a": "2"}
    assert live(api, wanted).document == stored.document


def test_the_containers_of_a_deployment_merge_by_name(api: Api, namespace: str) -> None:
    ours = deployment(namespace)
    api.port.apply(ours)
    beside = deployment(namespace, replicas=None)
    containers = beside.document["spec"]["template"]["spec"]["containers"]
    containers[0] = {"name": "beside", "image": "example.com/beside:1"}
    api.apply_as(CONSOLE, beside, False)
    api.port.apply(ours)
    found = live(api, ours).document["spec"]["template"]["spec"]["containers"]
    assert {c["name"] for c in found} == {"web", "beside"}


def test_a_container_goes_with_its_only_owner(api: Api, namespace: str) -> None:
    two = deployment(namespace)
    containers = two.document["spec"]["template"]["spec"]["containers"]
    containers.append({"name": "beside", "image": "example.com/beside:1"})
    api.port.apply(two)
    api.port.apply(deployment(namespace))
    found = live(api, two).document["spec"]["template"]["spec"]["containers"]
    assert [c["name"] for c in found] == ["web"]


def test_finalizers_are_owned_one_by_one(api: Api, namespace: str) -> None:
    def held(*names: str) -> Manifest:
        return config_map(namespace, finalizers=[f"contract.example.com/{n}" for n in names])

    api.port.apply(held("ours"))
    api.apply_as(CONSOLE, held("theirs"), False)
    assert set(live(api, held()).metadata["finalizers"]) == {
        "contract.example.com/ours",
        "contract.example.com/theirs",
    }
    api.port.apply(config_map(namespace))
    assert live(api, held()).metadata["finalizers"] == ["contract.example.com/theirs"]
    api.apply_as(CONSOLE, config_map(namespace), False)
    assert not live(api, held()).metadata.get("finalizers")


def test_whoever_owned_the_replicas_and_stops_saying_them_gets_the_default(
    api: Api, namespace: str
) -> None:
    api.port.apply(deployment(namespace, replicas=3))
    api.port.apply(deployment(namespace, replicas=None))
    assert live(api, deployment(namespace)).document["spec"]["replicas"] == 1


def test_an_object_cannot_be_applied_where_there_is_no_namespace(api: Api) -> None:
    with pytest.raises(NotFound, match="no-such-namespace"):
        api.port.apply(config_map("no-such-namespace"))


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_a_number_among_texts_is_refused(api: Api, namespace: str, field: str) -> None:
    wrong = ingress(namespace)
    wrong.document["metadata"][field] = {"weight": 20}
    with pytest.raises(Rejected, match=rf"\.metadata\.{field}\.weight"):
        api.port.apply(wrong)
    assert api.port.get(wrong.id) is None


def test_an_unknown_field_is_refused(api: Api, namespace: str) -> None:
    wrong = ingress(namespace)
    wrong.document["spec"]["ingressClass"] = "alb"
    with pytest.raises(Rejected, match=r"\.spec\.ingressClass: field not declared in schema"):
        api.port.apply(wrong)


def test_a_name_that_is_none_is_refused(api: Api, namespace: str) -> None:
    with pytest.raises(Rejected, match="RFC 1123"):
        api.port.apply(config_map(namespace, "Not_A_Name"))

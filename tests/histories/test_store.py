"""The small API of the histories answers as the embedded one does, whatever is asked of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alb_dr.errors import AlbDrError
from alb_dr.model.manifest import CONFIG_MAP, DEPLOYMENT, LEASE, Manifest, ResourceId
from alb_dr.workflows.records.drill_record import ANNOTATION, LABEL, pointer
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import runnable
from tests.fakes.kube import FakeKube
from tests.histories.store import Doc, History, Store, key_of

SPACE = "gateway-demo"
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=SPACE)
LOCK = ResourceId(kind=LEASE, name="lock", namespace=SPACE)
NOTE = ResourceId(kind=CONFIG_MAP, name="note", namespace=SPACE)
MARK = pointer("metadata", "annotations", ANNOTATION)
PATHS = ("/spec/replicas", MARK, pointer("metadata", "labels", LABEL), "/metadata/annotations")


class Both:
    """The same requests to both APIs; what each answered, in the same words."""

    def __init__(self) -> None:
        self.real = FakeKube()
        self.real.create(a_namespace(SPACE))
        self.small = Store("Fleet", History(now=lambda: 0.0))
        self.documents: dict[ResourceId, tuple[Doc, Doc]] = {}

    def create(self, id_: ResourceId, document: Doc) -> tuple[object, object]:
        manifest = Manifest(id=id_, document=document)
        return self._both(
            lambda: self.real.create(manifest).document,
            lambda: self.small.create(manifest, by="x"),
            id_,
        )

    def patch(self, id_: ResourceId, operations: list[Doc]) -> tuple[object, object]:
        return self._both(
            lambda: self.real.patch(id_, operations).document,
            lambda: self.small.patch(id_, operations, by="x"),
            id_,
        )

    def replace(self, id_: ResourceId, change: Doc, *, stale: bool) -> tuple[object, object]:
        """Replace what was read last, or something older."""
        seen = self.documents.get(id_)
        if seen is None:
            return None, None
        manifests = [Manifest(id=id_, document={**doc, **change}) for doc in seen]
        if not stale:
            self.look(id_)
            manifests = [Manifest(id=id_, document={**d, **change}) for d in self.documents[id_]]
        return self._both(
            lambda: self.real.replace(manifests[0]).document,
            lambda: self.small.replace(manifests[1], by="x"),
            None,
        )

    def delete(self, id_: ResourceId, *, other: bool) -> tuple[object, object]:
        uids = [None, None]
        if id_ in self.documents:
            uids = [doc["metadata"]["uid"] for doc in self.documents[id_]]
        if other:
            uids = ["someone-else's", "someone-else's"]
        return self._both(
            lambda: self.real.delete(id_, uid=uids[0]),
            lambda: self.small.delete(id_, uids[1], by="x"),
            None,
        )

    def look(self, id_: ResourceId) -> tuple[object, object]:
        found = self.real.get(id_)
        mine = self.small.find(key_of(id_))
        if found is not None and mine is not None:
            self.documents[id_] = (dict(found.document), mine)
        return _seen(found.document if found else None), _seen(mine)

    def _both(self, real: Any, small: Any, keep: ResourceId | None) -> tuple[object, object]:
        answers = [_answer(real), _answer(small)]
        if keep is not None and all(isinstance(a, dict) for a in answers):
            self.documents.setdefault(keep, (answers[0], answers[1]))
        return _seen(answers[0]), _seen(answers[1])


def _answer(ask: Any) -> Any:
    try:
        return ask()
    except AlbDrError as error:
        return type(error).__name__


def _seen(answer: Any) -> object:
    """What is the same in both: all but names that are drawn, and field ownership."""
    if not isinstance(answer, dict):
        return answer
    drawn = {"uid", "resourceVersion", "managedFields", "creationTimestamp"}
    metadata = {k: v for k, v in answer["metadata"].items() if k not in drawn}
    for name in ("annotations", "labels"):
        if not metadata.get(name):
            metadata.pop(name, None)
    spec = {k: answer.get("spec", {}).get(k) for k in ("replicas", "holderIdentity", "renewTime")}
    return {"metadata": metadata, "spec": spec, "data": answer.get("data")}


def _operations() -> st.SearchStrategy[list[Doc]]:
    value = st.sampled_from([0, 2, 3, "true", '{"drill": "a"}'])
    one = st.builds(
        _plausible,
        st.sampled_from(["test", "add", "replace", "remove"]),
        st.sampled_from(PATHS),
        value,
    )
    return st.lists(one, min_size=1, max_size=4)


def _plausible(op: str, path: str, value: Any) -> Doc:
    """Values of the right type: typing errors are not what is compared here."""
    if path == "/spec/replicas":
        value = value if isinstance(value, int) else 5
        op = "replace" if op == "remove" else op
    elif path == "/metadata/annotations":
        value = {"a": "b"}
    else:
        value = str(value)
    return {"op": op, "path": path} | ({} if op == "remove" else {"value": value})


REQUESTS = st.one_of(
    st.tuples(st.just("patch"), _operations()),
    st.tuples(st.just("replace"), st.booleans()),
    st.tuples(st.just("delete"), st.booleans()),
    st.tuples(st.just("create"), st.none()),
    st.tuples(st.just("look"), st.none()),
)


def _lease(**metadata: str) -> Doc:
    time = "2026-03-01T12:00:00.000000Z"
    return {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.name,
        "metadata": {"name": LOCK.name, "namespace": SPACE, **metadata},
        "spec": {"holderIdentity": "ann", "renewTime": time},
    }


def _note() -> Doc:
    metadata = {"name": NOTE.name, "namespace": SPACE}
    return {
        "apiVersion": "v1",
        "kind": CONFIG_MAP.name,
        "metadata": metadata,
        "data": {"a": "1"},
    }


CHANGES: dict[ResourceId, Doc] = {
    WORKLOAD: {},
    LOCK: {"spec": {"holderIdentity": "bob", "renewTime": "2026-03-01T12:00:01.000000Z"}},
    NOTE: {"data": {"a": "2"}},
}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([WORKLOAD, LOCK, NOTE]), REQUESTS), min_size=1, max_size=12)
)
def test_both_answer_alike(asked: list[tuple[ResourceId, tuple[str, Any]]]) -> None:
    both = Both()
    first = {WORKLOAD: dict(runnable(2).document), LOCK: _lease(), NOTE: _note()}
    for id_, document in first.items():
        both.create(id_, document)
    for id_, (verb, what) in asked:
        match verb:
            case "create":
                answers = both.create(id_, first[id_])
            case "patch":
                answers = both.patch(id_, what) if id_ == WORKLOAD else both.look(id_)
            case "replace":
                answers = both.replace(id_, CHANGES[id_], stale=what)
            case "delete":
                answers = both.delete(id_, other=what)
            case _:
                answers = both.look(id_)
        if not (isinstance(answers[0], dict) and id_ == WORKLOAD):
            assert answers[0] == answers[1], (verb, what)
            continue
        for field in ("metadata", "data"):
            assert answers[0][field] == answers[1][field], (verb, what)
        assert answers[0]["spec"]["replicas"] == answers[1]["spec"]["replicas"]
        assert both.look(id_)[0]["metadata"] == both.look(id_)[1]["metadata"]

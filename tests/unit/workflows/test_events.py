"""Events: a complaint stands until a success follows it."""

from __future__ import annotations

from alb_dr.model.manifest import ALB_CONFIG, Manifest, ResourceId
from alb_dr.workflows.live.events import standing_warnings
from tests.fakes.kube import FakeKube

ABOUT = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")


def tell(api: FakeKube, name: str, at: str, *, good: bool = False) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": "default"},
        "involvedObject": {"kind": "AlbConfig", "name": ABOUT.name},
        "type": "Normal" if good else "Warning",
        "reason": "SuccessfullyReconciled" if good else "FailedBuildModel",
        "message": name,
        "lastTimestamp": f"2026-03-01T12:00:{at}Z",
    }
    api.create(Manifest.of(document))


def standing(api: FakeKube) -> list[str]:
    return [note.message for note in standing_warnings(api, ABOUT)]


def test_what_a_success_followed_is_past() -> None:
    api = FakeKube()
    tell(api, "old", "01")
    tell(api, "older", "00")
    assert standing(api) == ["older", "old"]
    tell(api, "fine", "02", good=True)
    assert standing(api) == []
    tell(api, "new", "03")
    assert standing(api) == ["new"]


def test_of_one_second_what_was_written_last_is_the_newest() -> None:
    api = FakeKube()
    tell(api, "a-success", "01", good=True)
    tell(api, "complaint", "01")
    assert standing(api) == ["complaint"]
    tell(api, "another-success", "01", good=True)
    assert standing(api) == []

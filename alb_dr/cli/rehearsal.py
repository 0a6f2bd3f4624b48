"""The tutorial, step by step, in a sandbox: what ``rehearse`` does between up and down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alb_dr.model.findings import Verdict
from alb_dr.model.operation import new_operation_id

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.model.drill_report import DrillReport
    from alb_dr.model.verify import VerifyReport

REQUESTS = 500
"""The tutorial's number of requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """One step of the rehearsal: what it was, how it went, how long it took (seconds)."""

    title: str
    passed: bool
    said: str
    seconds: float
    data: Mapping[str, Any] = field(default_factory=dict)


class Rehearsal:
    """Runs the steps in the tutorial's order and keeps what each of them said."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.done: list[StepDone] = []

    def run(self) -> None:
        """All steps; the first one that fails raises or ends the rehearsal."""
        victim = self._context.topology.members[-1].name
        survivors = self._context.topology.members[0].name
        steps: list[tuple[str, Callable[[], tuple[bool, str, Mapping[str, Any]]]]] = [
            ("distribute the application", self._distribute),
            ("create the gateway", self._gateway),
            ("apply the weighted Ingress", self._ingress),
            (f"verify the split with {REQUESTS} requests", self._verify),
            ("change the weights to 50/50", lambda: self._set_weights(50)),
            (f"verify again with {REQUESTS} requests", self._verify),
            ("change the weights back to 20/80", lambda: self._set_weights(20)),
            (f"drill: {victim} fails, {survivors} carries on", lambda: self._drill(victim)),
            ("verify that everything is back", self._verify),
        ]
        for title, step in steps:
            began = time.monotonic()
            with self._context.narrator.phase(title):
                passed, said, data = step()
            seconds = time.monotonic() - began
            self._context.narrator.note(said)
            done = StepDone(title=title, passed=passed, said=said, seconds=seconds, data=data)
            self.done.append(done)
            if not passed:
                return

    @property
    def passed(self) -> bool:
        """Whether every step so far went well."""
        return bool(self.done) and all(step.passed for step in self.done)

    def _apply(self, render: Callable[..., Any]) -> None:
        from alb_dr.render.library import template_library
        from alb_dr.workflows.delivery.apply import ApplyChoices, apply

        apply(
            render(self._context.topology, template_library(environ=self._context.environ)),
            api=self._context.fleet,
            choices=ApplyChoices(),
            narrator=self._context.narrator,
        )

    def _distribute(self) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.render.manifests import render_distribution
        from alb_dr.workflows.delivery.distribute import await_distribution

        self._apply(render_distribution)
        seen = await_distribution(
            self._context.topology,
            fleet=self._context.fleet,
            members=self._context.members,
            clock=self._context.clock,
            narrator=self._context.narrator,
            timeout_s=60,
        )
        words = ", ".join(f"{m.member.name} {m.ready_pods}/{m.wanted_pods} pods" for m in seen)
        return True, words, {"members": {m.member.name: m.ready_pods for m in seen}}

    def _gateway(self) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.render.manifests import render_gateway
        from alb_dr.workflows.delivery.gateway import await_gateway

        self._apply(render_gateway)
        address = await_gateway(
            self._context.topology,
            fleet=self._context.fleet,
            clock=self._context.clock,
            narrator=self._context.narrator,
            timeout_s=60,
        )
        said = f"{address.dns_name}, {len(address.sub_clusters)} members connected"
        return True, said, {"dns_name": address.dns_name, "members": list(address.sub_clusters)}

    def _ingress(self) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.render.manifests import render_ingress

        self._apply(render_ingress)
        return self._await_split()

    def _await_split(self) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.workflows.delivery.await_split import await_split

        seen = await_split(
            self._context.topology,
            fleet=self._context.fleet,
            prober=self._context.prober,
            clock=self._context.clock,
            narrator=self._context.narrator,
            timeout_s=60,
        )
        return True, f"the traffic follows: {seen.words}", {"shares": dict(seen.shares)}

    def _set_weights(self, first: int) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.model.weights import Weights
        from alb_dr.workflows.delivery.weights import set_weights

        one, two = (m.id for m in self._context.topology.members)
        wanted = Weights(((one, first), (two, 100 - first)))
        set_weights(self._context.topology, wanted, fleet=self._context.fleet, dry_run=False)
        return self._await_split()

    def _verify(self) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.cli.measuring import measure_split

        report = measure_split(self._context, requests=REQUESTS)
        return report.verdict is Verdict.PASS, split_words(report), {"verdict": report.verdict}

    def _drill(self, victim: str) -> tuple[bool, str, Mapping[str, Any]]:
        from alb_dr.cli.drilling import rules_of, run_drill
        from alb_dr.cli.signals import SIGNALS
        from alb_dr.model.drill import DrillPlan
        from alb_dr.model.drill_report import DrillOutcome
        from alb_dr.report.drill_json import drill_data

        plan = DrillPlan(
            drill_id=new_operation_id(),
            victim=victim,
            reason="rehearsal",
            rate=200.0,
            baseline_s=2.0,
            observe_s=5.0,
            restore_timeout_s=30.0,
        )
        drilled = run_drill(self._context, plan, rules_of(self._context, plan))
        if drilled.ended is not None:
            raise drilled.ended
        SIGNALS.resume()
        report = drilled.report
        return report.outcome is DrillOutcome.SUCCEEDED, drill_words(report), drill_data(report)


def split_words(report: VerifyReport) -> str:
    """A verdict with its shares in one line."""
    shares = ", ".join(f"{s.name} {s.share:.1%}" for s in report.distribution.shares)
    return f"{report.verdict}: {shares}; {report.loss.lost} of {report.loss.of} lost"


def drill_words(report: DrillReport) -> str:
    """A drill's outcome in one line."""
    return f"{report.outcome}: {report.why}"

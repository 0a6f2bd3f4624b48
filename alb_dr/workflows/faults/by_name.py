"""The faults a drill knows, by name."""

from __future__ import annotations

from alb_dr.errors import BadInput, Refused
from alb_dr.ports import FaultBox
from alb_dr.workflows.faults.drain import WeightDrain
from alb_dr.workflows.faults.fault import Fault, FaultSetting
from alb_dr.workflows.faults.keda import ScaleUnderKeda
from alb_dr.workflows.faults.sandbox import KINDS, SandboxFault, check_strength
from alb_dr.workflows.faults.scale import ScaleToZero

SCALE, DRAIN, SANDBOX = "scale-to-zero", "weight-drain", "sandbox:"
NAMES = (SCALE, DRAIN, *(SANDBOX + kind for kind in KINDS))
"""Every fault, as it is typed."""
VALUED = tuple(SANDBOX + name for name, kind in KINDS.items() if kind.value)
"""Those that may be of some strength."""


def check_fault(name: str, *, has_box: bool, value: int = 0) -> None:
    """BadInput for an unknown fault or a value it cannot have, 0 standing for its default.

    Refused for one that needs a sandbox and has none.
    """
    if name not in NAMES:
        raise BadInput(f"{name!r} is no fault of a drill", hint=f"faults: {', '.join(NAMES)}")
    if value and name not in VALUED:
        raise BadInput(f"{name} has no --fault-value", hint=f"faults with one: {', '.join(VALUED)}")
    if value:
        check_strength(name.removeprefix(SANDBOX), value)
    if name.startswith(SANDBOX) and not has_box:
        raise Refused(
            f"{name} can be done to a sandbox only, and this project file is none's",
            hint=f"on a real Fleet: {SCALE} or {DRAIN}; in a sandbox: eval the line of sandbox up",
            code="ADR-NO-SANDBOX",
        )


def make_fault(name: str, setting: FaultSetting, *, box: FaultBox | None, value: int) -> Fault:
    """The fault of a name that was checked."""
    if name == DRAIN:
        return WeightDrain(setting)
    if name.startswith(SANDBOX) and box is not None:
        return SandboxFault(name.removeprefix(SANDBOX), setting, box, value=value)
    return ScaleUnderKeda(setting) if setting.to_pause else ScaleToZero(setting)

"""A cluster that a recovery could not look at: it is said once, whatever it was asked."""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.errors import AlbDrError, RestoreIncomplete


@dataclass(frozen=True, slots=True)
class Unseen:
    """A cluster by its name, and why nothing is known of it."""

    where: str
    why: str

    @classmethod
    def silent(cls, where: str, error: AlbDrError) -> Unseen:
        """It does not answer; a call's own words often begin with the cluster's name."""
        said = error.message.removeprefix(f"{where}: ")
        return cls(where, f"could not be looked at: {said}")

    def __str__(self) -> str:
        return f"{self.where} {self.why}"

    def tells(self, problem: AlbDrError) -> bool:
        """Whether this says already that a call failed; what was not put back is always news."""
        if isinstance(problem, RestoreIncomplete):
            return False
        return problem.message in self.why or problem.message.startswith(f"{self.where}: ")

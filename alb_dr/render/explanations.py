"""Where the defaults differ from the tutorial's choices, with the reason for each."""

from __future__ import annotations

EXPLANATIONS: tuple[tuple[str, str], ...] = (
    (
        "preserveResourcesOnDeletion: true (tutorial: false)",
        "with false, deleting the ApplicationSet deletes the workloads in every member",
    ),
    (
        "applicationsSync: create-update (tutorial: absent)",
        "a generator that lists a member no more, or fails, must not delete its Application",
    ),
    (
        'healthcheck-enabled: "true" with explicit timing (tutorial: absent, which is off)',
        "without health checks only the removal of endpoints moves traffic, "
        "and a dead zone removes nothing",
    ),
    (
        "forceString on every Helm parameter (tutorial: absent)",
        "Helm would read 0123, 1e3 or true as numbers and booleans",
    ),
    (
        "label app.kubernetes.io/managed-by: alb-dr (tutorial: absent)",
        "shows who made an object and lets it be found again",
    ),
)

"""The whole project at once: plan, up, status, down."""

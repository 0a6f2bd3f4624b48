"""VERBS: one file per verb; they take ports and return reports.

The contract of this floor: no SDK, no printing, no clock of its own. A verdict is a value; only
what prevents a verdict is an error.
"""

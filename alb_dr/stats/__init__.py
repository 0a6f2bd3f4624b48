"""ARITHMETIC. Pure functions of samples; no randomness, no clock, no input or output.

The contract of this floor: the standard library's ``math`` and ``statistics`` only.
"""

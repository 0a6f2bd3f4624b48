"""NOUNS: frozen dataclasses and enums.

The contract of this floor: standard library only, no input or output, no clock, no randomness.
An object that exists is valid; what is not valid refuses to be constructed.
"""

"""BYTES → OBJECTS: the project file, the environment and the flags in; Topology and Settings out.

The contract of this floor: it reads files and nothing else; one pass reports every complaint.
"""

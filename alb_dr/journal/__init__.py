"""ADAPTER: the disk. One directory for each run, owned by and readable for its owner only.

The contract of this floor: what was written can be read again, also after a crash.
"""

"""ADAPTER: the Kubernetes API of the Fleet and of the member clusters.

The contract of this floor: it is the only package that imports ``kubernetes``, and every call goes
through ``transport.py``. It translates; what an answer means is decided elsewhere.
"""

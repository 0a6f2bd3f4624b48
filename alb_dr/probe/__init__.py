"""ADAPTER: HTTP. One background thread sends requests and turns each into a sample.

The contract of this floor: nothing a server sends may raise here; it becomes an outcome.
"""

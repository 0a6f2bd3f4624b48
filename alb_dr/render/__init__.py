"""TOPOLOGY → MANIFESTS: fills the templates and checks that the documents agree.

The contract of this floor: it reads templates and touches nothing else; the same topology gives the
same bytes.
"""

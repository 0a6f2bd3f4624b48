"""PRESENTATION: reports as terminal text, JSON, Markdown, JUnit and HTML.

The contract of this floor: it knows the model and nothing else; it contacts nobody.
"""

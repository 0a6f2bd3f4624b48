"""Preflight: every prerequisite, asked of the real APIs.

One module per category; each exports ``QUESTIONS``, and ``catalogue`` joins them. A question is a
:class:`~alb_dr.model.checks.Check` (data) with a generator that yields what is wrong.
"""

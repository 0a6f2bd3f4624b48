"""Bringing objects to the Fleet and traffic to the members, and measuring the split."""

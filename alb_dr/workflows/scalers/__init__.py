"""Whoever else sets the number of pods: HPA, KEDA, Argo CD."""

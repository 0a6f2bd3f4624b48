"""The state of member clusters: capacity, endpoints, pods, disruption budgets."""

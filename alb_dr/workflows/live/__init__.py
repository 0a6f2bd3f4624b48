"""Reading what is live: readiness, events, and whose change a field is."""

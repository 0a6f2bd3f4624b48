"""The sweeper inside a member: it takes back drills that nobody keeps alive."""

"""One file per verb or group of verbs, grouped as on the command line."""

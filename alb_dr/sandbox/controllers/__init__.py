"""What the clouds would do: one stand-in controller a file, working on the embedded APIs."""

"""The drill: a failure made on purpose, measured, and always taken back."""

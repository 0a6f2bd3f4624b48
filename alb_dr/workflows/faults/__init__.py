"""The faults a drill can make; each is made, proven in force and taken back."""

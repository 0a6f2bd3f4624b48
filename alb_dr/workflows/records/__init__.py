"""What the Fleet remembers: locks, drills, shifts, zones out of DNS, traffic that is away."""

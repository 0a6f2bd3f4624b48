"""Moving traffic on purpose: shift, switchover, back, emergency start, armed watch."""

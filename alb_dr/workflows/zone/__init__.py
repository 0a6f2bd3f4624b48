"""Taking a zone of the ALB out of DNS beside a switchover, and bringing it back."""

"""Events to rows: pure folding, and the follower that keeps the rows up with the log."""

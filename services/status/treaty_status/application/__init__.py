"""Use cases of the status service: the write side, the clock, and what the read side promises."""

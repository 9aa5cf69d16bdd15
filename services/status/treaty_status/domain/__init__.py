"""The law as pure functions: decide, evolve, assess. No clock, no I/O, no framework."""

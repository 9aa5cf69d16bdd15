"""Speed and memory as ratios within one run, beside a peer or a physical floor; for reading, never for tests."""

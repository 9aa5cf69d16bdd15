"""One service of treaty-status."""

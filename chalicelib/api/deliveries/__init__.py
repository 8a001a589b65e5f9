"""Deliveries: what was told to whom, told again, and what our own code could not do."""

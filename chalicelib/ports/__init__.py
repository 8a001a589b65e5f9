"""The ways out of the process: everything that a test replaces, and nothing else."""

"""Kinds of resources: one module each, and what each of them offers."""

"""Kinds of desks: one folder each."""

"""Kinds of bots: one folder each. What bots and webhook desks read and judge alike stands beside the folders."""

"""Parley: a serverless switchboard between channels, bots and people."""

__version__ = "0.1.0"

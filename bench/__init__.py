"""Figures of performance and scale, each with the command that makes it: `python -m bench [name ...]`.

What they mean, and the last measured ones: docs/performance.md.
"""

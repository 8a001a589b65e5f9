"""Runs that are to show that nothing is lost, doubled or left standing, whatever fails: `make prove`.

The packaged platform runs in the emulator, and everybody around it is a real HTTP server. Results are violations
(there must be none) and how long people waited.
"""

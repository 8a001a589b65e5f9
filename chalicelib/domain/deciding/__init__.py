"""Deciding: what an event does to a thread, as pure functions, one module for each family of events.

`decide` is the registry; `turn` what they all work on; `routing` and `conditions` say who gets a customer's message.
"""

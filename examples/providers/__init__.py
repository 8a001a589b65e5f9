"""Providers for trying all of it without an account: their send APIs, their signed webhooks, their faults, and a page
with a phone for each simulated person.

    python -m examples.providers --port 8703

What a provider's side knows is written after its own documentation and shares no code with the adapters, so that it
judges them: it refuses what the provider would refuse, and signs as the provider signs.
"""

"""Announcing: what happened is told to subscriptions and to the event bus, in the words of platform events."""

"""Requests and answers: the table of routes, keys, idempotency, queries and cursors."""

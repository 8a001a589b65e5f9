"""Lanes: how what must reach one party outside gets there, in order, through failures.

`pump` is the mechanism, the same for every destination; `webhooks` and `providers` are the two ways out.
"""

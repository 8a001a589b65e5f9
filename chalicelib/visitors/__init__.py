"""Visitors of web chats: what `poll_channel`, `live` and `push` share, so that a socket shows what a poll does."""

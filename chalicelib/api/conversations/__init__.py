"""Conversations: read, spoken in, and the messages of a person wherever they were said."""

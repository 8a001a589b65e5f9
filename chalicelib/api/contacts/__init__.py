"""Contacts: people, their files, and becoming one or nobody."""

"""The wire: reading what others send. JSON that may be anything, its fields, times, and what a response proves.

Pure: shared by adapters of channels, bots, desks and sources, by what is posted to triggers, and by the API.
"""

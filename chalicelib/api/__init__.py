"""The management and reading API."""

"""The console: its page and files, and who is signed in to it."""

"""The command line: a client of the documented API, for people. Nothing of the application imports it."""

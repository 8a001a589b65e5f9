"""Files of messages: taken from wherever they are, looked at, kept, and handed on to providers."""

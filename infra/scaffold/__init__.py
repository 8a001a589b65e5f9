"""What `make new-channel` copies: code that is checked here as all other, and imported by nothing."""

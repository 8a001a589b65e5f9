"""Setting up: resources made, changed, verified and shown, one by one or as a bundle."""

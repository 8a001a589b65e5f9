"""What others would bring: a demo's bot and desk, simulated providers, files for deploying."""

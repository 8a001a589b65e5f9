"""Values and pure rules. Nothing here calls AWS or anything outside the process."""

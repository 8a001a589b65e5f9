"""Events of other systems read as messages: what was posted, the mapping over it, and what would be kept."""

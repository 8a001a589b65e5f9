"""From changes of threads and deliveries to figures: what `observe` does, and `fire_timer` when it is done again."""

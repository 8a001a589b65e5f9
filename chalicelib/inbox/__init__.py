"""From changes of threads to the inbox's rows: what `announce` does, and `fire_timer` when it has to be done again."""

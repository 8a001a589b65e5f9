"""Lambdas that feed a queue which leads back to them, and why that comes to an end.

AWS drops the message of a chain that comes to the same function for some sixteenth time
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html), unless the function says that it means to. A
table's stream between two functions ends a chain for AWS, and so does the table `schedule`. What goes on for as long as
something lasts (a schedule, a bot that is down, a thread that is not marked as erased) goes by that table; the others
have an end of their own, which is what stands here.
"""

from __future__ import annotations

BOUNDED: dict[str, str] = {
    "converse": "puts nothing but deadlines of offers, one for each offer",
    "deliver": "wakes its own lane only where it has done some of it; a failed attempt is one of five",
    "retry_delivery": "one attempt of five, put back until another's lease of a minute is over; wakes its lane where "
    "the head is done",
    "send": "wakes its own lane only where it has done some of it; a failed attempt is one of six, put off for its "
    "turn twice at most",
    "retry_send": "one attempt of six, those after minutes by the table, each put off for its turn twice at most; else "
    "as retry_delivery",
    "fire_timer": "eight looks for a status that came early; what looks after lanes, schedules and bots that are down "
    "goes by the table",
    "run_trigger": "each event of a trigger once",
    "erase": "each page removes rows; it waits for threads seven times, then by the table, for a day",
}
"""Lambda -> what bounds its hops. A test finds the loops by itself and holds this list to them."""

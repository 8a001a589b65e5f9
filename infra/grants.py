"""The part of the permissions that the source cannot tell: who writes which table, who puts work where.

Two small tables with reasons. That a Lambda may use a table at all follows from its imports (`reads`).
"""

from __future__ import annotations

from infra import declared

WRITERS: dict[str, tuple[str, ...]] = {
    # Owners change their set-up through the API and nowhere else.
    "config": ("api",),
    # "One thread, one writer": two systems that answer at once meet in `converse`.
    "threads": ("converse",),
    "messages": ("converse",),
    # The visitor's side of a web chat asks whether its session has begun, and counts who waits or puts files; `deliver`
    # notes when a customer was shown that somebody writes.
    "receipts": (
        "api", "converse", "deliver", "erase", "fetch_media", "fire_timer", "ingest_source", "poll_channel",
        "receive_bot", "receive_channel", "receive_desk", "receive_mail", "receive_trigger", "retry_send", "send",
    ),
    # The edge of channels looks up which message a delivery of ours was.
    "deliveries": (
        "announce", "api", "bury", "deliver", "erase", "fan_out", "fire_timer", "observe", "replay_deliveries",
        "retry_delivery", "retry_send", "send",
    ),
    # What a thread's row says, and what people do with it: claim it, read it.
    "inbox": ("announce", "fire_timer", "api"),
    "beats": ("announce", "fire_timer", "api"),
    # Counted by one, also what it could not count at first.
    "figures": ("observe", "fire_timer"),
    # What our own code could not do is written by bury and marked as replayed through the API.
    "failures": ("bury", "api"),
}  # fmt: skip
"""Table -> the Lambdas that may write it; others that import its module may read it. A table that is not named
here is written by whoever imports it."""

REMOVERS: dict[str, tuple[str, ...]] = {
    # Rows of somebody who was erased, once converse has marked them as theirs.
    "erase": ("threads", "messages", "failures"),
}
"""Lambda -> tables of which it may delete rows and write none."""

_EVENTS, _LANES = ("threads.fifo", "bulk-threads.fifo"), ("deliveries.fifo", "bulk-deliveries.fifo")
_SENDS = ("sends.fifo", "bulk-sends.fifo")
SENDS_TO: dict[str, tuple[str, ...]] = {
    # A status that overtook the answer to our own send is looked at again a little later.
    "receive_channel": ("threads.fifo", "timers"),
    # What a mail says, and what became of ours.
    "receive_mail": ("threads.fifo", "timers"),
    # The web chat page posts what its visitor writes where it also waits for answers.
    "poll_channel": ("threads.fifo",),
    # That what a call spoke was delivered, and heard.
    "answer_call": ("threads.fifo",),
    "live": (),
    "receive_bot": ("threads.fifo",),
    "receive_desk": ("threads.fifo",),
    "fetch_media": (),
    "receive_trigger": ("trigger-events.fifo",),
    "run_trigger": ("bulk-threads.fifo",),
    "receive_source": ("source-events.fifo",),
    "ingest_source": ("bulk-threads.fifo",),
    # The API sends messages, wakes lanes when an endpoint is verified again, and replays dead letters anywhere.
    "api": declared.queues(),
    # Carries out what converse decided.
    # What the event bus does not take is tried again.
    # Files that only their providers have are got at once.
    "fan_out": (*_LANES, *_SENDS, "threads.fifo", "timers", "media"),
    "copy_media": (),
    # That a message was told, and so delivered.
    "push": ("threads.fifo",),
    "observe": (),
    # Deliveries to subscriptions; threads hear of what became of their contact.
    "announce": (*_EVENTS, *_LANES, "timers"),
    # Bot replies in a response, and what became of a delivery; the rest of a long lane is a new wake-up.
    # A retry or a bot's patience that is due within the minute goes to its queue at once.
    "deliver": (*_EVENTS, *_LANES, "retries", "timers"),
    "retry_delivery": (*_EVENTS, *_LANES, "retries", "timers"),
    # Provider ids and states of messages.
    # A message that is given up is told to subscriptions.
    "send": ("threads.fifo", *_SENDS, "send-retries", "deliveries.fifo", "timers"),
    "retry_send": ("threads.fifo", *_SENDS, "send-retries", "deliveries.fifo", "timers"),
    # Only standard queues can wait to the second; a FIFO queue takes no delay per message.
    "release_due": tuple(queue for queue in declared.queues() if not queue.endswith(".fifo")),
    # An offer that ran out is an event of its thread; an endpoint that is back has its lanes tried; schedules ask bots.
    # A retry that was lost is put back.
    # What `fan_out` could not carry out is done again.
    "fire_timer": (*_EVENTS, *_LANES, *_SENDS, "timers", "trigger-events.fifo", "retries", "send-retries", "media"),
    # Threads are told that their person is erased; lanes whose head is gone go on; its own next page.
    "erase": (*_EVENTS, *_LANES, *_SENDS, "erasures"),
    # What is told again wakes its lane.
    "replay_deliveries": ("bulk-deliveries.fifo", *_SENDS),
    "bury": (),
    # Deadlines of offers, where they are due within the minute.
    "converse": ("timers",),
}
"""Lambda -> the queues it puts work on."""

PUBLISHES: tuple[str, ...] = ("fan_out", "announce", "deliver", "retry_delivery", "send", "retry_send", "fire_timer")
"""Lambdas that put platform events on the stage's bus."""

MEDIA: dict[str, tuple[str, ...]] = {
    # It signs where people at desks may put files, and takes from there what they say.
    "api": ("s3:GetObject", "s3:PutObject"),
    # A file is got from its provider when it comes; where its message is gone by then, it goes, too.
    "copy_media": ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
    # It is got when somebody asks for it before that, and linked to from then on.
    # It also signs where visitors may put theirs.
    "fetch_media": ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
    # From there a message's own are taken.
    "receive_channel": ("s3:GetObject", "s3:PutObject"),
    # It reads mails, keeps what is attached to them, and removes what was read. Told of one twice it has to know a mail
    # that is gone from one that it may not have.
    "receive_mail": ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"),
    # Providers are given links to what agents and bots send.
    "send": ("s3:GetObject",),
    "retry_send": ("s3:GetObject",),
    "erase": ("s3:DeleteObject",),
    # Of messages that their customers deleted.
    "fire_timer": ("s3:DeleteObject",),
}
"""Lambdas that touch the media bucket, and how."""

MAILS: dict[str, tuple[str, ...]] = {
    # Whether SES knows a channel's address.
    "api": ("ses:GetEmailIdentity",),
    # Mail as it is made by us, which SES has a right of its own for.
    "send": ("ses:SendEmail", "ses:SendRawEmail"),
    "retry_send": ("ses:SendEmail", "ses:SendRawEmail"),
}
"""Lambdas that ask SES for something, and for what."""

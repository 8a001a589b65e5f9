"""What of the API is for agents of some desks alone (`Caller.desks`), operation by operation.

One that is named nowhere here refuses them, so that a new one shows nobody what it was not thought through for; a test
walks all of them. Which threads are theirs, `chalicelib.api.conversations.desks_threads` says.
"""

from __future__ import annotations

from chalicelib.ports.web import Problem

OF_SERVICE = frozenset({
    # What is set up, by its names; what is counted; contacts as such, which desks share.
    "api.setup.lists:listing", "api.setup.resources:one", "api.setup.export:export", "api.setup.rule_trial:try_out",
    "api.setup.together:together",
    "api.setup.rule_versions:listing", "api.setup.rule_versions:one",
    "api.setup.channel_checks:health",
    "api.deliveries.lanes:health", "api.deliveries.attention:listing", "api.deliveries.replays:listing",
    "api.deliveries.replays:one", "api.figures.figures:listing",
    "api.contacts.contacts:create", "api.contacts.contacts:listing", "api.contacts.contacts:one",
    "api.contacts.contacts:change", "api.contacts.erasing:one", "api.contacts.merging:merge",
    "api.contacts.merging:unmerge", "api.contacts.merging:dismiss", "api.contacts.merging:merges",
    "api.contacts.consents:listing",
    "api.console.session:current", "api.conversations.templates:listing",
    # A chat of theirs with the service, as anybody may have one.
    "api.conversations.tests:begin",
})  # fmt: skip
"""Functions that answer them as any agent."""
OF_THEIRS = frozenset({
    "api.conversations.conversations:listing", "api.conversations.conversations:one",
    "api.conversations.conversations:thread", "api.conversations.agents:events", "api.conversations.inbox:listing",
    "api.conversations.inbox:claim", "api.conversations.inbox:seen", "api.conversations.files:offer",
    "api.conversations.mentions:looked",
    "api.conversations.beat:beat", "api.conversations.ticket:issue",
    "api.conversations.messages:listing", "api.conversations.messages:one", "api.conversations.messages:airy_listing",
    "api.conversations.recent:recent", "api.conversations.timeline:listing",
    "api.deliveries.attempts:listing", "api.deliveries.deliveries:listing", "api.deliveries.deliveries:one",
    "api.deliveries.lanes:listing", "api.deliveries.replay:one", "api.deliveries.trying:one",
})  # fmt: skip
"""Functions that show and touch what is theirs alone, and see to that themselves."""
NOBODYS = frozenset({
    # Who is written to first is nobody's of a desk yet.
    "api.conversations.sending:create", "api.conversations.sending:try_out",
    # Conversations of programs, which no desk ever has.
    "api.conversations.direct:create", "api.conversations.direct:complete",
    "api.conversations.trigger_events:invoke", "api.conversations.trigger_events:listing",
    "api.conversations.trigger_events:one",
})  # fmt: skip
"""Functions that refuse them, as was decided."""


def refuse(function: str) -> None:
    """Problem 403 where a function is not for agents of some desks."""
    if function not in OF_SERVICE and function not in OF_THEIRS:
        raise Problem(403, "other_desk", "this is not for agents who answer some desks alone")

"""What adapters say beside the contract whose users call: those with `call` in `CAN`.

A call asks for what it is to speak, and the answer is spoken: nothing can be pushed into it. So an adapter's `receive`
takes what the caller said or pressed and sends the call on to the channel's `/call`, where `steps.answer_call` waits
for messages of the thread and has the adapter put them into words. Such an adapter has

- `asked(request, channel) -> Asked | Denied`: what a call that comes there waits for;
- `spoken(asked, said, channel) -> Spoken`, of what is `ToSpeak`: the answer to it;
- `apology(request, channel) -> Response | None`: the answer where ours is an error, which no caller could hear; None
  where nobody hears the answer, so that the provider may as well ask again. The request has no body here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.channels.contract import Response
from chalicelib.domain.message import Content


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call waits for."""

    address: str
    """Whose call it is: the thread's."""
    after: int = -1
    """Number of the last message of the thread that the call has spoken; -1 where it has to be found out."""
    about: str = ""
    """Then: the provider's id of what the caller said or did, behind which is what they are answered."""
    own_id: str = ""
    """Or: our own id of the message that the call was made for, which is the first to be spoken."""
    since: int = -1
    """`after` as it was before the last answer: what was said between was heard to its end, as the call goes on."""
    waits: bool = True
    """Whether it waits; else it is answered at once, with what was said last where there is nothing new."""
    waited_s: int = 0
    """For how long it has waited, in all of its requests since the caller said something."""
    told: Mapping[str, str] = field(default_factory=dict)
    """The adapter's own."""


@dataclass(frozen=True, slots=True)
class ToSpeak:
    """What was said on the thread that a call is about, as far as it is to be spoken."""

    after: int
    """`Asked.after`, found out; -1 where it was not."""
    new: Sequence[tuple[int, Content]] = ()
    """(number, content) of the messages behind that, oldest first."""
    last: tuple[int, Content] | None = None
    """What the call spoke last, as `new`."""
    with_people: bool = False
    """Whether a desk has the thread: people take longer than bots."""
    waited_s: int = 0
    """As `Asked.waited_s`, with this request."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer to a call, and up to which message it speaks them: the rest did not fit."""

    response: Response
    upto: int = 0

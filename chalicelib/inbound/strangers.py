"""How much those may do whom nobody has let in: visitors of a web chat.

A session is known from its first post on. What is ordinary costs no write: a process counts by itself, and only who
posts more than a person does is counted for all processes together. New sessions are counted for each address that
they come from, as each writes a row anyway.
"""

from __future__ import annotations

import ipaddress

from chalicelib.ports import clock
from chalicelib.ports.web import Problem
from chalicelib.tables import receipts, threads

WINDOW_S = 30
MOST_POSTS = 60
"""Of one session in a window."""
FREE_POSTS = 10
"""Of one session in a window and one process, which nobody else is told of."""
NEW_WINDOW_S = 60
MOST_NEW = 30
"""Sessions begun from one address in their window."""
WAIT_WINDOW_S = 20
MOST_WAITING = 40
"""Polls that wait, begun from one address at one channel in their window. A poll waits as long as the window is, so one
address holds at most twice as many: fewer than there are places."""
FILES_WINDOW_S = 3600
MOST_FILES, MOST_FILES_OF_ADDRESS = 40, 200
"""Places for files that a session, and an address, is given in their window."""
_MOST_KEPT = 10_000
_known: set[str] = set()
_posts: dict[str, tuple[int, int]] = {}
"""Thread -> its window, and the posts in it that this process knows of."""


def forget() -> None:
    """As in a process that has just begun."""
    _known.clear()
    forget_posts()


def forget_posts() -> None:
    """As half a minute later."""
    _posts.clear()


def is_known(thread: str) -> bool:
    """Whether somebody has written in a session: its thread is there, or will be once that is handled."""
    if thread in _known:
        return True
    if threads.get(thread) is None and not receipts.has_session(thread):
        return False
    _remember(thread)
    return True


def admit(channel: str, thread: str, *, address: str, begins: bool) -> None:
    """Let a post of a session in; Problem 429 where it or its address does too much, 404 where the session is unknown
    and the post is none to begin one with.

    `address` is that of the network from which it came.
    """
    now = clock.now_ms()
    _count_post(thread, now)
    if is_known(thread):
        return
    if not begins:
        raise unknown()
    if _is_outside(address):
        _count_new(channel, address, now)
    receipts.keep_session(thread, now_ms=now)
    _remember(thread)


def may_wait(channel: str, address: str) -> bool:
    """Whether a poll from an address may wait for messages, which takes one of few places for as long as it does.

    One that may not is answered at once: a crowd behind one address chats on with a second's delay.
    """
    if not _is_outside(address):
        return True
    now = clock.now_ms()
    window, _ = _window(now, WAIT_WINDOW_S)
    return receipts.count(f"waits#{channel}#{address}#{window}", now_ms=now, keep_s=2 * WAIT_WINDOW_S) <= MOST_WAITING


def admit_files(channel: str, thread: str, files: int, *, address: str) -> None:
    """Let a session put files; Problem 429 where it or its address has put too many."""
    now = clock.now_ms()
    window, left_s = _window(now, FILES_WINDOW_S)
    counted = [(f"files#{thread}#{window}", MOST_FILES)]
    if _is_outside(address):
        counted.append((f"files#{channel}#{address}#{window}", MOST_FILES_OF_ADDRESS))
    for what, most in counted:
        if receipts.count(what, now_ms=now, keep_s=2 * FILES_WINDOW_S, by=files) > most:
            detail = f"{MOST_FILES} files may be sent in an hour"
            raise Problem(429, "too_many_files", detail, headers={"Retry-After": str(left_s)})


def unknown() -> Problem:
    """What a session is answered in which nobody has written."""
    return Problem(404, "unknown_session", "nobody has written in this session: it begins with its first message")


def _remember(thread: str) -> None:
    if len(_known) >= _MOST_KEPT:
        _known.clear()
    _known.add(thread)


def _count_post(thread: str, now: int) -> None:
    window, left_s = _window(now, WINDOW_S)
    begun, posts = _posts.get(thread, (window, 0))
    posts = posts + 1 if begun == window else 1
    if FREE_POSTS < posts <= MOST_POSTS:
        # Who is at the limit in one process stays there without a write.
        told = receipts.count(f"posts#{thread}#{window}", now_ms=now, keep_s=2 * WINDOW_S)
        posts = max(posts, FREE_POSTS + told)
    if len(_posts) >= _MOST_KEPT:
        _posts.clear()
    _posts[thread] = window, posts
    if posts > MOST_POSTS:
        detail = f"a session may post {MOST_POSTS} times in {WINDOW_S} seconds"
        raise Problem(429, "too_many_posts", detail, headers={"Retry-After": str(left_s)})


def _count_new(channel: str, address: str, now: int) -> None:
    window, left_s = _window(now, NEW_WINDOW_S)
    begun = receipts.count(f"new#{channel}#{address}#{window}", now_ms=now, keep_s=2 * NEW_WINDOW_S)
    if begun > MOST_NEW:
        detail = f"from one address {MOST_NEW} sessions may begin in {NEW_WINDOW_S} seconds"
        raise Problem(429, "too_many_sessions", detail, headers={"Retry-After": str(left_s)})


def _window(now: int, length_s: int) -> tuple[int, int]:
    """(number of the window, seconds until the next)."""
    window = now // (length_s * 1000)
    return window, max(1, -(-((window + 1) * length_s * 1000 - now) // 1000))


def _is_outside(address: str) -> bool:
    """Whether a call came from the network: on one machine all visitors have one address, and none is a stranger's."""
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False

"""Scenarios of files: what a provider holds of a message is got, is not given now, or no more; and goes with it."""

from __future__ import annotations

from typing import Any

from tests.crash.rarer import l_number, meta_posts, meta_tells
from tests.crash.scenarios import Scenario
from tests.crash.stage import Stage
from tests.journeys.conftest import answers_with_token
from tests.outside import Heard

PICTURE = b"\x89PNG a lamp"


def z_number(stage: Stage) -> None:
    l_number(stage)
    stage.deployment.bot.answer = answers_with_token
    stage.provider.answer = lambda heard: gives(stage, heard)


def gives(stage: Stage, heard: Heard) -> tuple[int, Any]:
    """Meta has one file, is busy with another when it is first asked for it, and has a third no more."""
    what = heard.path.rpartition("/")[2]
    if what == "file":
        return 200, PICTURE
    if what == "gone":
        return 400, {"error": {"code": 100, "message": "Object does not exist"}}
    if what == "busy" and [one.path for one in stage.provider.heard].count(heard.path) == 1:
        return 500, {}
    return 200, {"url": stage.provider.url.replace("/hook", "/file"), "mime_type": "image/png"}


def sends(stage: Stage, id: str) -> None:
    """A customer sends a picture."""
    meta_posts(stage, f"wamid.{id}", picture(id))


def picture(id: str) -> dict[str, Any]:
    return {"type": "image", "image": {"id": id, "mime_type": "image/png"}}


def deletes(id: str) -> dict[str, Any]:
    return {"type": "revoke", "revoke": {"original_message_id": f"wamid.{id}"}}


def z_picture_comes(stage: Stage) -> None:
    sends(stage, "here")


def z_meta_is_busy(stage: Stage) -> None:
    sends(stage, "busy")
    stage.passes(10)


def z_it_is_gone(stage: Stage) -> None:
    sends(stage, "gone")


def z_message_is_deleted(stage: Stage) -> None:
    meta_posts(stage, "wamid.e1", deletes("here"))
    stage.passes(130)


def z_message_is_deleted_at_once(stage: Stage) -> None:
    meta_tells(stage, "wamid.soon", picture("soon"))
    meta_posts(stage, "wamid.e2", deletes("soon"))
    stage.passes(130)


MEDIA = {
    "media": Scenario(
        (z_picture_comes, z_meta_is_busy, z_it_is_gone, z_message_is_deleted, z_message_is_deleted_at_once),
        ("fan_out", "copy_media", "fire_timer"),
        z_number,
        ("receive_channel", "converse", "deliver", "announce"),
    ),
}

"""What files are by their first bytes, and as what they are handed on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.file_types import HEAD, OCTETS, RUN, found, judged

PNG, JPEG, PDF, ZIP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n", b"PK\x03\x04\x14\0"
OLE, MP4, HEIC, M4A = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0\0\0 ftypisom", b"\0\0\0 ftypheic", b"\0\0\0 ftypM4A "
HTML, SVG = b"\xef\xbb\xbf \n<!-- a --><!DOCTYPE html><title>Sign in", b'<?xml version="1.0"?>\n<svg onload="x()">'
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("head", "said", "kept_as", "is_really"),
    [
        (PNG, "image/png", "image/png", ""),
        (PNG, "IMAGE/PNG; charset=binary", "image/png", ""),
        (JPEG, "image/jpg", "image/jpeg", ""),
        (PNG, "image/jpeg", "image/png", ""),
        (PNG, "", "image/png", ""),
        (b"GIF89a..", OCTETS, "image/gif", ""),
        (b"RIFF....WEBPVP8 ", "image/webp", "image/webp", ""),
        (b"RIFF....WAVEfmt ", "audio/x-wav", "audio/wav", ""),
        (HEIC, "image/heif", "image/heif", ""),
        (b"\0\0\0 ftypavif", "image/avif", "image/avif", ""),
        (PDF, "application/x-pdf", "application/pdf", ""),
        (ZIP, DOCX, DOCX, ""),
        (ZIP, "application/zip", "application/zip", ""),
        (OLE, "application/msword", "application/msword", ""),
        (MP4, "video/3gpp", "video/3gpp", ""),
        (MP4, "audio/mp4", "audio/mp4", ""),
        (M4A, "audio/x-m4a", "audio/mp4", ""),
        (b"OggS\0\2", "audio/ogg; codecs=opus", "audio/ogg", ""),
        (b"OggS\0\2", "audio/mpeg", "audio/ogg", ""),
        (b"\x1aE\xdf\xa3\x01", "audio/webm", "audio/webm", ""),
        (b"ID3\x04\0", "audio/mpeg", "audio/mpeg", ""),
        (b"\xff\xfb\x90d\0", "audio/mpeg", "audio/mpeg", ""),
        (b"\xff\xf1P\x80", "audio/aac", "audio/aac", ""),
        (b"#!AMR\n<", "audio/amr", "audio/amr", ""),
        (b"\0\0\0\0\0\0\0", "audio/mpeg", "audio/mpeg", ""),
        (b"name,age\nAna,7\n", "text/csv", "text/csv", ""),
        ("Größe".encode(), "text/plain", "text/plain", ""),
        ("Größe".encode("latin-1") + b" of it", "text/plain", "text/plain", ""),
        (b"\xff\xfeh\0i\0", "text/plain", "text/plain", ""),
        (b'{"a":1}', "application/json", "application/json", ""),
        (b"BEGIN:VCARD", "text/vcard", "text/vcard", ""),
        (b"a < b and <b>bold</b>", "text/plain", "text/plain", ""),
        # What a browser or a computer would run is a download, whatever it calls itself; and said of it where it lies.
        (HTML, "image/png", OCTETS, "text/html"),
        (b"<html ", "video/mp4", OCTETS, "text/html"),
        (HTML, "text/html", OCTETS, ""),
        (HTML, "", OCTETS, ""),
        (HTML, "text/plain", OCTETS, "text/html"),
        (SVG, "image/png", OCTETS, "image/svg+xml"),
        (SVG, "image/svg+xml", OCTETS, ""),
        (b"<?php echo 1;", "image/gif", OCTETS, "application/x-sh"),
        (b"#!/bin/sh\n", "application/pdf", OCTETS, "application/x-sh"),
        (b"MZ\x90\0\3", "image/jpeg", OCTETS, "application/x-executable"),
        (b"MZ\x90\0\3", "application/x-msdownload", OCTETS, ""),
        (b"\x7fELF\2", "audio/ogg", OCTETS, "application/x-executable"),
        # Something else that does nobody harm is handed on as what it is.
        (PDF, "image/png", "application/pdf", "application/pdf"),
        (b'{"error":"gone"}', "image/jpeg", "text/plain", "text/plain"),
        (b"not found", "audio/ogg", "text/plain", "text/plain"),
        (b"\0\1\2\3", "image/png", OCTETS, OCTETS),
        (b"\0\1\2\3", "application/x-thing", OCTETS, ""),
        (ZIP, "application/java-archive", "application/zip", "application/zip"),
        (ZIP, "application/vnd.android.package-archive", OCTETS, ""),
    ],
)
def test_a_file_is_handed_on_as_what_it_is(head: bytes, said: str, kept_as: str, is_really: str) -> None:
    told = judged(head, said)
    assert (told.mime_type, told.is_really) == (kept_as, is_really)


@given(st.binary(max_size=HEAD), st.sampled_from(["", OCTETS, "image/png", "text/html", "text/plain", "é/x", DOCX]))
def test_nothing_that_runs_is_handed_on_as_itself(head: bytes, said: str) -> None:
    told = judged(head, said)
    assert told.mime_type not in RUN
    assert not (found(head) in RUN and told.mime_type != OCTETS)

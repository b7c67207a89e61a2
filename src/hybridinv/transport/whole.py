"""Reading an answer to its end, where that end is within reason: a few bytes can unpack to more than a machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from hybridinv.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 256 * 2**20
"""Bytes of one unpacked answer: ARM's longest pages are some 16 MB."""
LARGEST_STREAM = 2**30
"""Bytes of one unpacked answer that is read while it arrives, and never held whole."""
_PACKED = ("identity", "gzip", "deflate")
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")


def whole(response: httpx.Response) -> httpx.Response:
    """The answer with its body unpacked; `UnexpectedAnswer` where that is more than `LARGEST` bytes."""
    pieces = [*unpacked(response, LARGEST)]
    headers = [(name, text) for name, text in response.headers.multi_items() if name.lower() not in _OF_THE_WIRE]
    return httpx.Response(
        response.status_code,
        headers=headers,
        content=b"".join(pieces),
        request=response.request,
        extensions={name: value for name, value in response.extensions.items() if name != "network_stream"},
        default_encoding=response.default_encoding,
    )


def unpacked(response: httpx.Response, most: int = LARGEST_STREAM) -> Iterator[bytes]:
    """The pieces of the body, unpacked, as they arrive; `UnexpectedAnswer` where they are more than `most` bytes.

    Packings that were not asked for are refused: one inside another, or brotli, can unpack a million times.
    """
    path = response.request.url.path
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing and packing not in _PACKED:
        raise UnexpectedAnswer(
            f"{path}: the answer is packed as {packing!r:.40}, which was not asked for",
            remedy="check what stands between you and the endpoint",
        )
    length = 0
    for piece in response.iter_bytes():
        length += len(piece)
        if length > most:
            raise UnexpectedAnswer(
                f"{path}: the answer is longer than {most >> 20} MiB",
                remedy="check what stands between you and the endpoint",
            )
        yield piece

"""What endpoints and those between do wrong: functions that spoil a reply."""

import json
import socket
import struct
import threading
import zlib


class Reply:
    """An answer before it goes out."""

    def __init__(self, status, body, headers=None):
        self.status, self.body, self.headers = status, body, headers or {}

    @classmethod
    def json(cls, status, value, **headers):
        headers = {name.replace("_", "-"): str(text) for name, text in headers.items()}
        # Microsoft.Compute indents its JSON.
        return cls(status, json.dumps(value, indent=2).encode(), {"Content-Type": "application/json", **headers})

    def send(self, handler):
        self.head(handler, {"Content-Length": str(len(self.body))})
        handler.wfile.write(self.body)

    def head(self, handler, headers):
        handler.send_response(self.status)
        for name, text in {"x-ms-request-id": "req-42", **self.headers, **headers}.items():
            handler.send_header(name, text)
        handler.end_headers()


class TooLong(Reply):
    """Says there is more than there is, then hangs up."""

    def send(self, handler):
        self.head(handler, {"Content-Length": str(len(self.body) + 100)})
        handler.wfile.write(self.body)
        handler.close_connection = True


class CutChunks(Reply):
    """Hangs up in the middle of a chunked body."""

    def send(self, handler):
        self.head(handler, {"Transfer-Encoding": "chunked"})
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(self.body) // 2, self.body[: len(self.body) // 2]))
        handler.close_connection = True


class Reset(Reply):
    """Breaks the connection without an answer."""

    def send(self, handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        socket.socket.close(handler.connection)


class HangUp(Reply):
    """Closes the connection politely, without an answer."""

    def send(self, handler):
        handler.close_connection = True


class Trickle(Reply):
    """A byte at a time, for ever so long; `gone` is set when the client has left."""

    pause = 0.05

    def send(self, handler):
        self.head(handler, {"Content-Length": str(len(self.body))})
        for position in range(len(self.body)):
            handler.wfile.write(self.body[position : position + 1])
            if threading.Event().wait(self.pause):
                return


class Silence(Reply):
    """No answer at all while the client is there."""

    def send(self, handler):
        handler.connection.settimeout(10)
        handler.rfile.read(1)
        handler.close_connection = True


def fault(status, code, message, **headers):
    """An error in ARM's form."""
    return Reply.json(status, {"error": {"code": code, "message": message}}, **headers)


def refused(status, code, message="no", **headers):
    return lambda _: fault(status, code, message, **headers)


def throttled(retry_after=None):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return refused(429, "TooManyRequests", "Please slow down", **headers)


def forbidden(action="Microsoft.Compute/virtualMachines/read"):
    text = (
        "The client 'reader' with object id '0' does not have authorization to perform action "
        f"'{action}' over scope '/subscriptions/sub-2' or the scope is invalid."
    )
    return refused(403, "AuthorizationFailed", text)


def redirected(to):
    return lambda _: Reply(302, b"", {"Location": to})


def html(_):
    page = b"<html><head><title>Sign in to the guest network</title></head><body>hello</body></html>"
    return Reply(200, page, {"Content-Type": "text/html"})


def cut_json(reply):
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)


def as_kind(kind):
    """The same reply, sent by another class of this module."""
    return lambda reply: kind(reply.status, reply.body, reply.headers)


def edited(change):
    """The reply with its JSON changed; `change` gets the value and changes it in place, or gives another."""

    def spoil(reply):
        value = json.loads(reply.body)
        changed = change(value)
        return Reply.json(reply.status, value if changed is None else changed)

    return spoil


class Bomb(Reply):
    """Ten megabytes of gzip that unpack to ten gigabytes."""

    def send(self, handler):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        # After a full flush the same block can follow itself, as often as one likes.
        block = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
        times = 10 * 2**30 // 2**20
        self.head(handler, {"Content-Encoding": "gzip", "Content-Length": str(10 + len(block) * times)})
        handler.wfile.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")
        for _ in range(times):
            handler.wfile.write(block)


class Endless(Reply):
    """A body that does not end."""

    def send(self, handler):
        self.head(handler, {"Transfer-Encoding": "chunked"})
        while True:
            handler.wfile.write(b"100000\r\n" + b" " * 2**20 + b"\r\n")


def packed_as(encoding):
    return lambda reply: Reply(reply.status, reply.body, {**reply.headers, "Content-Encoding": encoding})


def moved(status, to):
    """A redirect of any kind."""
    return lambda _: Reply(status, b"", {"Location": to})


def long_error(status=500, size=10 * 2**20, text="went wrong "):
    return refused(status, "InternalServerError", text * (size // len(text)))


def raw(body, status=200):
    """These bytes in place of the answer."""
    return lambda _: Reply(status, body, {"Content-Type": "application/json"})


def rewritten(change):
    """The reply with the bytes of its body changed, where JSON itself cannot say it."""
    return lambda reply: Reply(reply.status, change(reply.body), reply.headers)

"""TLS contexts: verified by default, with a CA file, or pinned to one certificate."""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
from typing import TYPE_CHECKING, Any

from hybridinv.errors import TLSFailed

if TYPE_CHECKING:
    from os import PathLike

_DIGESTS = {40: "sha1", 64: "sha256", 128: "sha512"}
_LABEL = re.compile(r"(sha)-?(1|256|512)(?: *fingerprint)?[=:]", re.IGNORECASE)
_BETWEEN = re.compile("[\\s:\\u200e-]")  # Windows' certificate dialog puts a U+200E before what is copied from it


def tls_context(
    *, verify: bool = True, ca_file: str | PathLike[str] | None = None, thumbprint: str | None = None
) -> ssl.SSLContext:
    """A client context: the system's and certifi's CAs, and `ca_file` beside them; or one pinned certificate.

    `thumbprint` is as `digest_of` takes it; the certificate is then trusted whoever signed it, and no other is.
    `verify=False` trusts anybody.
    """
    if thumbprint is not None:
        return _Pinned.to(thumbprint)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    import certifi

    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise TLSFailed(
                f"ca_file {ca_file} cannot be used: {error}", remedy="give a file of certificates in PEM form"
            ) from error
    return context


def digest_of(thumbprint: str) -> tuple[str, str]:
    """The algorithm and the hex digits of a thumbprint, as vCenter, `openssl x509 -fingerprint` and Windows print it.

    That is the SHA-256 (or SHA-1, SHA-512) digest of the server's certificate, with or without its label, colons,
    dashes and blanks. `TLSFailed` where it is none.
    """
    text = thumbprint.strip() if isinstance(thumbprint, str) else ""
    label = _LABEL.match(text)
    digest = _BETWEEN.sub("", text[label.end() :] if label else text).lower()
    algorithm = _DIGESTS.get(len(digest))
    said = "".join(label.groups()).lower() if label else algorithm
    if algorithm is None or said != algorithm or set(digest) - set("0123456789abcdef"):
        raise TLSFailed(
            f"{thumbprint!r:.140} is not a thumbprint",
            remedy="give the text that `openssl x509 -noout -fingerprint -sha256` prints",
        )
    return algorithm, digest


class _Pinned(ssl.SSLContext):
    """Checks the peer's certificate right after the handshake, before a byte of ours goes out."""

    _digest: str
    _algorithm: str

    @classmethod
    def to(cls, thumbprint: str) -> _Pinned:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context._algorithm, context._digest = digest_of(thumbprint)
        return context

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        connection = super().wrap_socket(*arguments, **options)
        certificate = connection.getpeercert(binary_form=True) or b""
        found = hashlib.new(self._algorithm, certificate).hexdigest()
        if not hmac.compare_digest(found, self._digest):
            connection.close()
            shown = ":".join(found[i : i + 2] for i in range(0, len(found), 2)).upper()
            raise ssl.SSLCertVerificationError(f"thumbprint mismatch: the server's certificate has {shown}")
        return connection

    def wrap_bio(self, *_: Any, **__: Any) -> ssl.SSLObject:
        raise ssl.SSLError("a pinned certificate cannot be checked through an HTTPS proxy")

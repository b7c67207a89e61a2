"""TLS contexts: verified by default, with a CA file, or pinned to one certificate."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import warnings
from typing import TYPE_CHECKING, Any

from hybridinv.errors import TLSFailed

if TYPE_CHECKING:
    from os import PathLike

_DIGESTS = {40: "sha1", 64: "sha256", 128: "sha512"}


def tls_context(
    *, verify: bool = True, ca_file: str | PathLike[str] | None = None, thumbprint: str | None = None
) -> ssl.SSLContext:
    """A client context: the system's and certifi's CAs, and `ca_file` beside them; or one pinned certificate.

    `thumbprint` is the SHA-256 (or SHA-1, SHA-512) digest of the server's certificate in hex, with or without colons,
    as vCenter and `openssl x509 -fingerprint` print it; the certificate is then trusted whoever signed it, and no
    other is. `verify=False` trusts anybody and warns once.
    """
    if thumbprint:
        return _Pinned.to(thumbprint)
    context = ssl.create_default_context()
    if not verify:
        warnings.warn(
            "verify=False: whoever sits between can read the password; pass ca_file= or thumbprint= instead",
            stacklevel=2,
        )
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


class _Pinned(ssl.SSLContext):
    """Checks the peer's certificate right after the handshake, before a byte of ours goes out."""

    _digest: str
    _algorithm: str

    @classmethod
    def to(cls, thumbprint: str) -> _Pinned:
        digest = thumbprint.replace(":", "").replace(" ", "").lower()
        if len(digest) not in _DIGESTS or any(letter not in "0123456789abcdef" for letter in digest):
            raise TLSFailed(
                f"{thumbprint!r} is not a thumbprint",
                remedy="give the hex digest that `openssl x509 -noout -fingerprint -sha256` prints",
            )
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context._digest, context._algorithm = digest, _DIGESTS[len(digest)]
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

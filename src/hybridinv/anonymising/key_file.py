"""The key of an anonymised copy: what turns names into pseudonyms, and which pseudonym stands for which name."""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING

from hybridinv.anonymising.pseudonyms import Pseudonyms
from hybridinv.errors import InventoryFileError

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT, _VERSION = "hybridinv-anonymisation-key", 1
_SECRET_BYTES = 32
_REMEDY = "give the file that an earlier copy was made with, or one that is not there yet"


def new_key() -> Pseudonyms:
    """Pseudonyms that nobody has seen before."""
    return Pseudonyms(secrets.token_bytes(_SECRET_BYTES))


def read_key(path: Path) -> Pseudonyms:
    """The pseudonyms of that file, new ones where there is none; `InventoryFileError` where it is something else."""
    try:
        body = json.loads(path.read_bytes())
        if (body["format"], body["version"]) != (_FORMAT, _VERSION):
            raise InventoryFileError(f"{path} is not a key of this library", remedy=_REMEDY)
        secret = bytes.fromhex(body["secret"])
        if len(secret) < _SECRET_BYTES or not isinstance(body["real"], dict):
            raise InventoryFileError(f"{path} is not a key of this library", remedy=_REMEDY)
        return Pseudonyms(secret, body["real"])
    except FileNotFoundError:
        return new_key()
    except OSError as error:
        raise InventoryFileError(f"cannot read {path}: {error.strerror}", remedy=_REMEDY) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InventoryFileError(f"{path} is not a key of this library", remedy=_REMEDY) from error


def write_key(path: Path, pseudonyms: Pseudonyms, *, is_new: bool) -> None:
    """Write the file, whole or not at all, for its owner's eyes alone; a new one never over another's."""
    body = {
        "format": _FORMAT,
        "version": _VERSION,
        "secret": pseudonyms.secret.hex(),
        "real": pseudonyms.real,
    }
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        try:
            if is_new:
                os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            # Nobody else may read it even while it is written.
            number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "w", encoding="utf-8", errors="surrogatepass") as file:
                json.dump(body, file, indent=1, ensure_ascii=True)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError as error:
        raise InventoryFileError(f"somebody else has just made {path}", remedy="ask again: it is read now") from error
    except OSError as error:
        raise InventoryFileError(
            f"cannot write {path}: {error.strerror or error}", remedy="give a file in a folder that can be written"
        ) from error

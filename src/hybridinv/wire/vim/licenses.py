"""`LicenseManager.licenses` → licences, without their keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import License
from hybridinv.wire.reading import Body
from hybridinv.wire.secrets import mask_license_key

if TYPE_CHECKING:
    from datetime import datetime

    from hybridinv.wire.vim.tree import Tree

_KEY = re.compile(r"\b(?:[0-9a-z]{5}-){4}([0-9a-z]{5})\b", re.IGNORECASE)
_EVALUATION = "00000-00000-00000-00000-00000"
_MOREF = re.compile(r"(?:host|domain)-[cs]?\d+")


def read_licenses(
    licenses: Iterable[Mapping[str, Any]], tree: Tree, assignments: Iterable[Mapping[str, Any]] = ()
) -> list[License]:
    """The licences of a vCenter; `assignments` are those of `QueryAssignedLicenses`, for what each is assigned to."""
    assigned: dict[str, list[str]] = {}
    for one in map(Body, assignments):
        entity = one.text("entityId")
        entity_id = tree.id_of(entity) if _MOREF.fullmatch(entity) else entity
        assigned.setdefault(_identity(one.at("assignedLicense")), []).append(entity_id)
    found: dict[str, License] = {}
    for value in licenses:
        license_ = read_license(value, tree, assigned.get(_identity(Body(value)), ()))
        first, number = license_.id, 1
        while license_.id in found:
            number += 1
            license_ = attrs.evolve(license_, id=f"{first}-{number}")
        found[license_.id] = license_
    return list(found.values())


def read_license(value: Mapping[str, Any], tree: Tree, assigned_ids: Iterable[str] = ()) -> License:
    """A licence; of its key only the last five characters are kept, in whichever field it stands."""
    body = Body(value)
    key = body.text("licenseKey")
    properties = list(body.each("properties"))
    labels = {label.text("key"): _redacted(label.text("value")) for label in body.each("labels")}
    total = body.number("total")
    license_id = tree.id_of(f"license-{hashlib.sha256(_identity(body).encode()).hexdigest()[:12]}")
    fields: dict[str, Any] = {
        "name": _redacted(body.text("name")),
        "key": _redacted(key) if _KEY.fullmatch(key) else "",
        "edition": _redacted(body.text("editionKey")),
        "state": "evaluation" if key == _EVALUATION else "",
        # None and 0 are both without a limit.
        "total": total or None,
        "used": body.number("used"),
        "unit": _redacted(body.text("costUnit")),
        "expires_at": _expiry(properties),
        "features": tuple(_features(properties)),
        "labels": labels,
    }
    body.notes[:] = map(_redacted, body.notes)
    return License(
        id=license_id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        assigned_ids=tuple(dict.fromkeys(assigned_ids)),
        **fields,
        problems=body.problems(tree.origin, "licenses", license_id),
    )


def _identity(body: Body) -> str:
    """What tells licences apart, the same for a key and for a masked one; without a key, the other fields."""
    quiet = Body(body.value)
    key = quiet.text("licenseKey")
    if _KEY.fullmatch(key):
        return f"{quiet.text('editionKey')} {mask_license_key(key.upper())}"
    return " ".join(map(quiet.text, ("editionKey", "name", "costUnit", "total")))


def _redacted(text: str) -> str:
    return _KEY.sub(r"\1", text)


def _expiry(properties: Iterable[Body]) -> datetime | None:
    ends = (entry.moment("value") for entry in properties if entry.text("key") == "expirationDate")
    return next(ends, None)


def _features(properties: Iterable[Body]) -> Iterator[str]:
    """What it allows: each a pair of a key and what a person calls it, or a text alone."""
    for entry in properties:
        if entry.text("key") != "feature":
            continue
        pair = isinstance(entry.look("value"), Mapping)
        if feature := entry.text("value.value", "value.key") if pair else entry.text("value"):
            yield _redacted(feature)

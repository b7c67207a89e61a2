"""The snapshots of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import Snapshot

if TYPE_CHECKING:
    from hybridinv.wire.vim.fields import Fields
    from hybridinv.wire.vim.layout import Layout


def read_snapshots(fields: Fields, layout: Layout | None) -> tuple[Snapshot, ...]:
    """Its snapshots, parents before children; a child is joined to its parent by reference, as names repeat."""
    if fields.get("snapshot") is None:
        return ()
    tree = fields.at("snapshot")
    current = tree.text("currentSnapshot")
    found = []
    todo = [(node, "", "") for node in reversed(_nodes(tree, "rootSnapshotList"))]
    while todo:
        node, parent, parent_id = todo.pop()
        name, moref, state = node.text("name"), node.text("snapshot"), node.text("state")
        is_current = bool(moref) and moref == current
        found.append(
            Snapshot(
                name=name,
                created_at=node.moment("createTime"),
                description=node.text("description"),
                size_bytes=layout.of_snapshot(moref, parent_id, is_current=is_current) if layout else None,
                parent=parent,
                native_id=moref,
                parent_id=parent_id,
                is_current=is_current,
                power_state=state,
                quiesced=node.truth("quiesced"),
                has_memory=_has_memory(layout, moref, state),
            )
        )
        todo.extend((child, name, moref) for child in reversed(_nodes(node, "childSnapshotList")))
    return tuple(found)


def _nodes(fields: Fields, name: str) -> list[Fields]:
    return fields.each(name) if fields.get(name) else []


def _has_memory(layout: Layout | None, moref: str, state: str) -> bool | None:
    with_file = layout.has_memory(moref) if layout else None
    return None if with_file is False and state != "poweredOff" else with_file

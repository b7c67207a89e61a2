"""What a sheet is: which rows it has, and what stands in their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hybridinv.model import Tags
    from hybridinv.report.rvtools_estate import VSphereEstate


class Sheet(NamedTuple):
    """A sheet of the workbook; columns that RVTools has and `columns` has not are left empty."""

    name: str
    rows: Callable[[VSphereEstate], Iterable[Any]]
    columns: Mapping[str, Callable[[Any], object]]
    attributes: Callable[[Any], Tags] | None = None
    """The custom attributes of a row, where the sheet has a place for them."""
    types: Mapping[str, str] | None = None
    """All columns and the types of their cells; None for a sheet of RVTools, which `rvtools_columns.toml` has."""

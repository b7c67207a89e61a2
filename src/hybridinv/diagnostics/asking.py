"""One machine's requests to an account: how many were made, and what they have told so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.transport.storage import NoTable, Page, Pages, TableAccount

if TYPE_CHECKING:
    from collections.abc import Sequence


@attrs.define
class Asking(Pages):
    """An account as it is asked for one machine, with at most so many requests where more would be for little."""

    account: TableAccount
    most: int | None
    count: int = 0
    spelled: list[str] = attrs.field(factory=list)
    """The spellings of the machine's id that were found in keys."""
    absent: dict[str, NoTable] = attrs.field(factory=dict)

    def page(
        self, table: str, where: str, columns: Sequence[str], begin: tuple[str, str] | None = None, most: int = 0
    ) -> Page:
        """One page; a table that was not there is not asked for again."""
        if known := self.absent.get(table):
            raise NoTable(known.message, remedy=known.remedy)
        self.count += 1
        try:
            return self.account.page(table, where, columns, begin, most)
        except NoTable as error:
            self.absent[table] = error
            raise

    def may(self, spare: int = 0) -> bool:
        """Whether one more request may be made, and so many are left after it."""
        return self.most is None or self.count + spare < self.most

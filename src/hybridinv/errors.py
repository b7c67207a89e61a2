"""Every exception of hybridinv.

HybridInvError                 what went wrong, and what to do next
├── EndpointError              an endpoint did not give what was asked (source, operation, request_id)
│   ├── ConnectFailed          nothing answers there
│   ├── TLSFailed              something answers, but its certificate is not trusted
│   ├── AuthenticationFailed   the endpoint does not accept who we say we are
│   │   └── SessionExpired     a vCenter ends each new session too, or what native() gave is of an old one
│   ├── AccessDenied           it knows us, and says no (missing: what we lack)
│   ├── Throttled              too many requests, and no time left to wait (retry_after, seconds)
│   ├── DeadlineExceeded       the caller's deadline passed
│   └── ServerFault            the endpoint failed
├── UnexpectedAnswer           a body we cannot read (path: where in it)
│   └── TruncatedAnswer        fewer than the endpoint said there are
├── NotSupported               this source does not have that (reason)
├── NotFound                   no record or resource of that id
├── MultipleMatches            a name that more than one record has
├── UnknownField               a filter on a field that the record does not have (also a TypeError)
├── QueryFailed                SQL that cannot be answered
├── MissingExtra               an optional library is not installed (extra)
├── IncompleteInventory        an inventory with problems, in its strict form (problems)
├── EstateError                hybridinv.toml cannot be used
├── InventoryFileError         a saved inventory cannot be read
└── TapeMismatch               a tape does not hold what was asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridinv.model.findings import Problem


class HybridInvError(Exception):
    """The root of all errors; `message` says what happened, `remedy` what to do next."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message: str = _printable(message)
        self.remedy: str = _printable(remedy)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries (executors); their keyword arguments must come along.
        return (_rebuild, (type(self), self.args, self.__dict__))


def _printable(text: str) -> str:
    """On one line, without escape sequences and marks that turn the direction: some of it is a server's text."""
    if text.isprintable():
        return text
    spaced = (" " if letter.isspace() else letter for letter in text)
    return "".join(letter for letter in spaced if letter.isprintable())


def _rebuild(kind: type[HybridInvError], args: tuple[object, ...], state: dict[str, object]) -> HybridInvError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class EndpointError(HybridInvError):
    """An endpoint did not give what was asked of it."""

    def __init__(
        self, message: str, *, source: str = "", operation: str = "", request_id: str = "", remedy: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.source: str = source
        self.operation: str = operation
        self.request_id: str = request_id


class ConnectFailed(EndpointError):
    """Nothing answers at that address: wrong name, closed port, no route, a proxy in between."""


class TLSFailed(EndpointError):
    """The server's certificate is not trusted, or is not the pinned one."""


class AuthenticationFailed(EndpointError):
    """The endpoint does not accept the user name, password or token."""


class AccessDenied(EndpointError):
    """The account may not read this; `missing` names the privilege or role where the endpoint says it."""

    def __init__(self, message: str, *, missing: str = "", **where: str) -> None:
        super().__init__(message, **where)
        self.missing: str = _printable(missing)


class SessionExpired(AuthenticationFailed):
    """The server has ended the session, and ends each new one too; or what `native` gave is of an old one."""


class Throttled(EndpointError):
    """The endpoint asks for a pause (`retry_after`, seconds) that does not fit in the deadline."""

    def __init__(self, message: str, *, retry_after: float | None = None, **where: str) -> None:
        super().__init__(message, **where)
        self.retry_after: float | None = retry_after


class DeadlineExceeded(EndpointError):
    """The caller's deadline passed before the answer was complete."""


class ServerFault(EndpointError):
    """The endpoint answered with a fault of its own; `status` is the HTTP status where there is one."""

    def __init__(self, message: str, *, status: int = 0, **where: str) -> None:
        super().__init__(message, **where)
        self.status: int = status


class UnexpectedAnswer(HybridInvError):
    """A body that cannot be read; `path` says where in it."""

    def __init__(self, message: str, *, path: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.path: str = path


class TruncatedAnswer(UnexpectedAnswer):
    """Fewer records arrived than the endpoint said there are."""


class NotSupported(HybridInvError):
    """A source does not have that; `reason` says why."""

    def __init__(self, reason: str, *, remedy: str = "") -> None:
        super().__init__(reason, remedy=remedy)
        self.reason: str = self.message


class NotFound(HybridInvError):
    """No record or resource of that id; `code` is the endpoint's own word for that, where it gave one.

    `is_foreign` says that the answer was not in the endpoint's form: somebody on the way may have given it.
    """

    code: str = ""
    is_foreign: bool = False


class MultipleMatches(HybridInvError):
    """A name that more than one record has."""


class UnknownField(HybridInvError, TypeError):
    """A filter on a field that the record does not have."""


class QueryFailed(HybridInvError):
    """SQL that cannot be answered."""


class MissingExtra(HybridInvError):
    """An optional library is not installed; `extra` is the one that brings it."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"this needs {library}, which is not installed", remedy=f"pip install 'hybridinv[{extra}]'")
        self.extra: str = extra


class IncompleteInventory(HybridInvError):
    """The strict form of an inventory with problems; `problems` holds them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        shown = 10
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(
            f"{count}: " + "; ".join(f"{problem!s:.300}" for problem in problems[:shown]),
            remedy=f"and {len(problems) - shown} more, see .problems" if len(problems) > shown else "",
        )
        self.problems: tuple[Problem, ...] = tuple(problems)


class EstateError(HybridInvError):
    """hybridinv.toml cannot be used as it is."""


class InventoryFileError(HybridInvError):
    """A saved inventory cannot be read."""


class TapeMismatch(HybridInvError):
    """A tape does not hold what was asked of it, or does not play back what was recorded."""

"""hybridinv.toml: the sources of an estate, and where their secrets are.

A source's keys are its adapter's arguments, read from the signature of the constructor: an adapter that gains
an argument gains a key.
"""

from __future__ import annotations

import difflib
import inspect
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import EstateError, HybridInvError, MissingExtra
from hybridinv.platforms import PLATFORMS

if TYPE_CHECKING:
    from hybridinv.platforms.adapter import Adapter
    from hybridinv.transport.client import Wire
    from hybridinv.transport.tokens import Credential

_TAPE = "tape"
_SECRET = re.compile(r"(^|_)(password|passphrase|secret|token|key)$")
_FORMS = '{ env = "NAME" }, { file = "/run/secrets/name" } or { keyring = "service", user = "name" }'
_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def open_estate(path: str | os.PathLike[str]) -> list[Adapter]:
    """The adapters of all sources in an estate file, in its order; `EstateError` says what is wrong with it.

    Secrets are fetched now, from where the file says they are. No endpoint is asked: that is what `collect` does.
    """
    return [_adapter(table) for table in _sources(Path(path)).values()]


def open_source(path: str | os.PathLike[str], name: str) -> Adapter:
    """The adapter of one source, by its name in the file; the secrets of the others are not touched."""
    sources = _sources(Path(path))
    if name not in sources:
        raise EstateError(f"{path} has no source {name!r}", remedy=_nearest(name, sources, "its sources"))
    return _adapter(sources[name])


@attrs.frozen(repr=False)
class _Table:
    """A table of the file; it knows its place, so that every complaint can name it. It may hold secrets."""

    file: Path
    place: str
    values: Mapping[str, Any]

    def fault(self, what: str, remedy: str) -> EstateError:
        return EstateError(": ".join(part for part in (str(self.file), self.place, what) if part), remedy=remedy)

    def allow(self, known: Iterable[str], required: Iterable[str] = ()) -> None:
        known = list(known)
        for key in self.values:
            if key not in known:
                raise self.fault(f"unknown key {key!r}", _nearest(key, known, "the keys here"))
        for key in required:
            if key not in self.values:
                raise self.fault(f"{key} is missing", f"add {key} = {self._example(key)}")

    def _example(self, key: str) -> str:
        return '{ env = "NAME" }' if _SECRET.search(key) else '"…"'

    def inner(self, key: str) -> _Table:
        value = self.values[key]
        if not isinstance(value, Mapping):
            raise self.fault(f"{key} must be a table", f"write [{'.'.join(filter(None, (self.place, key)))}]")
        return _Table(self.file, ".".join(filter(None, (self.place, key))), value)

    def get(self, key: str, hint: str) -> Any:
        """The value of a key, as a parameter with that annotation takes it."""
        words = re.findall(r"\w+", hint)
        if _SECRET.search(key):
            return self._secret(key)
        if "PathLike" in words:
            return self.path(key)
        if "Iterable" in words:
            return self._strings(key)
        return self._scalar(key, [one for one in _TYPES if one.__name__ in words])

    def text(self, key: str) -> str:
        return str(self._scalar(key, [str]))

    def path(self, key: str) -> Path:
        """An existing file or folder; relative paths start at the estate file."""
        found = self.file.parent / Path(self.text(key)).expanduser()
        if not found.exists():
            raise self.fault(f"{key}: {found} is not there", "relative paths start at the folder of the estate file")
        return found

    def _scalar(self, key: str, wanted: list[type]) -> Any:
        value = self.values[key]
        if type(value) is int and int not in wanted and float in wanted:
            value = float(value)
        if type(value) not in wanted:
            names = " or ".join(_TYPES[one] for one in wanted)
            raise self.fault(f"{key} must be {names}, it is {_kind(value)}", "see docs/estate-file.md")
        if value == "":
            raise self.fault(f"{key} is empty", "give a value, or remove the key")
        return value

    def _strings(self, key: str) -> list[str]:
        value = self.values[key]
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.fault(f"{key} must be a list of strings", f'write {key} = ["…", "…"]')
        if not value:
            raise self.fault(f"{key} is empty", "give at least one, or remove the key to mean all")
        return value

    def _secret(self, key: str) -> str:
        if not isinstance(self.values[key], Mapping):
            raise self.fault(f"{key} must not be written out in this file", f"use {key} = {_FORMS}")
        table = self.inner(key)
        table.allow(("env", "file", "keyring", "user"))
        forms = [form for form in ("env", "file", "keyring") if form in table.values]
        if len(forms) != 1 or ("user" in table.values) != (forms == ["keyring"]):
            raise table.fault("this is none of the three forms of a secret", f"use {_FORMS}")
        secret: str = {"env": _from_env, "file": _from_file, "keyring": _from_keyring}[forms[0]](table)
        if not secret:
            raise table.fault("the secret is empty", f"put it where {forms[0]} says")
        return secret


def _from_env(table: _Table) -> str:
    name = table.text("env")
    if not re.fullmatch(r"[A-Za-z_]\w*", name):  # perhaps the secret itself: do not repeat it
        raise table.fault("env must be the name of a variable", f"use {_FORMS}")
    if name not in os.environ:
        raise table.fault(f"the environment variable {name} is not set", f"set {name} and run again")
    return os.environ[name]


def _from_file(table: _Table) -> str:
    path = table.path("file")
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise table.fault(f"cannot read {path}: {error.strerror}", "check the file and who may read it") from None
    except UnicodeDecodeError:
        raise table.fault(f"{path} is not text in UTF-8", "write the secret alone into the file") from None


def _from_keyring(table: _Table) -> str:
    service, user = table.text("keyring"), table.text("user")
    try:
        import keyring.errors
    except ImportError:
        raise MissingExtra("keyring", "keyring") from None
    remedy = f"store it with: keyring set {service} {user}"
    try:
        secret = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise table.fault(f"the keyring cannot be read: {_first_line(error)}", remedy) from None
    if secret is None:
        raise table.fault(f"the keyring has no secret of {user!r} for {service!r}", remedy)
    return str(secret)


def _sources(file: Path) -> dict[str, _Table]:
    """The tables of the sources, by name."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise EstateError(f"cannot read {file}: {error.strerror}", remedy="give the path of an estate file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EstateError(f"{file} is not TOML: {error}", remedy="see https://toml.io") from None
    top = _Table(file, "", values)
    top.allow(["sources"])
    sources = top.inner("sources") if "sources" in values else top
    if not sources.values:
        raise EstateError(
            f"{file} has no sources", remedy='add [sources.vc01] with platform = "vsphere" and host = "…"'
        )
    return {name: sources.inner(name) for name in sources.values}


def _adapter(table: _Table) -> Adapter:
    if "platform" not in table.values and _TAPE not in table.values:
        table.allow(table.values, ["platform"])
    platform = table.text("platform") if "platform" in table.values else _TAPE
    try:
        if platform == _TAPE:
            return _replayed(table)
        if platform not in PLATFORMS:
            names = [*PLATFORMS, _TAPE]
            raise table.fault(f"unknown platform {platform!r}", _nearest(platform, names, "the platforms"))
        return _constructed(table, PLATFORMS[platform].load())
    except (EstateError, MissingExtra):
        raise
    except HybridInvError as error:
        raise table.fault(error.message, error.remedy) from error


def _replayed(table: _Table) -> Adapter:
    from hybridinv.tapes import replay

    table.allow(["platform", _TAPE], [_TAPE])
    return replay(table.path(_TAPE))


def _constructed(table: _Table, adapter: type[Adapter]) -> Adapter:
    parameters = dict(inspect.signature(adapter).parameters)
    del parameters["transport"]
    required = [name for name, one in parameters.items() if one.default is one.empty]
    table.allow(["platform", *parameters], required)
    plain = [key for key in table.values if key not in ("platform", "credential")]
    # The annotations are read as text: what they name may be imported for type checkers alone.
    options = {key: table.get(key, inspect.formatannotation(parameters[key].annotation)) for key in plain}
    if "credential" in table.values:
        options["credential"] = _credential(table.inner("credential"), table.place, options)
    return adapter(**options)


@attrs.frozen
class _Login:
    """One kind of credential: azure-identity's class for it, and which of its arguments are keys."""

    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_LOGINS = {
    "default": _Login("", optional=("authority",)),
    "client-secret": _Login("ClientSecretCredential", ("tenant_id", "client_id", "client_secret"), ("authority",)),
    "client-certificate": _Login(
        "CertificateCredential", ("tenant_id", "client_id", "certificate_path"), ("password", "authority")
    ),
    "managed-identity": _Login("ManagedIdentityCredential", optional=("client_id",)),
    "azure-cli": _Login("AzureCliCredential", optional=("tenant_id",)),
}


def _credential(table: _Table, source: str, options: Mapping[str, Any]) -> Credential | None:
    """The credential of a source; None where the adapter's own choice is meant."""
    from hybridinv.transport.client import Wire
    from hybridinv.transport.clouds import cloud_of, default_credential

    table.allow(table.values, ["kind"])
    kind = table.text("kind")
    if kind not in _LOGINS:
        raise table.fault(f"unknown kind {kind!r}", _nearest(kind, _LOGINS, "the kinds"))
    login = _LOGINS[kind]
    table.allow(["kind", *login.required, *login.optional], login.required)
    arguments = {
        key: table.get(key, "PathLike" if key.endswith("_path") else "str") for key in table.values if key != "kind"
    }
    wire = Wire(source, **{key: options[key] for key in ("ca_file", "verify", "timeout") if key in options})
    authority = arguments.get("authority")
    if kind == "default":
        return default_credential(wire, authority, private=_is_private(authority)) if authority else None
    if "authority" in login.optional:
        arguments["authority"] = authority or cloud_of(options.get("cloud", "AzureCloud"), None).authority
    return _identity(table, login, arguments, wire)


def _identity(table: _Table, login: _Login, arguments: dict[str, Any], wire: Wire) -> Credential:
    import azure.identity

    from hybridinv.transport.azure_core import HttpxTransport

    if "authority" in arguments:
        arguments["disable_instance_discovery"] = _is_private(arguments["authority"])
        arguments["retry_total"] = 1  # the wire has its own patience
    if login.name != "AzureCliCredential":  # it asks the az command, not the network
        arguments["transport"] = HttpxTransport(wire, writes=True)
    try:
        made: Credential = getattr(azure.identity, login.name)(**arguments)
    except (ValueError, TypeError, OSError) as error:
        raise table.fault(_first_line(error), "check the values of this credential") from None
    return made


def _is_private(authority: str) -> bool:
    """Whether the public directory does not know this authority: AD FS, for one."""
    from hybridinv.transport.clouds import CLOUDS

    return authority.rstrip("/") not in {cloud.authority for cloud in CLOUDS.values()}


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else _TYPES.get(type(value), "a date or time")


def _nearest(word: str, known: Iterable[str], called: str) -> str:
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"{called} are: {', '.join(known)}"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__

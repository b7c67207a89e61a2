"""hybridinv.toml: what it gives, and what it says when it is wrong."""

from __future__ import annotations

import socket
import sys
import traceback
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import hybridinv as hi
from hybridinv.demo import tape_folders
from hybridinv.estate import open_source
from hybridinv.platforms import PLATFORMS, Platform
from hybridinv.platforms.adapter import Adapter, Survey

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

SECRET = "hunter2-is-secret"
TAPE = tape_folders()[0]


class Shelf(Adapter):
    """A fifth platform: it keeps what its constructor was given."""

    platform = "shelf"
    source = "shelf"
    capabilities = frozenset()

    def __init__(
        self,
        place: str,
        *,
        password: str | None = None,
        api_token: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        port: int = 443,
        verify: bool = True,
        timeout: float = 60.0,
        names: Iterable[str] | None = None,
        credential: Any | None = None,
        transport: Any = None,
    ) -> None:
        self.given = {key: value for key, value in locals().items() if key != "self"}

    def _survey(self, report: Any) -> Survey:
        raise NotImplementedError

    def native(self, record: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLATFORMS, "shelf", Platform("shelf", __name__, "Shelf"))


def written(folder: Path, text: str) -> Path:
    file = folder / "hybridinv.toml"
    file.write_text(text, encoding="utf-8")
    return file


def opened(folder: Path, text: str) -> dict[str, Any]:
    (adapter,) = hi.open_estate(written(folder, text))
    assert isinstance(adapter, Shelf)
    return adapter.given


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1.0
    locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        return SECRET if (service, username) == ("hybridinv", "reader") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def drawer() -> Iterable[Drawer]:
    before = keyring.get_keyring()
    keyring.set_keyring(Drawer())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


def test_every_platform_in_the_order_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VC01_PASSWORD", SECRET)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("opening an estate asked a network"))
    (tmp_path / "ca.pem").write_text("")
    adapters = hi.open_estate(
        written(
            tmp_path,
            f"""
            [sources.vc]
            platform = "vsphere"
            host = "vc01.example.test"
            username = "reader@vsphere.local"
            password = {{ env = "VC01_PASSWORD" }}
            ca_file = "ca.pem"
            [sources.hub]
            platform = "azure-stack-hub"
            endpoint = "https://management.local.azurestack.example"
            admin_endpoint = "https://adminmanagement.local.azurestack.example"
            [sources.azure]
            platform = "azure"
            cloud = "AzureUSGovernment"
            subscription_ids = ["A-1"]
            [sources.arc]
            platform = "azure-arc"
            credential = {{ kind = "default" }}
            [sources.old]
            platform = "tape"
            tape = "{TAPE}"
            """,
        )
    )
    assert [one.platform for one in adapters] == ["vsphere", "azure-stack-hub", "azure", "azure-arc", "vsphere"]
    assert adapters[0].source == "vc01.example.test"
    assert "hosts" in adapters[1].capabilities
    assert adapters[2].source == "management.usgovcloudapi.net"
    assert adapters[2].settings["subscription_ids"] == ["a-1"]
    assert adapters[4].played
    assert SECRET not in repr(adapters)
    assert adapters[4].inventory(["hosts"]).hosts


@pytest.mark.usefixtures("shelf")
def test_a_fifth_platform_needs_nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELF", SECRET)
    (tmp_path / "token").write_text(SECRET + "\n", encoding="utf-8")
    (tmp_path / "ca.pem").write_text("")
    given = opened(
        tmp_path,
        """
        [sources.a]
        platform = "shelf"
        place = "here"
        password = { env = "SHELF" }
        api_token = { file = "token" }
        ca_file = "ca.pem"
        port = 8443
        verify = false
        timeout = 5
        names = ["a", "b"]
        """,
    )
    assert given == {
        "place": "here", "password": SECRET, "api_token": SECRET, "ca_file": tmp_path / "ca.pem", "port": 8443,
        "verify": False, "timeout": 5.0, "names": ["a", "b"], "credential": None, "transport": None,
    }  # fmt: skip
    assert type(given["timeout"]) is float


@pytest.mark.usefixtures("shelf", "drawer")
def test_a_secret_from_the_keyring(tmp_path: Path) -> None:
    text = '[sources.a]\nplatform = "shelf"\nplace = "x"\npassword = { keyring = "hybridinv", user = "reader" }'
    assert opened(tmp_path, text)["password"] == SECRET


@pytest.mark.usefixtures("shelf")
def test_the_keyring_says_no(tmp_path: Path, drawer: Drawer) -> None:
    text = '[sources.a]\nplatform = "shelf"\nplace = "x"\npassword = { keyring = "hybridinv", user = "nobody" }'
    with pytest.raises(
        hi.EstateError, match=r"sources\.a\.password.*no secret of 'nobody'.*keyring set hybridinv nobody"
    ):
        opened(tmp_path, text)
    drawer.locked = True
    with pytest.raises(hi.EstateError, match="cannot be read: locked"):
        opened(tmp_path, text)


@pytest.mark.usefixtures("shelf")
def test_keyring_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setitem(sys.modules, "keyring.errors", None)
    text = '[sources.a]\nplatform = "shelf"\nplace = "x"\npassword = { keyring = "hybridinv", user = "reader" }'
    with pytest.raises(hi.MissingExtra, match=r"hybridinv\[keyring\]"):
        opened(tmp_path, text)


SHELF = '[sources.a]\nplatform = "shelf"\nplace = "x"\n'
AZURE = '[sources.az]\nplatform = "azure"\n[sources.az.credential]\n'
BAD = {
    "no sources": ("", "has no sources"),
    "empty sources": ("[sources]", "has no sources"),
    "not TOML": ("[sources.a]\nplatform = =\n", r"not TOML: .*line 2, column"),
    "top level": ('[source.a]\nplatform = "shelf"', "unknown key 'source' — did you mean 'sources'"),
    "sources no table": ("sources = 3", "sources must be a table"),
    "source no table": ("sources = { a = 3 }", "a must be a table"),
    "platform missing": ('[sources.a]\nplace = "x"', "sources.a: platform is missing"),
    "platform unknown": (
        '[sources.a]\nplatform = "vshpere"',
        "sources.a: unknown platform 'vshpere' — did you mean 'vsphere'",
    ),
    "platform no string": ("[sources.a]\nplatform = 3", "platform must be a string, it is a whole number"),
    "key unknown": (SHELF + "prot = 3", "sources.a: unknown key 'prot' — did you mean 'port'"),
    "transport": (SHELF + 'transport = "x"', "unknown key 'transport'"),
    "key missing": ('[sources.a]\nplatform = "shelf"', "sources.a: place is missing"),
    "text wanted": ('[sources.a]\nplatform = "shelf"\nplace = 3', "place must be a string, it is a whole number"),
    "text empty": ('[sources.a]\nplatform = "shelf"\nplace = ""', "place is empty"),
    "number wanted": (SHELF + 'port = "443"', "port must be a whole number, it is a string"),
    "truth is no number": (SHELF + "port = true", "port must be a whole number, it is true or false"),
    "fraction": (SHELF + "port = 1.5", "port must be a whole number, it is a number"),
    "truth wanted": (SHELF + "verify = 0", "verify must be true or false"),
    "date": (SHELF + "timeout = 2026-01-01", "timeout must be a number, it is a date or time"),
    "list wanted": (SHELF + 'names = "a"', "names must be a list of strings"),
    "list of numbers": (SHELF + "names = [1]", "names must be a list of strings"),
    "list empty": (SHELF + "names = []", "names is empty"),
    "file missing": (SHELF + 'ca_file = "no.pem"', "ca_file: .*no.pem is not there"),
    "secret written out": (
        SHELF + f'password = "{SECRET}"',
        "password must not be written out.*env =.*file =.*keyring =",
    ),
    "secret is a number": (SHELF + "password = 20262026", "password must not be written out"),
    "secret form unknown": (
        SHELF + f'password = {{ value = "{SECRET}" }}',
        r"sources\.a\.password: unknown key 'value'",
    ),
    "secret form empty": (SHELF + "password = {}", "none of the three forms"),
    "secret two forms": (SHELF + 'password = { env = "A", file = "b" }', "none of the three forms"),
    "secret no user": (SHELF + 'password = { keyring = "a" }', "none of the three forms"),
    "secret needless user": (SHELF + 'password = { env = "A", user = "b" }', "none of the three forms"),
    "secret unset": (SHELF + 'password = { env = "NOT_SET_AT_ALL" }', "environment variable NOT_SET_AT_ALL is not set"),
    "secret as variable": (SHELF + f'password = {{ env = "{SECRET}" }}', "env must be the name of a variable"),
    "secret no file": (SHELF + 'password = { file = "nowhere" }', "file: .*nowhere is not there"),
    "secret in a folder": (SHELF + 'password = { file = "." }', "cannot read .*[Dd]irectory"),
    "secret empty": (SHELF + 'password = { file = "empty" }', "the secret is empty"),
    "secret binary": (SHELF + 'password = { file = "binary" }', "not text in UTF-8"),
    "constructor refuses": (
        '[sources.az]\nplatform = "azure"\ncloud = "AzureMoon"',
        "sources.az: there is no cloud 'AzureMoon'",
    ),
    "no HTTPS": (
        '[sources.h]\nplatform = "azure-stack-hub"\nendpoint = "http://x"',
        "sources.h: 'http://x' is not an HTTPS",
    ),
    "credential no table": ('[sources.az]\nplatform = "azure"\ncredential = "cli"', r"write \[sources.az.credential\]"),
    "credential no kind": (AZURE + 'tenant_id = "t"', "sources.az.credential: kind is missing"),
    "credential kind unknown": (
        AZURE + 'kind = "client-secrets"',
        "unknown kind 'client-secrets' — did you mean 'client-secret'",
    ),
    "credential key missing": (AZURE + 'kind = "client-secret"\ntenant_id = "t"', "client_id is missing"),
    "credential key unknown": (AZURE + 'kind = "azure-cli"\nauthority = "x"', "unknown key 'authority'"),
    "credential written out": (
        AZURE + f'kind = "client-secret"\ntenant_id = "t"\nclient_id = "c"\nclient_secret = "{SECRET}"',
        "client_secret must not be written out",
    ),
    "credential bad tenant": (
        AZURE + 'kind = "client-secret"\ntenant_id = "a b"\nclient_id = "c"\nclient_secret = { env = "SHELF" }',
        "sources.az.credential: Invalid tenant",
    ),
    "certificate broken": (
        AZURE + 'kind = "client-certificate"\ntenant_id = "t"\nclient_id = "c"\ncertificate_path = "empty"',
        "sources.az.credential: .* — check the values",
    ),
    "tape missing": ('[sources.a]\nplatform = "tape"', "tape is missing"),
    "tape not there": ('[sources.a]\nplatform = "tape"\ntape = "nowhere"', "nowhere is not there"),
    "tape no tape": ('[sources.a]\nplatform = "tape"\ntape = "."', "sources.a: .* is not a tape"),
    "tape with a host": (f'[sources.a]\nplatform = "tape"\ntape = "{TAPE}"\nhost = "x"', "unknown key 'host'"),
}


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_says_where_and_what_to_do(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELF", SECRET)
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(hi.EstateError, match=said) as caught:
        hi.open_estate(written(tmp_path, text))
    assert "hybridinv.toml" in str(caught.value)
    assert caught.value.remedy
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(hi.EstateError, match=r"cannot read .*no\.toml: No such file"):
        hi.open_estate(tmp_path / "no.toml")
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    with pytest.raises(hi.EstateError, match="not TOML"):
        hi.open_estate(tmp_path / "latin.toml")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "hybridinv.toml"
    file.write_text(f'[sources.a]\ntape = "{TAPE}"', encoding="utf-8-sig")
    assert hi.open_estate(file)[0].played


def test_one_source_does_without_the_secrets_of_others(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f'[sources.tape]\ntape = "{TAPE}"\n'
        '[sources.vc]\nplatform = "vsphere"\nhost = "x"\npassword = { env = "NOT_SET_AT_ALL" }',
    )
    assert open_source(file, "tape").platform == "vsphere"
    with pytest.raises(hi.EstateError, match="NOT_SET_AT_ALL"):
        hi.open_estate(file)
    with pytest.raises(hi.EstateError, match="no source 'tap' — did you mean 'tape'"):
        open_source(file, "tap")


def certificate(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reader")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(SECRET.encode()),
    )
    (folder / "reader.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


LOGINS = {
    "ClientSecretCredential": 'kind = "client-secret"\ntenant_id = "t"\nclient_id = "c"\n'
    'client_secret = { env = "SHELF" }',
    "CertificateCredential": 'kind = "client-certificate"\ntenant_id = "t"\nclient_id = "c"\n'
    'certificate_path = "reader.pem"\npassword = { env = "SHELF" }',
    "ManagedIdentityCredential": 'kind = "managed-identity"\nclient_id = "c"',
    "AzureCliCredential": 'kind = "azure-cli"\ntenant_id = "t"',
    "DefaultAzureCredential": 'kind = "default"\nauthority = "https://login.example.test"',
    "NoneType": 'kind = "default"',
}


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("name", "text"), LOGINS.items(), ids=LOGINS.keys())
def test_credentials(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELF", SECRET)
    certificate(tmp_path)
    credential = opened(tmp_path, SHELF + "[sources.a.credential]\n" + text)["credential"]
    assert type(credential).__name__ == name
    assert SECRET not in repr(credential)


@pytest.mark.usefixtures("shelf")
def test_a_credential_asks_its_authority_over_our_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELF", SECRET)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    text = f"""{SHELF}
        [sources.a.credential]
        kind = "client-secret"
        tenant_id = "adfs"
        client_id = "c"
        client_secret = {{ env = "SHELF" }}
        authority = "https://127.0.0.1:{closed}"
    """
    credential = opened(tmp_path, text)["credential"]
    with pytest.raises(Exception, match=str(closed)) as caught:
        credential.get_token("https://management.example.test/.default")
    chain, error = [], caught.value
    while error:
        chain.append(error)
        error = error.__cause__ or error.__context__
    assert any(isinstance(one, hi.ConnectFailed) for one in chain)
    assert SECRET not in "".join(traceback.format_exception(caught.value))

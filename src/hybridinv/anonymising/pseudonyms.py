"""Pseudonyms that keep the form: an ARM id for an ARM id, a datastore path for a datastore path, always the same."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import itertools
import re
from typing import TYPE_CHECKING

from hybridinv.anonymising.addresses import Addresses
from hybridinv.anonymising.words import is_common, is_known_host, is_known_type, is_namespace, known_domain
from hybridinv.identity import swapped, uuid_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeiou"
_SYLLABLES = 5
_HEX = re.compile(r"[0-9a-fA-F]")
_UUID = re.compile(
    r"(?i)(vmware-|vcls-|\{)?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}"
    r"|([0-9a-f]{2} ){7}[0-9a-f]{2}[- ]([0-9a-f]{2} ){7}[0-9a-f]{2})(\}?)"
)
_MAC = re.compile(r"(?i)[0-9a-f]{2}([:-])([0-9a-f]{2}\1){4}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}")
_WWN = re.compile(r"(?i)[0-9a-f]{2}(:[0-9a-f]{2}){7}")
_LONG_HEX = re.compile(r"(?i)(?=.*\d)(0x)?[0-9a-f]+([:-][0-9a-f]+)*")
_MOREF = re.compile(
    r"(vm|host|datastore|network|dvportgroup|dvs|domain|resgroup|group|snapshot|datacenter|folder|license|opaquenetwork)"
    r"-([a-z]?)(\d+)"
)
_VSPHERE = re.compile(r"(?i)(vsphere://)([^/]*)/([^/]*)(?:/(.*))?", re.DOTALL)
_ARM = re.compile(r"(?i)/(subscriptions|providers|tenants)/")
_ARM_PARTS = frozenset({"subscriptions", "resourcegroups", "providers", "locations", "tenants", "managementgroups"})
_URL = re.compile(r"(?i)(https?|ds|tcp|udp|ssh|telnet|nfs|ftp)(://)([^/?#]*)([^?#]*)(.*)", re.DOTALL)
_DATASTORE_PATH = re.compile(r"\[([^\]]*)\]( ?)(.*)", re.DOTALL)
_DEVICE = re.compile(r"(?i)(naa|eui|t10|vml|mpx|iqn|nqn|uuid|fc|sas)(\.)(.+)", re.DOTALL)
_FILE = re.compile(
    r"(?i)(.+?)((?:_\d{1,3})?(?:-\d{6})?(?:-(?:flat|delta|ctk|sesparse|rdmp?|digest))?"
    r"\.(?:vmdk|vmx|vmxf|vmtx|vswp|vmss|vmsn|vmsd|vmem|nvram|hlog|lck|iso|flp|img|vhdx?|vib|zip|log|txt|ova|ovf))"
)
_PORT = re.compile(r"([\w-]+(?:\.[\w-]+)+)(:\d{1,5})")
_DOTTED = re.compile(r"[\w-]+(\.[\w-]+)+\.?")


class Pseudonyms:
    """Pseudonyms under one secret; `real` says what each stands for."""

    def __init__(self, secret: bytes, real: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.secret = secret
        self.real: dict[str, dict[str, str]] = {form: dict(names) for form, names in (real or {}).items()}
        """By form: what each pseudonym stands for."""
        self._given: dict[str, dict[str, str]] = {}
        self._taken: dict[str, set[str]] = {}
        for form, names in self.real.items():
            for pseudonym, name in names.items():
                self._note(form, _normal(form, name), _normal(form, pseudonym))
        self._addresses = Addresses(lambda text: self._bytes("address", text)[0] & 1 == 1)
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The pseudonym of a text, of the same form; words that are no secret stay."""
        found = self._known.get(text)
        if found is None:
            inner = text.strip()
            before, _, after = text.partition(inner) if inner else (text, "", "")
            found = self._known[text] = before + self._of(inner) + after
        return found

    def word_by_word(self, text: str) -> str:
        """The same for each word of a text."""
        return "".join(self.of(part) if number % 2 == 0 else part for number, part in _split(r"(\s+)", text))

    def _of(self, text: str) -> str:
        if not text or is_common(text):
            return text
        forms = (
            self._uuid, self._mac, self._wwn, self._address, self._vsphere_id, self._arm_id, self._url,
            self._datastore_path, self._device, self._port, self._path, self._account, self._file, self._host_name,
        )  # fmt: skip
        for form in forms:
            found = form(text)
            if found is not None:
                return found
        return self._name(text)

    # Forms of one piece

    def _uuid(self, text: str) -> str | None:
        match = _UUID.fullmatch(text)
        if not match:
            return None
        if not uuid_key(match[2].replace(" ", "")):
            return text  # What boards carry whose maker has set none.
        digits = "".join(_HEX.findall(match[2])).lower()
        turned = "".join(_HEX.findall(swapped(digits)))
        # Both byte orders of one UUID become both byte orders of one pseudonym.
        first = min(digits, turned)
        made = self._new("uuid", first, lambda seed, _: seed[:16].hex())
        found = _on(match[2], made if digits == first else "".join(_HEX.findall(swapped(made))))
        return self._noted("uuid", text, f"{match[1] or ''}{found}{match[6]}")

    def _mac(self, text: str) -> str | None:
        if not _MAC.fullmatch(text):
            return None
        digits = "".join(_HEX.findall(text)).lower()
        if digits in ("0" * 12, "f" * 12):
            return text
        # Unicast stays unicast, and what the maker gave stays apart from what an administrator made up.
        kind = int(digits[:2], 16) & 3
        made = self._new("mac", digits, lambda seed, _: f"{seed[0] & 0xFC | kind:02x}{seed[1:6].hex()}")
        return self._noted("mac", text, _on(text, made))

    def _wwn(self, text: str) -> str | None:
        return self._name(text) if _WWN.fullmatch(text) else None  # It would be an IPv6 address too.

    def _address(self, text: str) -> str | None:
        plain, percent, zone = text.partition("%")
        address, slash, length = plain.partition("/")
        try:
            if slash and length.isdecimal():
                network = ipaddress.ip_network(plain, strict=False)
                if ipaddress.ip_address(address) == network.network_address and network.num_addresses > 1:
                    return self._addresses.of_network(network)
                return f"{self.of(address)}/{length}"
            found = self._addresses.of(ipaddress.ip_address(plain))
        except ValueError:
            return None
        return self._noted("address", plain, found) + percent + self.of(zone)

    def _name(self, text: str) -> str:
        moref = _MOREF.fullmatch(text)
        if moref:
            made = self._new(
                "moref", text, lambda seed, n: f"{moref[1]}-{moref[2]}{_number(seed) % 10 ** (5 + n // 9)}"
            )
            return self._noted("moref", text, made)
        if text.isascii() and text.isdecimal():
            made = self._new("number", text, lambda seed, n: _digits(seed, len(text) + n // 30))
            return self._noted("number", text, made)
        if _LONG_HEX.fullmatch(text) and len(_HEX.findall(text)) >= 14:
            made = self._new("hex", text.lower(), lambda seed, _: _on(text.lower(), _long(seed).hex()))
            return self._noted("hex", text, _on(text, "".join(_HEX.findall(made))))
        # The same name in capitals is the same pseudonym in capitals: ARM does not tell them apart.
        base = self._new("name", _normal("name", text), lambda seed, _: _pronounceable(seed))
        return self._noted("name", text, self._cased(text, base))

    def _cased(self, text: str, base: str) -> str:
        for form in (str.lower, str.upper, str.capitalize):
            if text == form(text):
                return form(base)
        for attempt in itertools.count():
            bits = _number(self._bytes("case", f"{attempt} {text}"))
            found = "".join(letter.upper() if bits >> place & 1 else letter for place, letter in enumerate(base))
            if found not in (base, base.upper(), base.capitalize()):
                return found
        raise AssertionError

    # Forms of several pieces

    def _vsphere_id(self, text: str) -> str | None:
        match = _VSPHERE.fullmatch(text)
        if not match:
            return None
        below = "" if match[4] is None else f"/{self.of(match[4])}"
        return f"{match[1]}{self.of(match[2])}/{self.of(match[3])}{below}"

    def _arm_id(self, text: str) -> str | None:
        return "/".join(self._arm_parts(text.split("/"))) if _ARM.match(text) else None

    def _arm_parts(self, parts: list[str]) -> Iterator[str]:
        before, under_provider = "", False
        for part in parts:
            word = part.lower()
            if before == "providers":
                yield part if is_namespace(word) else self.of(part)
                before, under_provider = "", True
            elif before or not part:
                yield self.of(part)
                before = ""
            else:
                yield part if word in _ARM_PARTS or (under_provider and is_known_type(word)) else self.of(part)
                before = word if under_provider or word in _ARM_PARTS else ""

    def _url(self, text: str) -> str | None:
        match = _URL.fullmatch(text)
        if not match:
            return None
        account, at, place = match[3].rpartition("@")
        path = "/".join(map(self.of, match[4].split("/")))
        return f"{match[1]}{match[2]}{self.of(account)}{at}{self.of(place)}{path}{self.of(match[5])}"

    def _datastore_path(self, text: str) -> str | None:
        match = _DATASTORE_PATH.fullmatch(text)
        return f"[{self.of(match[1])}]{match[2]}{self.of(match[3])}" if match else None

    def _device(self, text: str) -> str | None:
        match = _DEVICE.fullmatch(text)
        if not match:
            return None
        name, colon, partition = match[3].partition(":") if match[3][-2:-1] == ":" else (match[3], "", "")
        return f"{match[1]}{match[2]}{self._name(name)}{colon}{partition}"

    def _port(self, text: str) -> str | None:
        match = _PORT.fullmatch(text)
        return f"{self.of(match[1])}{match[2]}" if match else None

    def _path(self, text: str) -> str | None:
        if "/" not in text and "\\" not in text:
            return None
        return "".join(self.of(part) if number % 2 == 0 else part for number, part in _split(r"([/\\])", text))

    def _account(self, text: str) -> str | None:
        return "@".join(map(self.of, text.split("@"))) if "@" in text else None

    def _file(self, text: str) -> str | None:
        match = _FILE.fullmatch(text)
        return f"{self.of(match[1])}{match[2]}" if match else None

    def _host_name(self, text: str) -> str | None:
        if not _DOTTED.fullmatch(text):
            return None
        if is_known_host(text):
            return text
        domain = known_domain(text)
        labels = text[: len(text) - len(domain)].split(".")
        found = ".".join(label if not label or is_common(label) else self._name(label) for label in labels) + domain
        return self._noted("host", text, found)

    # Making them

    def _new(self, form: str, name: str, make: Callable[[bytes, int], str]) -> str:
        found = self._given.get(form, {}).get(name)
        if found is not None:
            return found
        for attempt in itertools.count():
            found = make(self._bytes(form, f"{attempt} {name}"), attempt)
            if found != name and found not in self._taken.get(form, ()):
                self._note(form, name, found)
                return found
        raise AssertionError

    def _note(self, form: str, name: str, pseudonym: str) -> None:
        self._given.setdefault(form, {})[name] = pseudonym
        self._taken.setdefault(form, set()).add(pseudonym)

    def _noted(self, form: str, text: str, pseudonym: str) -> str:
        self.real.setdefault(form, {})[pseudonym] = text
        return pseudonym

    def _bytes(self, form: str, text: str) -> bytes:
        return hmac.digest(self.secret, f"{form} {text}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def _normal(form: str, text: str) -> str:
    """What two spellings of one thing have in common."""
    if form == "name":
        return text.lower()
    if form == "mac":
        return "".join(_HEX.findall(text)).lower()
    return text.lower() if form == "hex" else text


def _split(marks: str, text: str) -> Iterator[tuple[int, str]]:
    return enumerate(re.split(marks, text))


def _on(template: str, digits: str) -> str:
    """Hex digits in the places of those of a text, in its letter case."""
    following = iter(digits)
    capitals = template != template.lower()
    text = "".join(next(following) if letter in "0123456789abcdef" else letter for letter in template.lower())
    return text.upper() if capitals else text


def _number(seed: bytes) -> int:
    return int.from_bytes(seed[:8], "big")


def _digits(seed: bytes, length: int) -> str:
    return f"{int.from_bytes(_long(seed), 'big') % 10**length:0{length}d}"


def _long(seed: bytes) -> bytes:
    return hashlib.shake_256(seed).digest(256)


def _pronounceable(seed: bytes) -> str:
    pairs = itertools.islice(zip(seed[::2], seed[1::2], strict=True), _SYLLABLES)
    return "".join(_CONSONANTS[one % len(_CONSONANTS)] + _VOWELS[two % len(_VOWELS)] for one, two in pairs)

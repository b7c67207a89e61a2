"""check_extensions and extension_matrix: installed extensions against what each machine's own location offers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hybridinv.catalogue.extension_state import Catalogue, called, kind_of, state_of
from hybridinv.catalogue.unjudged import incomplete, not_judged
from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory
from hybridinv.model import Extension, ExtensionImage, Finding, Problem, Severity, VirtualMachine
from hybridinv.model.extensions import InstalledExtension
from hybridinv.model.findings import finding
from hybridinv.model.versions import version_key
from hybridinv.tables import Records
from hybridinv.wire.compute_sizes import plain_location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hybridinv.catalogue.extension_state import Kind, Offer, Place
    from hybridinv.catalogue.unjudged import Unjudged

_SOURCE = (
    "Microsoft Learn, Virtual machine extensions and features, "
    "https://learn.microsoft.com/azure/virtual-machines/extensions/overview"
)
_READ = "read it with extension_images(location), with neither publishers= nor types="


def check_extensions(inv: Inventory, images: Iterable[ExtensionImage]) -> Records[Finding]:
    """Which installed extensions are behind the catalogue, retired from it, or unknown to it.

    `images` is what `extension_images(location)` gave; `+` adds those of several locations up, with their problems. A
    machine is compared with what its own platform, source and location offers; where that was not read it is said once
    (`CatalogueNotRead`, INFO). A location that is not known fits where it is not ambiguous: a machine without one, or
    one that the inventory does not have, is compared with the catalogue of its source where that is of one location
    only, else it is said that it is not judged (`ExtensionMachineUnknown`, INFO); images without one count for every
    location of their source.

    Versions are compared number by number; one of two numbers (`1.10`, as it is asked for where no instance view was
    read) stands for all that begin so. A type or version is called retired only where the catalogue of that location
    was read without problems; a version only where older ones were read as well, so not with `latest=True`.
    `NotSupported` where an argument is of another type. API: `typeHandlerVersion`,
    `artifacttypes/vmextension/types/{type}/versions`.
    """
    machines, catalogue = _checked(inv, images)
    found: list[Finding] = []
    unjudged: Counter[Unjudged] = Counter()
    places = dict.fromkeys(catalogue.place_of(vm) for vm in machines.values())
    for extension in inv.extensions:
        vm = machines.get(extension.vm_id) or _stranger(extension)
        place = catalogue.place_of(vm)
        if place is None:
            unjudged[vm.platform, vm.source, plain_location(vm.location), extension.vm_id in machines] += 1
        else:
            places[place] = None
            found += _of_extension(extension, vm, place, catalogue)
    return Records(Finding, [*not_judged(unjudged, catalogue), *incomplete(filter(None, places), catalogue), *found])


def extension_matrix(inv: Inventory, images: Iterable[ExtensionImage] | None = None) -> Records[InstalledExtension]:
    """Machines by extensions: a row for each machine and each type that any machine of its platform has.

    One that is not on a machine is there with an empty version and the state `missing`, or `not_read` where that
    machine's extensions were not read. With `images`, `latest` is the newest that the machine's own location offers;
    a location that is not known fits as in `check_extensions`.
    Rows are in the order of the machines, then of publisher and type; a type that is twice on a machine has two.
    `inv.sql` and `to_pandas().pivot(…)` make a crosstab of it. `NotSupported` where an argument is of another type.
    """
    machines, catalogue = _checked(inv, () if images is None else images)
    installed: dict[str, dict[Kind, list[Extension]]] = defaultdict(lambda: defaultdict(list))
    kinds: dict[str, set[Kind]] = defaultdict(set)
    letters: dict[Kind, Counter[Kind]] = defaultdict(Counter)
    for extension in inv.extensions:
        kind = kind_of(extension)
        installed[extension.vm_id][kind].append(extension)
        letters[kind][extension.publisher, extension.type] += 1
        if extension.vm_id in machines:
            kinds[extension.platform].add(kind)
    spelt = {kind: counts.most_common(1)[0][0] for kind, counts in letters.items()}
    columns = {platform: sorted(found) for platform, found in kinds.items()}
    unread = _Unread(inv)
    rows: list[InstalledExtension] = []
    for vm in machines.values():
        own, place = installed.get(vm.id, {}), catalogue.place_of(vm)
        fixed: dict[str, Any] = {
            "vm_id": vm.id, "machine": vm.name, "platform": vm.platform, "source": vm.source, "location": vm.location,
            "os_type": vm.os_type,
        }  # fmt: skip
        absent = "not_read" if unread.has(vm) else "missing"
        for kind in columns.get(vm.platform, ()):
            offer = catalogue.offer(place, kind) if place else None
            publisher, type_ = spelt[kind]
            shared = {**fixed, "publisher": publisher, "type": type_, "latest": offer.latest if offer else ""}
            rows += (
                InstalledExtension(
                    version=one.version,
                    is_behind=offer.is_behind(one.version) if offer else None,
                    state=state_of(one),
                    **shared,
                )
                for one in own.get(kind, ())
            )
            if kind not in own:
                rows.append(InstalledExtension(state=absent, **shared))
    return Records(InstalledExtension, rows)


def _checked(inv: object, images: object) -> tuple[dict[str, VirtualMachine], Catalogue]:
    """The machines by id, and the catalogue."""
    if not isinstance(inv, Inventory):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    remedy = "give what adapter.extension_images(location) gave"
    if not isinstance(images, Iterable) or isinstance(images, (str, bytes)):
        raise NotSupported(f"images= is {type(images).__name__}, not images of extensions", remedy=remedy)
    listed = list(images)
    odd = next((one for one in listed if not isinstance(one, ExtensionImage)), None)
    if odd is not None:
        raise NotSupported(f"images= holds {type(odd).__name__}, not ExtensionImage", remedy=remedy)
    problems: Sequence[Problem] = images.problems if isinstance(images, Records) else ()
    return {vm.id: vm for vm in inv.vms}, Catalogue(listed, problems)


def _stranger(extension: Extension) -> VirtualMachine:
    """The machine of an extension as far as the extension tells it, where the inventory does not have it."""
    name = extension.vm_id.rstrip("/").rpartition("/")[2]
    return VirtualMachine(
        id=extension.vm_id,
        name=f"{name} (not in the inventory)" if name else "a machine that is not known",
        platform=extension.platform,
        source=extension.source,
    )


def _where(vm: VirtualMachine, place: Place) -> str:
    """The location that a machine is judged by, as the machine writes it."""
    _, source, location = place
    if plain_location(vm.location):
        return f"{vm.location} of {source}"
    return f"{location} of {source} (the one location that was read)" if location else source


def _of_extension(extension: Extension, vm: VirtualMachine, place: Place, catalogue: Catalogue) -> Iterator[Finding]:
    offer = catalogue.offer(place, kind_of(extension))
    what = f"{called(extension)} {extension.version}".strip()
    where = _where(vm, place)
    if offer is None:
        yield from _not_offered(extension, vm, place, catalogue)
    elif not version_key(extension.version):
        yield finding(
            Severity.INFO, "ExtensionVersionUnknown", extension.id,
            f"which version of {what} is on {vm.name} is not known; the newest at {where} is {offer.latest}",
            "read the machine's instance view", _SOURCE,
        )  # fmt: skip
    else:
        yield from _of_version(extension, vm, offer, catalogue, place)


def _not_offered(extension: Extension, vm: VirtualMachine, place: Place, catalogue: Catalogue) -> Iterator[Finding]:
    """A type that the catalogue does not have: retired where its publisher is there and nothing has failed."""
    what, where = called(extension), _where(vm, place)
    if catalogue.knows_publisher(place, extension.publisher) and catalogue.is_whole(place):
        yield finding(
            Severity.WARNING, "ExtensionTypeRetired", extension.id,
            f"{what} is on {vm.name}, and {extension.publisher} offers it no longer at {where}",
            "see its publisher for what replaces it; read the catalogue without types= where it was read with", _SOURCE,
        )  # fmt: skip
        return
    of = extension.publisher or "a publisher that is not known"
    why = f"has nothing of {of}" if catalogue.is_whole(place) else "could not be read completely"
    yield finding(
        Severity.INFO, "ExtensionUnknown", extension.id,
        f"{what} is on {vm.name}, and is not in the catalogue of {where}, which {why}", _READ, _SOURCE,
    )  # fmt: skip


def _of_version(
    extension: Extension, vm: VirtualMachine, offer: Offer, catalogue: Catalogue, place: Place
) -> Iterator[Finding]:
    what = f"{called(extension)} {extension.version}"
    where, newest = _where(vm, place), offer.latest
    behind, offered = offer.is_behind(extension.version), offer.has(extension.version)
    auto = extension.auto_upgrade is True
    if behind and not offered and catalogue.has_histories(place) and catalogue.is_whole(place):
        yield finding(
            Severity.WARNING, "ExtensionVersionRetired", extension.id,
            f"{what} is on {vm.name}, and is offered no longer at {where}, where {newest} is the newest",
            "the platform should have upgraded it by itself: see why not" if auto else f"upgrade it to {newest}",
            _SOURCE,
        )  # fmt: skip
    elif behind:
        yield finding(
            Severity.INFO if auto else Severity.WARNING, "ExtensionBehind", extension.id,
            f"{what} on {vm.name} is behind {newest}, the newest at {where}",
            "the platform upgrades it by itself" if auto else "upgrade it, or turn automatic upgrades on", _SOURCE,
        )  # fmt: skip
    elif not offered:
        yield finding(
            Severity.INFO, "ExtensionVersionUnknown", extension.id,
            f"{what} on {vm.name} is newer than anything in the catalogue of {where}, which ends with {newest}",
            "read the catalogue again; it may be older than the machine, or the version withdrawn", _SOURCE,
        )  # fmt: skip


class _Unread:
    """Whose extensions nobody has looked for, or could read."""

    def __init__(self, inv: Inventory) -> None:
        self._asked = {(one.platform, one.source): one.kinds for one in inv.asked}
        self._lost: dict[str, list[Problem]] = defaultdict(list)
        for one in inv.problems:
            if one.error and one.kind in ("", "extensions"):
                self._lost[one.source].append(one)
        self._scopes: dict[tuple[str, str], tuple[bool, tuple[str, ...]]] = {}

    def has(self, vm: VirtualMachine) -> bool:
        """Whether what is not among that machine's extensions may be on it all the same."""
        here = (vm.platform, vm.source)
        kinds = self._asked.get(here)
        if kinds is not None and "extensions" not in kinds:
            return True
        if here not in self._scopes:
            lost = [
                one.scope.lower() for one in self._lost[vm.source] + self._lost[""] if one.platform in ("", vm.platform)
            ]
            whole = any(not scope.startswith("/subscriptions/") for scope in lost)
            self._scopes[here] = whole, tuple(lost)
        everything, scopes = self._scopes[here]
        return everything or any(
            f"{vm.id}/".startswith(f"{scope}/") or scope.startswith(f"{vm.id}/") for scope in scopes
        )

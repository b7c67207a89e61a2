"""check_extensions and extension_matrix: installed extensions against what each machine's own location offers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hybridinv.catalogue.extension_state import Catalogue, called, kind_of, state_of
from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory, count_of
from hybridinv.model import Extension, ExtensionImage, Finding, Problem, Severity
from hybridinv.model.extensions import InstalledExtension
from hybridinv.model.findings import finding
from hybridinv.model.versions import version_key
from hybridinv.tables import Records
from hybridinv.wire.compute_sizes import plain_location

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hybridinv.catalogue.extension_state import Kind, Offer, Place
    from hybridinv.model import VirtualMachine

_SOURCE = (
    "Microsoft Learn, Virtual machine extensions and features, "
    "https://learn.microsoft.com/azure/virtual-machines/extensions/overview"
)
_READ = "read it with extension_images(location), with neither publishers= nor types="


def check_extensions(inv: Inventory, images: Iterable[ExtensionImage]) -> Records[Finding]:
    """Which installed extensions are behind the catalogue, retired from it, or unknown to it.

    `images` is what `extension_images(location)` gave; `+` adds those of several locations up, with their problems. A
    machine is compared with
    what its own platform, source and location offers; where that was not read it is said once
    (`CatalogueNotRead`, INFO). Versions are compared number by number; one of two numbers (`1.10`, as it is asked for
    where no instance view was read) stands for all that begin so. A type or version is called retired only where the
    catalogue of that location was read without problems; a version only where older ones were read as well, so not with
    `latest=True`. `NotSupported` where an argument is of another type. API: `typeHandlerVersion`,
    `artifacttypes/vmextension/types/{type}/versions`.
    """
    machines, catalogue = _checked(inv, images)
    found: list[Finding] = []
    unread: Counter[Place] = Counter()
    homeless = 0
    for extension in inv.extensions:
        vm = machines.get(extension.vm_id)
        if vm is None or not vm.location:
            homeless += 1
            continue
        place = _place(vm)
        if catalogue.has(place):
            found += _of_extension(extension, vm, place, catalogue)
        else:
            unread[place] += 1
    return Records(Finding, [*_unread(unread), *_incomplete(machines, catalogue), *_homeless(homeless), *found])


def extension_matrix(inv: Inventory, images: Iterable[ExtensionImage] | None = None) -> Records[InstalledExtension]:
    """Machines by extensions: a row for each machine and each type that any machine of its platform has.

    One that is not on a machine is there with an empty version and the state `missing`, or `not_read` where that
    machine's extensions were not read. With `images`, `latest` is the newest that the machine's own location offers.
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
        own, place = installed.get(vm.id, {}), _place(vm)
        fixed: dict[str, Any] = {
            "vm_id": vm.id, "machine": vm.name, "platform": vm.platform, "source": vm.source, "location": vm.location,
            "os_type": vm.os_type,
        }  # fmt: skip
        absent = "not_read" if unread.has(vm) else "missing"
        for kind in columns.get(vm.platform, ()):
            offer = catalogue.offer(place, kind)
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


def _place(vm: VirtualMachine) -> Place:
    return vm.platform, vm.source, plain_location(vm.location)


def _of_extension(extension: Extension, vm: VirtualMachine, place: Place, catalogue: Catalogue) -> Iterator[Finding]:
    offer = catalogue.offer(place, kind_of(extension))
    what = f"{called(extension)} {extension.version}".strip()
    where = f"{vm.location} of {vm.source}"
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
    what, where = called(extension), f"{vm.location} of {vm.source}"
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
    where, newest = f"{vm.location} of {vm.source}", offer.latest
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


def _unread(unread: Mapping[Place, int]) -> Iterator[Finding]:
    for (platform, source, location), count in unread.items():
        yield finding(
            Severity.INFO, "CatalogueNotRead", "",
            f"the catalogue of {location} of {source} ({platform}) was not read: {count_of('extension', count)} on"
            " machines there not judged",
            f"read it with extension_images({location!r}), and add it to images",
        )  # fmt: skip


def _incomplete(machines: Mapping[str, VirtualMachine], catalogue: Catalogue) -> Iterator[Finding]:
    for place in dict.fromkeys(_place(vm) for vm in machines.values()):
        if catalogue.has(place) and not catalogue.is_whole(place):
            platform, source, location = place
            yield finding(
                Severity.INFO, "CatalogueIncomplete", "",
                f"the catalogue of {location} of {source} ({platform}) could not be read completely: nothing there is"
                " said to be retired",
                "see images.problems, and read it again",
            )  # fmt: skip


def _homeless(count: int) -> Iterator[Finding]:
    if count:
        yield finding(
            Severity.INFO, "ExtensionMachineUnknown", "",
            f"{count_of('extension', count)} on machines that the inventory does not have, or not with a location:"
            " not judged",
            "collect the kind vms together with extensions",
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

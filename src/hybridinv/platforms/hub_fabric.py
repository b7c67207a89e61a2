"""The operator plane of an Azure Stack Hub: its regions, and what Microsoft.*.Admin has in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import AccessDenied, HybridInvError, NotFound, NotSupported, ServerFault, UnexpectedAnswer
from hybridinv.transport.arm import REPORT, ArmClient, subscriptions
from hybridinv.transport.clouds import host_of
from hybridinv.transport.parallel import once
from hybridinv.wire import arm as wire
from hybridinv.wire import fabric
from hybridinv.wire.placement import Placement, read_placement
from hybridinv.wire.reading import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Item = dict[str, Any]
Lost = list[tuple[str, HybridInvError]]

_SUBSCRIPTIONS = "2016-06-01"
_REGIONS = ("2016-05-01", "2022-03-01")
_FABRIC = ("2020-10-01", "2019-05-01", "2018-10-01", "2016-05-01")
_PLACEMENT = "2021-03-30"
_CATALOGUE = "2015-12-01-preview"
_UPDATES = ("2021-07-01", "2016-05-01")


@attrs.frozen
class Place:
    """A region of the fabric, and the operator's subscription that it is seen in."""

    subscription: str
    region: str

    @property
    def scope(self) -> str:
        """The subscription, as problems name it."""
        return f"/subscriptions/{self.subscription}"

    def fabric(self, type_: str) -> str:
        """The path of a collection of Microsoft.Fabric.Admin."""
        return f"{self._system}/Microsoft.Fabric.Admin/fabricLocations/{self.region}/{type_}"

    def compute(self, type_: str) -> str:
        """The path of a collection of Microsoft.Compute.Admin."""
        return f"{self.scope}/providers/Microsoft.Compute.Admin/locations/{self.region}/{type_}"

    def updates(self) -> str:
        """The path of the updates."""
        return f"{self._system}/Microsoft.Update.Admin/updateLocations/{self.region}/updates"

    @property
    def _system(self) -> str:
        return f"{self.scope}/resourceGroups/System.{self.region}/providers"


@attrs.frozen
class Found:
    """The objects of a type, with the place of each; and what is missing of them."""

    items: list[tuple[Place, Item]] = attrs.field(factory=list)
    lost: Lost = attrs.field(factory=list)


@attrs.frozen
class Placements:
    """Who runs where, by scale unit; what is missing of it, odd in it, and what a Hub is too old to tell."""

    units: list[tuple[Place, Placement]] = attrs.field(factory=list)
    lost: Lost = attrs.field(factory=list)
    odd: Lost = attrs.field(factory=list)
    absent: Lost = attrs.field(factory=list)


class OperatorPlane:
    """One pass over the operator plane. Nothing is asked twice, errors neither: they are in what comes back."""

    def __init__(self, connect: Callable[[], ArmClient]) -> None:
        self._connect = connect

    @once
    def _client(self) -> ArmClient:
        return self._connect()

    @once
    def subscription_ids(self) -> list[str]:
        """The operator's subscriptions; the default provider subscription has the fabric, the others do not."""
        return subscriptions(self._client, _SUBSCRIPTIONS)

    def subscription_ids_read(self) -> frozenset[str]:
        """Those that were read so far, in lower case."""
        return frozenset(one.lower() for one in self.__dict__.get("subscription_ids", ()))

    @once
    def _search(self) -> tuple[list[Place], Lost]:
        """The places, and what went wrong in looking for them; a refusal counts where nobody has a fabric."""
        places: list[Place] = []
        refused: Lost = []
        lost: Lost = []
        try:
            for subscription in self.subscription_ids:
                try:
                    places += self._places_in(subscription)
                except (NotFound, AccessDenied) as error:
                    refused.append((f"/subscriptions/{subscription}", error))
                except HybridInvError as error:
                    lost.append((f"/subscriptions/{subscription}", error))
        except HybridInvError as error:
            lost.append(("", error))
        if not places and not lost:
            lost = refused or [("", _no_fabric())]
        return places, lost

    def _places_in(self, subscription: str) -> list[Place]:
        found = []
        for region in self._regions(subscription):
            group = f"/subscriptions/{subscription}/resourceGroups/System.{region}"
            items = self._items(f"{group}/providers/Microsoft.Fabric.Admin/fabricLocations", _REGIONS)
            found += [Place(subscription, name) for name in fabric.read_location_names(items)]
        return found

    def _regions(self, subscription: str) -> list[str]:
        """A Hub has one region, and the operator's endpoint carries its name: adminmanagement.<region>.<fqdn>."""
        label, _, rest = host_of(self._client.endpoint).partition(".")
        if label.lower() == "adminmanagement" and "." in rest:
            return [rest.partition(".")[0]]
        items = self._client.items(f"/subscriptions/{subscription}/locations", _SUBSCRIPTIONS)
        return [str(need(item, "name")) for item in items]

    @once
    def nodes(self) -> Found:
        """The nodes of all scale units."""
        return self._over(lambda place: self._items(place.fabric("scaleUnitNodes"), _FABRIC))

    @once
    def scale_units(self) -> Found:
        """The scale units."""
        return self._over(lambda place: self._items(place.fabric("scaleUnits"), _FABRIC))

    @once
    def placements(self) -> Placements:
        """Which machines run on which nodes, scale unit by scale unit. API: `computeScaleUnits`, 2021-03-30."""
        found = Placements(lost=list(self.scale_units.lost))
        for place, unit in self.scale_units.items:
            path = place.compute(f"computeScaleUnits/{str(unit.get('name') or '').rpartition('/')[2]}")
            try:
                placement = read_placement(self._client.one(path, _PLACEMENT))
            except HybridInvError as error:
                (found.absent if _is_absent(error) else found.lost).append((path, error))
                continue
            found.units.append((place, placement))
            found.odd.extend((path, UnexpectedAnswer(note, remedy=REPORT)) for note in placement.notes)
        return found

    def images(self) -> Found:
        """The platform images."""
        return self._over(lambda place: self._items(place.compute("artifactTypes/platformImage"), [_CATALOGUE]))

    def extension_images(self, location: str, given: Sequence[str] = ()) -> Found:
        """Every version of every extension that a region offers, in one call.

        The first subscription that has some answers: those given, which may be a tenant's, then the operator's. What
        regions there are is looked up where none of them knows this one.
        """
        refused: Lost = []
        answered = False
        for subscription in self._subscriptions_from(given):
            place = Place(subscription, location)
            try:
                items = self._items(place.compute("artifactTypes/VMExtension"), [_CATALOGUE])
            except (NotFound, AccessDenied, ServerFault) as error:
                refused.append((place.scope, error))
                continue
            if items:
                return Found([(place, item) for item in items])
            answered = True
        if answered or (refused and all(_has_no_such_place(error) for _, error in refused)):
            self._check_region(location)
        for _, one in refused:
            one.remedy = self._remedy(one)
        if answered:
            return Found(lost=[(scope, error) for scope, error in refused if not isinstance(error, NotFound)])
        # What was given may be a tenant's, and says nothing of the operator's plane then.
        return Found(lost=refused[::-1] or [("", _no_fabric())])

    def _remedy(self, error: HybridInvError) -> str:
        """What to check where the catalogue was refused; the error may be of a 404 that has many causes."""
        host = host_of(self._client.endpoint)
        if isinstance(error, AccessDenied):
            return f"give the account the Reader role on the Default Provider Subscription at {host}"
        if not _has_no_such_place(error):
            return error.remedy
        return (
            f"check the location, that {host} (admin_endpoint=) is the operator's endpoint, and that the account may "
            "read the Default Provider Subscription"
        )

    def _subscriptions_from(self, given: Sequence[str]) -> Iterable[str]:
        yield from given
        yield from (one for one in self.subscription_ids if one not in given)

    def _check_region(self, location: str) -> None:
        """`NotSupported` where the Hub tells its regions, and this is none of them."""
        regions = sorted({place.region for place in self._search[0]})
        if regions and location not in map(str.lower, regions):
            raise NotSupported(f"the Hub has no region {location!r:.60}", remedy=f"its region: {', '.join(regions)}")

    def updates(self) -> Found:
        """The updates, installed ones too."""
        return self._over(lambda place: self._items(place.updates(), _UPDATES))

    def update_runs(self) -> Found:
        """The runs of all updates, asked update by update."""
        updates = self.updates()
        runs = Found(lost=list(updates.lost))
        for place, update in updates.items:
            name = str(update.get("name") or "").rpartition("/")[2]
            path = f"{place.updates()}/{name}/updateRuns"
            try:
                runs.items.extend((place, run) for run in self._items(path, _UPDATES))
            except HybridInvError as error:
                runs.lost.append((path, error))
        return runs

    def _over(self, ask: Callable[[Place], Iterable[Item]], places: Sequence[Place] | None = None) -> Found:
        """What `ask` gives in every place, or in those given; what failed is noted."""
        if places is None:
            places, lost = self._search
        else:
            lost = []
        found = Found(lost=list(lost))
        for place in places:
            try:
                found.items.extend((place, item) for item in ask(place))
            except HybridInvError as error:
                found.lost.append((place.scope, error))
        return found

    def _items(self, path: str, versions: Sequence[str]) -> list[Item]:
        """All items of a collection, in the newest of the versions that the Hub has."""
        try:
            return self._client.items(path, versions[0])
        except (NotFound, ServerFault) as error:
            version = wire.choose_version(wire.supported_versions(error.message), versions[1:])
            if version is None:
                raise
            return self._client.items(path, version)


def _is_absent(error: HybridInvError) -> bool:
    """The Hub does not know the request: it is older than the api-version."""
    unknown = isinstance(error, ServerFault) and bool(wire.supported_versions(error.message))
    return unknown or isinstance(error, NotFound)


def _has_no_such_place(error: HybridInvError) -> bool:
    return isinstance(error, NotFound) or (isinstance(error, ServerFault) and error.status == 400)


def _no_fabric() -> HybridInvError:
    return AccessDenied(
        "the operator's endpoint shows no fabric",
        missing="Reader",
        remedy="give the account the Reader role on the Default Provider Subscription",
    )

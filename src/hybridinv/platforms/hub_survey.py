"""One pass over an Azure Stack Hub: what it offers is found out first, and the operator plane is asked beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.errors import AccessDenied, NotFound, NotSupported, ServerFault, UnexpectedAnswer
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.compute import ComputeSurvey
from hybridinv.platforms.hub_placing import Placing
from hybridinv.transport.parallel import once
from hybridinv.wire import arm as wire
from hybridinv.wire import fabric
from hybridinv.wire.compute_sizes import Size, read_hub_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hybridinv.platforms.adapter import Report
    from hybridinv.platforms.arm_survey import Item
    from hybridinv.platforms.hub_fabric import Found, OperatorPlane
    from hybridinv.transport.arm import ArmClient
    from hybridinv.wire.reading import Origin

OPERATOR = "pass admin_endpoint=https://adminmanagement.<region>.<fqdn>"
_SUBSCRIPTIONS = "2016-06-01"
_PROVIDERS = "2019-10-01"
_COMPUTE = ("2020-06-01", "2019-12-01", "2019-07-01", "2018-10-01", "2017-12-01", "2017-03-30", "2016-03-30")
_NETWORK = ("2018-11-01", "2017-10-01", "2017-06-01", "2015-06-15")
"""Api-versions of the hybrid profiles and those between, newest first: the readers know all of them."""

_COMPUTE_TYPES = ("virtualMachines", "virtualMachines/extensions", "locations/vmSizes")
_NETWORK_TYPES = ("virtualNetworks", "networkInterfaces", "publicIPAddresses")
"""What is read of each provider."""


class HubSurvey(ComputeSurvey):
    has_graph = False
    subscriptions_version = _SUBSCRIPTIONS

    def __init__(
        self,
        client: ArmClient,
        origin: Origin,
        subscription_ids: Sequence[str] | None,
        report: Report | None,
        detail: str,
        operator: OperatorPlane | None,
    ) -> None:
        super().__init__(client, origin, subscription_ids, report, detail)
        self._operator = operator

    @once
    def machine_version(self) -> str:
        return self._negotiate("Microsoft.Compute", _COMPUTE_TYPES, _COMPUTE)

    @once
    def network_version(self) -> str:
        return self._negotiate("Microsoft.Network", _NETWORK_TYPES, _NETWORK)

    def sizes_in(self, subscription_id: str, location: str) -> dict[str, Size]:
        path = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/locations/{location}/vmSizes"
        return read_hub_sizes(self.client.items(path, self.machine_version))

    def _negotiate(self, namespace: str, types: Sequence[str], known: Sequence[str]) -> str:
        """The newest api-version of these types that both sides know, asked for in the first subscription to answer."""
        refusals = []
        for subscription in self.subscription_ids:
            try:
                offered = self._offered(f"/subscriptions/{subscription}/providers/{namespace}", types, known)
            except (AccessDenied, NotFound, ServerFault) as error:
                refusals.append(error)
                continue
            version = wire.choose_version(offered, known)
            if version is None:
                raise NotSupported(
                    f"{self.origin.source} offers {namespace}/{types[0]} in versions {', '.join(offered)}",
                    remedy=f"this library reads {', '.join(known)}; report it with a tape (hi.record)",
                )
            return version
        raise refusals[0]

    def _offered(self, provider: str, types: Sequence[str], known: Sequence[str]) -> Sequence[str]:
        """The api-versions of the first type: from the provider's own list, else from the text of an error.

        Those that another of the types is listed without are left out: versions are the types', not the provider's.
        """
        try:
            listed_ = wire.read_providers(self.client.get(provider, _PROVIDERS))
        except (AccessDenied, NotFound, ServerFault, UnexpectedAnswer):
            listed_ = {}
        offered: Sequence[str] = listed_.get(types[0].lower(), ())
        if offered:
            others = [versions for type_ in types[1:] if (versions := listed_.get(type_.lower()))]
            return [one for one in offered if all(one in versions for versions in others)] or offered
        try:
            self.client.get(f"{provider}/{types[0]}", known[0])
        except (NotFound, ServerFault) as error:
            offered = wire.supported_versions(error.message)
            if not offered:
                raise
            return offered
        return known[:1]

    def subscription_ids_read(self) -> frozenset[str]:
        operators = self._operator.subscription_ids_read() if self._operator else frozenset()
        return super().subscription_ids_read() | operators

    def _vms(self) -> Reading:
        reading = super()._vms()
        if self._operator:
            placing = self._placing
            reading.records = [placing.placed(vm) for vm in reading.records]
        return reading

    def _hosts(self) -> Reading:
        nodes = self._nodes
        reading = Reading(lost=list(nodes.lost))
        reading.records = [self._placing.filled(host) for host in nodes.records]
        return reading

    def _clusters(self) -> Reading:
        return self.found("clusters", self._plane.scale_units, fabric.read_scale_unit)

    @property
    def _plane(self) -> OperatorPlane:
        if self._operator is None:
            raise NotSupported("the operator plane was not given", remedy=OPERATOR)
        return self._operator

    @once
    def _nodes(self) -> Reading:
        return self.found("hosts", self._plane.nodes, fabric.read_node)

    @once
    def _placing(self) -> Placing:
        return Placing.of(self._nodes.records, self._plane, self.origin)

    def found(self, kind: str, found: Found, read: Callable[[Item, Origin], Any]) -> Reading:
        """What the operator plane gave, as records."""
        reading = Reading(lost=list(found.lost))
        self.records((item for _, item in found.items), lambda item: read(item, self.origin), reading)
        self.tell(kind, len(found.items))
        return reading

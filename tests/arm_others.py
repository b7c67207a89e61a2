"""More of `ArmServer`'s answers: a Hub's operator plane, and what Arc has beside servers."""

import re

from misbehaviour import Reply, fault

CLASSES = (
    ("regions", r"/microsoft\.fabric\.admin/fabriclocations$"),
    ("placement", r"/microsoft\.compute\.admin/locations/[^/]+/computescaleunits/[^/]+$"),
    ("platform images", r"/microsoft\.compute\.admin/locations/[^/]+/artifacttypes/platformimage$"),
    ("vm extension images", r"/microsoft\.compute\.admin/locations/[^/]+/artifacttypes/vmextension$"),
    ("hub updates", r"/microsoft\.update\.admin/updatelocations/[^/]+/updates$"),
    ("hub update runs", r"/microsoft\.update\.admin/updatelocations/[^/]+/updates/[^/]+/updateruns$"),
    ("licenses", r"^/subscriptions/[^/]+/providers/microsoft\.hybridcompute/licenses$"),
    ("resources", r"^/subscriptions/[^/]+/resources$"),
    ("inventory items", r"/inventoryitems$"),
    ("publishers", r"/microsoft\.compute/locations/[^/]+/publishers$"),
    ("extension types", r"/artifacttypes/vmextension/types$"),
    ("extension versions", r"/artifacttypes/vmextension/types/[^/]+/versions$"),
    ("arc publishers", r"^/providers/microsoft\.hybridcompute/locations/[^/]+/publishers$"),
    ("arc extension types", r"^/providers/microsoft\.hybridcompute/locations/[^/]+/publishers/[^/]+/extensiontypes$"),
    ("arc extension versions", r"/microsoft\.hybridcompute/locations/[^/]+/.*/extensiontypes/[^/]+/versions$"),
)


class Others:
    """What it has; tests fill in what they need."""

    def __init__(self):
        self.placements = {}  # bodies by scale unit; a Hub that does not know the request has none
        self.platform_images, self.vm_extensions = [], []
        self.hub_updates, self.hub_runs = [], {}
        self.catalogue, self.arc_catalogue = {}, {}  # versions by type, by publisher; of Arc with their system
        self.licenses, self.resources, self.inventory_items = [], [], {}


class OtherAnswers:
    """The answers, for `Answers`."""

    def get_regions(self, path, query, body):
        scope = "/".join(path.split("/")[:3]) + "/"
        mine = [one for one in (*self.estate.nodes, *self.estate.scale_units) if one["id"].lower().startswith(scope)]
        if not mine:
            return fault(404, "ResourceGroupNotFound", "Resource group 'System.local' could not be found.")
        name = self.estate.location
        return self.page([{"id": f"{path}/{name}", "name": name, "location": name, "properties": {}}], path, query)

    def get_placement(self, path, query, body):
        found = self.others.placements.get(path.rpartition("/")[2])
        return Reply.json(200, found) if found else fault(404, "ResourceNotFound", f"no {path}")

    def get_platform_images(self, path, query, body):
        return Reply.json(200, self.others.platform_images)

    def get_vm_extension_images(self, path, query, body):
        return Reply.json(200, self.others.vm_extensions)

    def get_hub_updates(self, path, query, body):
        return self.page(self.others.hub_updates, path, query)

    def get_hub_update_runs(self, path, query, body):
        return self.page(self.others.hub_runs.get(path.split("/")[-2], []), path, query)

    def get_licenses(self, path, query, body):
        return self.page(self.within(self.others.licenses, path), path, query)

    def get_resources(self, path, query, body):
        types = set(re.findall(r"resourceType eq '([^']+)'", query["$filter"]))
        bare = [{name: value for name, value in one.items() if name != "properties"} for one in self.others.resources]
        return self.page([one for one in self.within(bare, path) if one["type"].lower() in types], path, query)

    def get_inventory_items(self, path, query, body):
        return self.page(self.others.inventory_items.get(path.rpartition("/")[0], []), path, query)

    def get_publishers(self, path, query, body):
        return self.bare(path, self.others.catalogue)

    def get_extension_types(self, path, query, body):
        types = self.within_catalogue(self.others.catalogue, path)
        return self.bare(path, types) if types else fault(404, "NotFound", "Artifact: VMExtension was not found.")

    def get_extension_versions(self, path, query, body):
        versions = self.within_catalogue(self.others.catalogue, path)
        return self.bare(path, versions) if versions else fault(404, "NotFound", f"{path} was not found.")

    def bare(self, path, names):
        """A bare array of sub-resources, with ids as Microsoft.Compute writes them."""
        steps = path.split("/")
        known = {
            "subscriptions": "Subscriptions",
            "providers": "Providers",
            "microsoft.compute": "Microsoft.Compute",
            "vmextension": "VMExtension",
            **{name.lower(): name for name in self.named(self.others.catalogue)},
        }
        above = "/".join(known.get(step, step.capitalize() if n % 2 else step) for n, step in enumerate(steps))
        return Reply.json(200, [{"location": steps[6], "name": one, "id": f"{above}/{one}"} for one in names])

    def named(self, catalogue):
        return [*catalogue, *(type_ for types in catalogue.values() for type_ in types)]

    def within_catalogue(self, catalogue, path):
        """What a catalogue has below the publisher, or the publisher and type, of a path; None where it has none."""
        steps = path.split("/")
        publisher = steps[steps.index("publishers") + 1]
        types = next((types for name, types in catalogue.items() if name.lower() == publisher), None)
        if steps[-1] != "versions":
            return types
        return next((versions for name, versions in (types or {}).items() if name.lower() == steps[-2]), None)

    def get_arc_publishers(self, path, query, body):
        return self.page([{"name": name, "id": path} for name in self.others.arc_catalogue], path, query)

    def get_arc_extension_types(self, path, query, body):
        types = self.within_catalogue(self.others.arc_catalogue, path)
        if types is None:
            return fault(404, "NotFound", f"{path} was not found.")
        return self.page([{"name": name, "id": f"{path}/{name.lower()}"} for name in types], path, query)

    def get_arc_extension_versions(self, path, query, body):
        versions = self.within_catalogue(self.others.arc_catalogue, path)
        if versions is None:
            return fault(404, "NotFound", f"{path} was not found.")
        of = {"publisher": path.split("/")[-4], "extensionType": path.split("/")[-2]}
        rows = [
            {"id": f"{path}/{one}", "properties": {**of, "version": one}
             | ({} if path.startswith("/subscriptions") else {"operatingSystem": system})}
            for one, system in versions.items()
        ]  # fmt: skip
        return self.page(rows, path, query)

    def rows_of_types(self, asked):
        """Resource Graph's answer to `type in~ (…)`."""
        types = set(re.findall(r"'([^']+)'", asked["query"].partition("|")[2].partition("|")[0]))
        scopes = tuple(f"/subscriptions/{one}/" for one in asked["subscriptions"])
        rows = [
            {"id": one["id"].upper(), "kind": one.get("kind"), "properties": one.get("properties")}
            for one in self.others.resources
            if one["type"].lower() in types and one["id"].lower().startswith(scopes)
        ]
        return Reply.json(
            200, {"totalRecords": len(rows), "count": len(rows), "data": rows, "resultTruncated": "false"}
        )

    @property
    def others(self):
        return self.estate.others

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
)


class Others:
    """What it has; tests fill in what they need."""

    def __init__(self):
        self.placements = {}  # bodies by scale unit; a Hub that does not know the request has none
        self.platform_images, self.vm_extensions = [], []
        self.hub_updates, self.hub_runs = [], {}
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

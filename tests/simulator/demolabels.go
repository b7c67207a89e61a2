package main

import "github.com/vmware/govmomi/vim25/types"

// label hangs attributes, tags, pools and rules on what the demo has. It comes
// last, so that everything before keeps its references.
func (d *demo) label(e *estate) {
	byName := map[string]*machine{}
	for _, m := range e.machines {
		byName[m.Name] = m
	}
	e.addField("Owner", "VirtualMachine")
	e.addField("Cost center", "")
	e.addField("Rack", "HostSystem")
	e.tags.category(e.scene, "Environment", "Where in its life", true, "VirtualMachine", "ClusterComputeResource")
	e.tags.category(e.scene, "Application", "What it serves", false)
	e.tags.category(e.scene, "Site", "Where it stands", true, "HostSystem", "Datastore")

	owners := map[string]string{
		"web01": "Web team", "web02": "Web team", "sql01": "Data platform", "sql02": "Data platform", "app01": "Orders", "app02": "Orders",
		"legacy01": "Facilities",
	}
	for _, m := range e.machines {
		if owner := owners[m.Name]; owner != "" {
			e.describe(m, &m.truth.labels, "Owner", owner)
			e.describe(m, &m.truth.labels, "Cost center", "4711")
			e.tag(m, &m.truth.Tags, "Environment", "production")
			e.tag(m, &m.truth.Tags, "Application", "web shop")
		}
		if m.Name == "sql01" || m.Name == "sql02" {
			e.tag(m, &m.truth.Tags, "Application", "reporting")
		}
	}
	for i, h := range e.hosts {
		site := "Utrecht"
		if h.cluster == d.branch {
			site = "Branch"
		}
		e.tag(h, &h.truth.Tags, "Site", site)
		e.describe(h, &h.truth.labels, "Rack", []string{"R1", "R2", "R1", "B1", "B1"}[i])
	}
	e.tag(d.main, &d.main.truth.Tags, "Environment", "production")
	e.describe(d.main, &d.main.truth.labels, "Cost center", "4700")
	e.tag(d.fast, &d.fast.truth.Tags, "Site", "Utrecht")

	databases := e.addPool(d.main.root, "Databases",
		allocationSpec{reservation: 20000, level: types.SharesLevelHigh, expandable: true},
		allocationSpec{reservation: 262144, level: types.SharesLevelHigh, expandable: true})
	databases.move(byName["sql01"])
	databases.move(byName["sql02"])
	d.main.keep("apart", "databases apart", true, byName["sql01"], byName["sql02"])
	d.main.keep("apart", "web servers apart", true, byName["web01"], byName["web02"])
	d.main.groupVMs("SQL Server", byName["sql01"], byName["sql02"])
	d.main.groupHosts("licensed for SQL Server", d.main.hosts[:2]...)
	d.main.bind("vm-host", "SQL Server licences", true, "SQL Server", "licensed for SQL Server")
	d.main.protect(byName["sql01"], "highest", "shutdown")
}

package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// licenseSpec is a licence and what it is assigned to.
type licenseSpec struct {
	key, edition, name, unit string
	total, used              int32
	expires                  *time.Time
	features                 []types.KeyValue
	labels                   []types.KeyValue
	product, version         string
	assigned                 map[string]string // display names by id
	order                    []string
}

var hostFeatures = []types.KeyValue{
	{Key: "esxHost", Value: "Unlimited hosts"},
	{Key: "vsmp:768", Value: "Up to 768-way virtual SMP"},
	{Key: "h264", Value: "H.264 for Remote Console Connections"},
	{Key: "vmotion", Value: "vSphere vMotion"},
	{Key: "xswitchvmotion", Value: "X-Switch vMotion"},
	{Key: "storagevmotion", Value: "vSphere Storage vMotion"},
	{Key: "das", Value: "vSphere HA"},
	{Key: "drs", Value: "vSphere Distributed Resource Scheduler"},
	{Key: "dvs", Value: "vSphere Distributed Switch"},
	{Key: "encryptedvm", Value: "VM Encryption"},
}

// license gives the vCenter, its hosts and its vSAN clusters their licences.
func (e *estate) license() {
	ends := epoch.AddDate(0, 6, 0)
	if e.scene == "awkward" {
		ends = epoch.AddDate(0, -1, 0) // it has expired
	}
	hosts := licenseSpec{
		key: "4J2XA-1K0D9-78Q1P-0R2HH-0MZ61", edition: "esx.enterprisePlus.cpuPackageCoreLimited", name: "VMware vSphere 8 Enterprise Plus",
		unit: "cpuPackage:32core", total: 64, expires: &ends, features: hostFeatures, product: "VMware ESX Server", version: "8.0",
		labels:   []types.KeyValue{{Key: "VpxClientLicenseLabel", Value: "Production hosts"}},
		assigned: map[string]string{},
	}
	spare := licenseSpec{
		key: "1N4ZB-8L2C7-H8D93-0K1A2-9P6TT", edition: "esx.standard.cpuPackage", name: "VMware vSphere 7 Standard", unit: "cpuPackage",
		total: 8, features: hostFeatures[:4], product: "VMware ESX Server", version: "7.0",
	}
	center := licenseSpec{
		key: "0M8RC-5T0E6-18U42-0B9CK-2V7NA", edition: "vc.standard.instance", name: "VMware vCenter Server 8 Standard", unit: "server", total: 1, used: 1,
		features: []types.KeyValue{{Key: "linkedvc", Value: "vCenter Linked Mode"}, {Key: "orchestrator", Value: "vCenter Orchestrator"}},
		product:  "VMware VirtualCenter Server", version: "8.0",
		assigned: map[string]string{e.truth.InstanceUUID: "vcenter.example.test"}, order: []string{e.truth.InstanceUUID},
	}
	for _, h := range e.hosts {
		hosts.assigned[h.Self.Value], hosts.order = h.Name, append(hosts.order, h.Self.Value)
		hosts.used += int32(h.truth.Sockets)
	}
	specs := []licenseSpec{hosts, spare, center, {
		key: "00000-00000-00000-00000-00000", edition: "eval", name: "Evaluation Mode", features: hostFeatures[:2],
		product: "VMware VirtualCenter Server", version: "8.0",
	}}
	vsan := licenseSpec{
		key: "2H6SD-9W1F5-38X53-0C4DM-6B8PR", edition: "vsan.advanced.cpuPackage", name: "VMware vSAN 8 Advanced", unit: "cpuPackage", total: 32,
		features: []types.KeyValue{{Key: "vsan", Value: "vSAN"}, {Key: "allflashvsan", Value: "vSAN All Flash"}},
		product:  "VMware VSAN", version: "8.0", assigned: map[string]string{},
	}
	for _, c := range e.clusters {
		if c.truth.VSANEnabled != nil && *c.truth.VSANEnabled {
			vsan.assigned[c.Self.Value], vsan.order = c.Name, append(vsan.order, c.Self.Value)
			for _, h := range c.hosts {
				vsan.used += int32(h.truth.Sockets)
			}
		}
	}
	if len(vsan.order) > 0 {
		specs = append(specs, vsan)
	}
	e.publishLicenses(specs)
}

func (e *estate) publishLicenses(specs []licenseSpec) {
	manager := e.ctx.Map.Get(*e.content().LicenseManager).(*simulator.LicenseManager)
	assignments := e.ctx.Map.Get(*manager.LicenseAssignmentManager).(*simulator.LicenseAssignmentManager)
	manager.Licenses, assignments.QueryAssignedLicensesResponse.Returnval = nil, nil
	for _, spec := range specs {
		info := spec.info()
		manager.Licenses = append(manager.Licenses, info)
		for _, id := range spec.order {
			assignments.QueryAssignedLicensesResponse.Returnval = append(assignments.QueryAssignedLicensesResponse.Returnval,
				types.LicenseAssignmentManagerLicenseAssignment{
					EntityId: id, Scope: e.truth.InstanceUUID, EntityDisplayName: spec.assigned[id], AssignedLicense: info,
				})
		}
		e.truth.Licenses = append(e.truth.Licenses, spec.truth())
	}
}

func (s licenseSpec) info() types.LicenseManagerLicenseInfo {
	info := types.LicenseManagerLicenseInfo{
		LicenseKey: s.key, EditionKey: s.edition, Name: s.name, Total: s.total, Used: s.used, CostUnit: s.unit, Labels: s.labels,
		Properties: []types.KeyAnyValue{{Key: "ProductName", Value: s.product}, {Key: "ProductVersion", Value: s.version}},
	}
	if s.expires != nil {
		hours := s.expires.Sub(epoch).Hours()
		info.Properties = append(info.Properties, types.KeyAnyValue{Key: "expirationDate", Value: *s.expires},
			types.KeyAnyValue{Key: "expirationHours", Value: int64(hours)}, types.KeyAnyValue{Key: "expirationMinutes", Value: int64(hours * 60)})
	}
	for _, feature := range s.features {
		info.Properties = append(info.Properties, types.KeyAnyValue{Key: "feature", Value: feature})
	}
	return info
}

func (s licenseSpec) truth() *licenseTruth {
	t := &licenseTruth{
		Key: s.key, Edition: s.edition, Name: s.name, Total: s.total, Used: s.used, Unit: s.unit, Features: []string{}, FeatureKeys: []string{},
		Labels: map[string]string{}, AssignedIDs: list(s.order), ProductName: s.product, ProductVersion: s.version,
	}
	if s.expires != nil {
		moment := instant(*s.expires)
		t.ExpiresAt = &moment
	}
	for _, feature := range s.features {
		t.Features, t.FeatureKeys = append(t.Features, feature.Value), append(t.FeatureKeys, feature.Key)
	}
	for _, label := range s.labels {
		t.Labels[label.Key] = label.Value
	}
	return t
}

package main

import (
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// addOddities takes away what is usually there, and adds what is usually not.
func (e *estate) addOddities(p *plainEstate) {
	e.addOpaqueNetwork(p.hosts[0])
	sparse := p.machines[5]
	c := sparse.Config
	c.CpuAllocation, c.MemoryAllocation, c.BootOptions, c.LatencySensitivity = nil, nil, nil, nil
	c.CpuHotAddEnabled, c.CpuHotRemoveEnabled, c.MemoryHotAddEnabled, c.ChangeTrackingEnabled = nil, nil, nil, nil
	c.Hardware.NumCoresPerSocket, c.ExtraConfig, c.SwapPlacement, c.MigrateEncryption = nil, nil, "", ""
	c.Hardware.Device = append(c.Hardware.Device, &types.VirtualDevice{Key: 99999})
	sparse.LayoutEx, sparse.Summary.Storage = nil, nil
	sparse.truth.Details, sparse.truth.Awkward = nil, "sparse"
	for i := range sparse.truth.Disks {
		sparse.truth.Disks[i].SizeBytes = 0
	}

	stranger := &types.CustomFieldStringValue{CustomFieldValue: types.CustomFieldValue{Key: 999}, Value: "a field that is gone"}
	p.machines[6].CustomValue = append(p.machines[6].CustomValue, stranger)
	if p.machines[6].truth.CustomAttributes == nil {
		p.machines[6].truth.CustomAttributes = map[string]string{}
	}
	p.machines[6].truth.CustomAttributes["999"] = stranger.Value
	e.tags.category(e.scene, "Ünïcode / <category>", "", false)
	e.tag(p.machines[0], &p.machines[0].truth.Tags, "Ünïcode / <category>", `=cmd|' /C calc'!A0`)
	e.tag(p.machines[0], &p.machines[0].truth.Tags, "Ünïcode / <category>", "a, b; \"c\"\n")

	bare := p.hosts[4%len(p.hosts)]
	if bare.Config != nil {
		bare.Config.DateTimeInfo, bare.Config.Service, bare.Config.HyperThread, bare.Config.StorageDevice = nil, nil, nil, nil
		bare.Config.MaskedFeatureCapability, bare.Config.Network.DnsConfig, bare.Config.Network.NetStackInstance = nil, nil, nil
		bare.Hardware.BiosInfo, bare.Hardware.CpuPowerManagementInfo = nil, nil
		for i := range bare.truth.VMKernelAdapters { // which were those of the stacks
			bare.truth.VMKernelAdapters[i].Gateway, bare.truth.VMKernelAdapters[i].IPv6Gateway = "", ""
		}
		bare.truth.BIOSVersion, bare.truth.Details, bare.truth.Awkward = nil, nil, "sparse"
	}

	shared := p.shared[p.hosts[0].cluster]
	shared.cut(p.hosts[0], "AllPathsDown_Timeout", true)
	if len(p.hosts) > 6 {
		p.library.cut(p.hosts[5], "PermanentDeviceLoss", true)
		p.library.cut(p.hosts[6], "", false)
		p.library.truth.Awkward = "cut"
	}
	shared.truth.Awkward = "cut"
	gone := p.hosts[1].local
	gone.Summary.Accessible, gone.Summary.MaintenanceMode, gone.Summary.MultipleHostAccess = false, "inMaintenance", nil
	gone.Info, gone.IormConfiguration, gone.Summary.Uncommitted = &types.DatastoreInfo{Name: gone.Name, Url: gone.Summary.Url}, nil, 0
	gone.OverallStatus = types.ManagedEntityStatusRed
	t := gone.truth
	t.Awkward, t.Accessible, t.MaintenanceMode, t.InfoType = "inaccessible", false, "inMaintenance", "DatastoreInfo"
	t.UncommittedBytes = &gone.Summary.Uncommitted // asked for alone, the zero is sent
	t.Version, t.BlockSizeMB, t.Local, t.SSD, t.Extents, t.IOControl, t.CongestionMS = "", nil, nil, nil, []string{}, nil, nil
	t.OverallStatus = "red"
	gone.cut(p.hosts[1], "AllPathsDown_Start", true)
}

// addOpaqueNetwork adds a network that something other than vCenter manages.
func (e *estate) addOpaqueNetwork(h *host) {
	folder := e.networkFolder()
	entity := new(mo.OpaqueNetwork)
	entity.Name = "overlay-segment"
	entity.Entity().Name = entity.Name
	ref := e.put(folder, entity)
	folder.ChildEntity = append(folder.ChildEntity, ref)
	entity.Summary = &types.OpaqueNetworkSummary{
		NetworkSummary:  types.NetworkSummary{Network: &entity.Self, Name: entity.Name, Accessible: true},
		OpaqueNetworkId: stableUUID(e.scene, "overlay"), OpaqueNetworkType: "nsx.LogicalSwitch",
	}
	n := &network{entity: &entity.Network, truth: &networkTruth{Moref: ref.Value, Name: entity.Name, Kind: "opaque", HostMorefs: []string{}}}
	e.truth.Networks = append(e.truth.Networks, n.truth)
	e.networks = append(e.networks, n)
	n.addHost(h)
}

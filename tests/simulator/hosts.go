package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// hostSpec is what a scene says about a host.
type hostSpec struct {
	name                  string
	vendor, model, serial string
	biosVersion           string
	cpuModel              string
	sockets, cores        int16 // cores of the whole host; two threads each
	mhz                   int32
	memoryGB              int64
	version, build        string
	boot                  time.Time
	network               networkSpec
	incapable             []string // capabilities the host lacks
	maintenance           bool
	disconnected          bool // configuration and hardware are unknown
	hostTraits
}

type host struct {
	*simulator.HostSystem
	cluster     *cluster
	truth       *hostTruth
	datastores  []*datastore
	local       *datastore
	fabric      []types.HostHostBusAdapter // those that reach shared storage
	inside      types.HostHostBusAdapter   // the one that local disks are on
	distributed bool                       // member of a distributed switch
}

func (e *estate) addHost(c *cluster, spec hostSpec) *host {
	template := esx.HostSystem
	template.Runtime.HealthSystemRuntime = nil
	system := simulator.NewHostSystem(e.ctx, template)
	e.ctx.Map.PutEntity(c.ClusterComputeResource, e.ctx.Map.NewEntity(system))
	system.Name = spec.name

	h := &host{HostSystem: system, cluster: c, distributed: spec.network.dvs != nil}
	h.truth = spec.truth(e.scene, h)
	e.truth.Hosts = append(e.truth.Hosts, h.truth)
	e.hosts = append(e.hosts, h)

	h.truth.Details = new(hostDetails)
	h.fare(spec)
	product := spec.product()
	h.Config.Host = h.Self
	h.Config.Product = product
	h.Config.FileSystemVolume = &types.HostFileSystemVolumeInfo{VolumeTypeList: []string{"VMFS", "NFS", "NFS41", "OTHER"}}
	h.Config.Network = e.wire(h, spec.network)
	h.Config.VirtualNicManagerInfo = &types.HostVirtualNicManagerInfo{
		NetConfig: netConfig(spec.network.adapters, h.Config.Network.Vnic),
	}
	h.Config.Vmotion = vmotionConfig(h.Config.VirtualNicManagerInfo.NetConfig)
	h.equip(e, spec)
	h.syncManagers(e)

	h.Capability = spec.capability()
	h.Hardware = spec.hardware(h.truth)
	h.Summary.Host = &h.Self
	h.Summary.Hardware = spec.summary(h.truth)
	h.Summary.Config = types.HostConfigSummary{
		Name: spec.name, Port: 443, Product: &product, VmotionEnabled: h.Config.Vmotion.NetConfig.SelectedVnic != "",
	}
	h.Runtime.BootTime = &spec.boot
	h.Runtime.InMaintenanceMode = spec.maintenance
	if spec.disconnected {
		h.forget()
	}
	c.join(h)
	return h
}

// syncManagers repeats the configuration where other clients read it.
func (h *host) syncManagers(e *estate) {
	nics := e.ctx.Map.Get(*h.ConfigManager.VirtualNicManager).(*simulator.HostVirtualNicManager)
	nics.Info = *h.Config.VirtualNicManagerInfo
	network := e.ctx.Map.Get(*h.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem)
	network.NetworkInfo = h.Config.Network

	browser := new(simulator.HostDatastoreBrowser)
	e.ctx.Map.Put(browser)
	h.DatastoreBrowser = browser.Self

	// The template's other managers do not exist.
	managers := h.ConfigManager
	h.ConfigManager = types.HostConfigManager{
		NetworkSystem: managers.NetworkSystem, VirtualNicManager: managers.VirtualNicManager,
		DatastoreSystem: managers.DatastoreSystem, StorageSystem: managers.StorageSystem,
		AdvancedOption: managers.AdvancedOption, FirewallSystem: managers.FirewallSystem,
		CertificateManager: managers.CertificateManager,
	}
}

// forget leaves what vCenter still knows of a host that does not answer.
func (h *host) forget() {
	h.Config, h.Hardware, h.Capability = nil, nil, nil
	h.Runtime.ConnectionState = types.HostSystemConnectionStateDisconnected
	h.Runtime.PowerState = types.HostSystemPowerStateUnknown
	h.Runtime.BootTime = nil

	t := h.truth
	t.ConnectionState, t.PowerState = string(h.Runtime.ConnectionState), string(h.Runtime.PowerState)
	t.SerialNumber, t.BIOSVersion, t.BootTime = nil, nil, nil
	t.Capabilities, t.VMKernelAdapters, t.Details = map[string]bool{}, []adapterTruth{}, nil
}

func (s hostSpec) truth(scene string, h *host) *hostTruth {
	boot := instant(s.boot)
	t := &hostTruth{
		Moref: h.Self.Value, Name: s.name, ClusterMoref: h.cluster.Self.Value,
		Vendor: s.vendor, Model: s.model, SerialNumber: &s.serial, ServiceTag: s.serial, BIOSVersion: &s.biosVersion,
		UUID:     stableUUID(scene, "host", s.name),
		CPUModel: s.cpuModel, Sockets: int(s.sockets), Cores: int(s.cores), Threads: int(s.cores) * 2, MHz: int(s.mhz),
		MemoryBytes: s.memoryGB << 30, Version: s.version, Build: s.build,
		ConnectionState: "connected", PowerState: "poweredOn", InMaintenance: s.maintenance, BootTime: &boot,
		Capabilities: map[string]bool{}, VMKernelAdapters: []adapterTruth{},
	}
	for _, name := range migrationCapabilities {
		t.Capabilities[name] = s.can(name)
	}
	return t
}

func (s hostSpec) product() types.AboutInfo {
	return types.AboutInfo{
		Name: "VMware ESXi", FullName: "VMware ESXi " + s.version + " build-" + s.build, Vendor: "VMware, Inc.",
		Version: s.version, Build: s.build, LocaleVersion: "INTL", LocaleBuild: "000", OsType: "vmnix-x86",
		ProductLineId: "embeddedEsx", ApiType: "HostAgent", ApiVersion: s.version + ".0",
		LicenseProductName: "VMware ESX Server", LicenseProductVersion: s.version[:1] + ".0",
	}
}

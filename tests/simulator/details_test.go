package main

import (
	"reflect"
	"slices"
	"testing"

	"github.com/vmware/govmomi/license"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestMachinesMatchTheirDetails(t *testing.T) {
	v, want := serve(t, options{scene: "plain"})
	c := mustLogin(t, v)
	fields := map[int32]string{}
	for _, field := range want.CustomFields {
		fields[field.Key] = field.Name
	}
	kinds := map[string]bool{}
	machines := read(t, c, "VirtualMachine", machineRef)
	for _, m := range want.VMs {
		got, d := machines[m.Moref], m.Details
		same(t, m.Name+" pool", got.ResourcePool.Value, m.ResourcePoolMoref)
		same(t, m.Name+" vApp", got.ParentVApp != nil, m.VAppMoref != "")
		same(t, m.Name+" cores", *got.Config.Hardware.NumCoresPerSocket, d.CoresPerSocket)
		same(t, m.Name+" CPU", *got.Config.CpuAllocation.Reservation, d.CPUAllocation.Reservation)
		same(t, m.Name+" memory", *got.Config.MemoryAllocation.Reservation<<20, d.MemoryAllocation.Reservation)
		same(t, m.Name+" committed", got.Summary.Storage.Committed, d.CommittedBytes)
		same(t, m.Name+" settings", len(got.Config.ExtraConfig), len(d.ExtraConfig))
		same(t, m.Name+" requirements", len(got.Runtime.FeatureRequirement), len(d.Features))
		same(t, m.Name+" partitions", len(got.Guest.Disk), len(d.Partitions))
		same(t, m.Name+" question", got.Runtime.Question != nil, m.Question != "")
		attributes := map[string]string{}
		for _, value := range got.CustomValue {
			value := value.(*types.CustomFieldStringValue)
			attributes[fields[value.Key]] = value.Value
		}
		same(t, m.Name+" attributes", len(attributes), len(m.CustomAttributes))
		for name, value := range m.CustomAttributes {
			same(t, m.Name+" "+name, attributes[name], value)
		}
		devices := object.VirtualDeviceList(got.Config.Hardware.Device)
		for _, device := range d.Devices {
			kinds[device.Kind+" "+device.Backing] = true
			found := devices.FindByKey(device.Key)
			same(t, m.Name+" "+device.Label, reflect.TypeOf(found).Elem().Name(), device.Type)
			if device.BackingType != "" {
				same(t, m.Name+" "+device.Label, reflect.TypeOf(found.GetVirtualDevice().Backing).Elem().Name(), device.BackingType)
			}
		}
	}
	for _, kind := range []string{
		"cdrom image", "cdrom host", "cdrom client", "floppy image", "usb host", "passthrough host", "vgpu VirtualPCIPassthroughVmiopBackingInfo",
		"serial network", "parallel host", "tpm none", "sound host",
	} {
		if !kinds[kind] {
			t.Errorf("no machine has %s", kind)
		}
	}
}

// A disk's chain is the same in the machine, in its layout, and in each snapshot.
func TestChainsAgree(t *testing.T) {
	v, want := serve(t, options{scene: "plain"})
	c := mustLogin(t, v)
	machines := read(t, c, "VirtualMachine", machineRef, "layoutEx", "snapshot", "config.hardware.device")
	branched := 0
	for _, m := range want.VMs {
		layout := machines[m.Moref].LayoutEx
		size := int64(0)
		chain := func(disk types.VirtualMachineFileLayoutExDiskLayout) (names []string) {
			size = 0
			for _, unit := range disk.Chain {
				names = append([]string{layout.File[unit.FileKey[0]].Name}, names...)
				for _, key := range unit.FileKey {
					size += layout.File[key].Size
				}
			}
			return names
		}
		for i, disk := range m.Disks {
			same(t, m.Name+" "+disk.Label, chain(layout.Disk[i]), disk.Chain)
			same(t, m.Name+" "+disk.Label, size, disk.SizeBytes)
		}
		children := map[string]int{}
		for i, snapshot := range m.Snapshots {
			var got mo.VirtualMachineSnapshot
			ref := types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: snapshot.Moref}
			if err := c.RetrieveOne(t.Context(), ref, []string{"config.hardware.device"}, &got); err != nil {
				t.Fatal(err)
			}
			disks := object.VirtualDeviceList(got.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil))
			for n, disk := range disks {
				same(t, m.Name+" "+snapshot.Name, chain(layout.Snapshot[i].Disk[n]), files(disk.GetVirtualDevice().Backing))
			}
			same(t, m.Name+" "+snapshot.Name, layout.Snapshot[i].MemoryKey >= 0, snapshot.HasMemory)
			same(t, m.Name+" "+snapshot.Name, machines[m.Moref].Snapshot.CurrentSnapshot.Value == snapshot.Moref, snapshot.Current)
			if children[snapshot.ParentMoref]++; children[snapshot.ParentMoref] > 1 {
				branched++
			}
		}
	}
	if branched == 0 {
		t.Error("no machine has a snapshot beside another")
	}
}

func TestChainsOfABranchedTree(t *testing.T) {
	frozen, running := chains(branchedSnapshots)
	same(t, "snapshots", frozen, [][]int{{0}, {0, 1}, {0, 2}, {0, 2, 3}})
	same(t, "running", running, []int{0, 2, 3, 4})
	frozen, running = chains(nil)
	same(t, "none", [][]int{running}, [][]int{{0}})
	same(t, "none", len(frozen), 0)
}

func TestPlacesMatchTheirTruth(t *testing.T) {
	v, want := serve(t, options{scene: "plain"})
	c := mustLogin(t, v)
	pools := read(t, c, "ResourcePool", func(p mo.ResourcePool) string { return p.Self.Value })
	deepest := 0
	same(t, "pools", len(pools), len(want.ResourcePools))
	for _, pool := range want.ResourcePools {
		got := pools[pool.Moref]
		same(t, pool.Name, got.Parent.Value, pool.ParentMoref)
		same(t, pool.Name+" machines", len(got.Vm), len(pool.VMs))
		same(t, pool.Name+" CPU", *got.Config.CpuAllocation.Reservation, pool.CPUAllocation.Reservation)
		deepest = max(deepest, len(pool.Path))
	}
	same(t, "depth of pools", deepest, 4)

	clusters := read(t, c, "ClusterComputeResource", clusterRef, "configurationEx", "summary")
	rules := map[string]bool{}
	for _, cluster := range want.Clusters {
		config := clusters[cluster.Moref].ConfigurationEx.(*types.ClusterConfigInfoEx)
		same(t, cluster.Name+" policy", reflect.TypeOf(config.DasConfig.AdmissionControlPolicy).Elem().Name(), cluster.HAPolicy)
		same(t, cluster.Name+" rules", len(config.Rule), len(cluster.Rules))
		for i, rule := range cluster.Rules {
			base := config.Rule[i].GetClusterRuleInfo()
			same(t, rule.Name, []any{base.Name, *base.Enabled, *base.Mandatory}, []any{rule.Name, rule.Enabled, rule.Mandatory})
			rules[rule.Kind] = true
		}
	}
	same(t, "kinds of rule", len(rules), 5)

	licenses, err := license.NewManager(c.Client).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range want.Licenses {
		same(t, one.Name, licenses[i].LicenseKey, one.Key)
		same(t, one.Name, []int32{licenses[i].Total, licenses[i].Used}, []int32{one.Total, one.Used})
	}

	hosts := read(t, c, "HostSystem", hostRef)
	kindsOfHBA := map[string]bool{}
	for _, h := range want.Hosts {
		storage := hosts[h.Moref].Config.StorageDevice
		same(t, h.Name+" adapters", len(storage.HostBusAdapter), len(h.Details.HBAs))
		same(t, h.Name+" LUNs", len(storage.ScsiLun), len(h.Details.LUNs))
		for i, lun := range h.Details.LUNs {
			var paths []string
			for _, path := range storage.MultipathInfo.Lun[i].Path {
				paths = append(paths, path.Name+" "+path.State)
			}
			same(t, h.Name+" "+lun.Name, paths, lun.Paths)
		}
		for _, hba := range h.Details.HBAs {
			kindsOfHBA[hba.Type] = true
		}
		same(t, h.Name+" switches", len(hosts[h.Moref].Config.Network.Vswitch), len(h.Details.VSwitches))
		down := slices.ContainsFunc(h.Details.NICs, func(nic pnicTruth) bool { return nic.SpeedMbps == nil })
		same(t, h.Name+" link", slices.ContainsFunc(hosts[h.Moref].Config.Network.Pnic, func(nic types.PhysicalNic) bool {
			return nic.LinkSpeed == nil
		}), down)
	}
	if len(kindsOfHBA) < 8 {
		t.Errorf("only adapters of %v", kindsOfHBA)
	}
}

func TestNetworksSceneHasItsSetups(t *testing.T) {
	_, want := serve(t, options{scene: "networks"})
	same(t, "machines", len(want.VMs), 45)
	for i, h := range want.Hosts {
		same(t, "set-up", h.Setup, networkSetups[i].name)
		serves := map[string]*adapterTruth{}
		for n, adapter := range h.VMKernelAdapters {
			for _, service := range adapter.Services {
				serves[service] = &h.VMKernelAdapters[n]
			}
		}
		same(t, h.Setup+" vMotion", serves["vmotion"] != nil, h.Setup != managementOnly)
		same(t, h.Setup+" Provisioning", serves["vSphereProvisioning"] != nil, h.Setup == ownAdapters)
		if motion := serves["vmotion"]; motion != nil {
			same(t, h.Setup+" link", motion.LinkSpeedMbps == nil, h.Setup == linkDown)
			same(t, h.Setup+" stack", motion.Netstack == vmotionStack, h.Setup == dedicatedStack)
		}
	}
}

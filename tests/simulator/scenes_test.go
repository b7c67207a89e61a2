package main

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func hostRef(h mo.HostSystem) string                { return h.Self.Value }
func machineRef(m mo.VirtualMachine) string         { return m.Self.Value }
func clusterRef(c mo.ClusterComputeResource) string { return c.Self.Value }
func datastoreRef(d mo.Datastore) string            { return d.Self.Value }
func concealed(o oddity) bool                       { return len(o.Hidden) > 0 }
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: the wire says %v, the truth %v", what, got, want)
	}
}

func TestScenesMatchTheirTruth(t *testing.T) {
	for _, scene := range []string{"plain", "demo", "awkward", "networks"} {
		t.Run(scene, func(t *testing.T) {
			v, want := serve(t, options{scene: scene})
			c := mustLogin(t, v)
			same(t, "instance", c.ServiceContent.About.InstanceUuid, want.InstanceUUID)
			same(t, "API version", c.ServiceContent.About.ApiVersion, "8.0.3.0")
			checkHosts(t, c, want)
			checkMachines(t, c, want)

			clusters := read(t, c, "ClusterComputeResource", clusterRef, "host")
			for _, cluster := range want.Clusters {
				var hosts []string
				for _, ref := range clusters[cluster.Moref].Host {
					hosts = append(hosts, ref.Value)
				}
				same(t, cluster.Name, hosts, cluster.Hosts)
			}
			stores := read(t, c, "Datastore", datastoreRef, "summary", "host")
			same(t, "datastores", len(stores), len(want.Datastores))
			for _, store := range want.Datastores {
				got := stores[store.Moref]
				same(t, store.Name+" mounts", len(got.Host), len(store.HostMorefs))
				if !concealed(store.oddity) && store.Accessible {
					same(t, store.Name, *got.Summary.MultipleHostAccess, store.Shared)
					same(t, store.Name, got.Summary.Capacity, store.CapacityBytes)
				}
			}
		})
	}
}

func checkHosts(t *testing.T, c *govmomi.Client, want truth) {
	t.Helper()
	hosts := read(t, c, "HostSystem", hostRef)
	same(t, "hosts", len(hosts), len(want.Hosts))
	for _, h := range want.Hosts {
		got := hosts[h.Moref]
		same(t, h.Name, got.Name, h.Name)
		same(t, h.Name, string(got.Runtime.ConnectionState), h.ConnectionState)
		same(t, h.Name, got.Runtime.InMaintenanceMode, h.InMaintenance)
		if got.Config == nil {
			if !concealed(h.oddity) && h.Awkward != "disconnected" {
				t.Errorf("%s has no configuration", h.Name)
			}
			continue
		}
		same(t, h.Name, got.Hardware.SystemInfo.SerialNumber, *h.SerialNumber)
		same(t, h.Name, got.Capability.VmotionSupported, h.Capabilities["vmotionSupported"])

		manager, err := object.NewHostSystem(c.Client, got.Self).ConfigManager().VirtualNicManager(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		info, err := manager.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, h.Name+" services", len(info.NetConfig), len(nicTypes))
		same(t, h.Name+" info", info.NetConfig, got.Config.VirtualNicManagerInfo.NetConfig)
		for i, adapter := range h.VMKernelAdapters {
			vnic := got.Config.Network.Vnic[i]
			same(t, h.Name, vnic.Spec.Ip.IpAddress, adapter.IP)
			same(t, h.Name, vnic.Spec.NetStackInstanceKey, adapter.Netstack)
			tagged := []string{}
			for _, config := range info.NetConfig {
				if slices.Contains(config.SelectedVnic, config.NicType+".key-vim.host.VirtualNic-"+adapter.Device) {
					tagged = append(tagged, config.NicType)
				}
			}
			slices.Sort(tagged)
			same(t, h.Name+" "+adapter.Device, tagged, adapter.TaggedServices)
		}
	}
}

func checkMachines(t *testing.T, c *govmomi.Client, want truth) {
	t.Helper()
	machines := read(t, c, "VirtualMachine", machineRef)
	same(t, "machines", len(machines), len(want.VMs))
	for _, m := range want.VMs {
		got := machines[m.Moref]
		same(t, m.Name, got.Name, m.Name)
		same(t, m.Name, string(got.Runtime.PowerState), m.PowerState)
		if m.HostMoref == nil {
			same(t, m.Name, got.Runtime.Host, (*types.ManagedObjectReference)(nil))
		} else {
			same(t, m.Name, got.Runtime.Host.Value, *m.HostMoref)
		}
		if got.Config == nil {
			if !concealed(m.oddity) && m.Awkward != "no-config" {
				t.Errorf("%s has no configuration", m.Name)
			}
			continue
		}
		same(t, m.Name, got.Config.Uuid, *m.UUID)
		disks := object.VirtualDeviceList(got.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil))
		same(t, m.Name+" disks", len(disks), len(m.Disks))
		for i, device := range disks {
			same(t, m.Name+" chain", files(device.GetVirtualDevice().Backing), m.Disks[i].Chain)
			same(t, m.Name+" chain", len(m.Disks[i].Chain), m.Disks[i].ChainLength)
		}
		if got.Snapshot == nil {
			same(t, m.Name+" snapshots", 0, len(m.Snapshots))
		}
		if got.Guest != nil && m.GuestHostname != nil {
			same(t, m.Name, got.Guest.HostName, *m.GuestHostname)
		}
	}
}

// files are those of a chain, the one that is written first.
func files(backing types.BaseVirtualDeviceBackingInfo) (names []string) {
	switch b := backing.(type) {
	case *types.VirtualDiskFlatVer2BackingInfo:
		for ; b != nil; b = b.Parent {
			names = append(names, b.FileName)
		}
	case *types.VirtualDiskRawDiskMappingVer1BackingInfo:
		for ; b != nil; b = b.Parent {
			names = append(names, b.FileName)
		}
	}
	return names
}

func TestStartsAreAlike(t *testing.T) {
	_, first := serve(t, options{scene: "awkward"})
	_, second := serve(t, options{scene: "awkward"})
	same(t, "second start", second, first)
}

func TestLargeEstateStartsQuickly(t *testing.T) {
	began := time.Now()
	v, want := serve(t, options{scene: "plain", clusters: 10, hosts: 100, vms: 10000})
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the start took %s", took)
	}
	same(t, "machines in the truth", len(want.VMs), 10000)
	c := mustLogin(t, v)
	var listed mo.ContainerView
	if err := c.RetrieveOne(t.Context(), container(t, c, "VirtualMachine").Reference(), []string{"view"}, &listed); err != nil {
		t.Fatal(err)
	}
	same(t, "machines", len(listed.View), 10000)
}

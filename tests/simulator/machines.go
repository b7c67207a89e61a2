package main

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// machineSpec is what a scene says about a virtual machine.
type machineSpec struct {
	name, folder, annotation string
	key                      string // tells machines of the same name apart
	host                     *host
	power                    types.VirtualMachinePowerState
	template                 bool
	cpus                     int32
	memoryMB                 int32
	guest                    guestSpec
	hardware                 int // virtual hardware version
	efi                      bool
	created, boot            time.Time
	disks                    []diskSpec
	cards                    []cardSpec
	snapshots                []snapshotSpec
}

type machine struct {
	*simulator.VirtualMachine
	spec  machineSpec
	truth *machineTruth
	home  *datastore
}

const (
	on        = types.VirtualMachinePowerStatePoweredOn
	off       = types.VirtualMachinePowerStatePoweredOff
	suspended = types.VirtualMachinePowerStateSuspended
)

// escaped is how vCenter stores the three characters a name cannot hold.
var escaped = strings.NewReplacer("%", "%25", "/", "%2f", "\\", "%5c")

func (e *estate) addMachine(spec machineSpec) *machine {
	m := &machine{VirtualMachine: new(simulator.VirtualMachine), spec: spec, home: spec.disks[0].datastore}
	folder := e.vmFolder(spec.folder)
	folder.ChildEntity = append(folder.ChildEntity, e.put(folder, m.VirtualMachine))
	m.Name = spec.name

	c := spec.host.cluster
	spec.host.Vm = append(spec.host.Vm, m.Self)
	c.pool.Vm = append(c.pool.Vm, m.Self)
	m.ResourcePool = &c.pool.Self
	m.EnvironmentBrowser = *c.EnvironmentBrowser
	m.truth = m.describe()
	e.truth.VMs = append(e.truth.VMs, m.truth)

	m.Capability = types.VirtualMachineCapability{
		SnapshotOperationsSupported: true, MultipleSnapshotsSupported: true, ChangeTrackingSupported: true,
	}
	m.Runtime = m.runtime()
	m.Config = m.config(e)
	m.attach(e)
	m.takeSnapshots(e)
	m.Guest = spec.guest.info(m)
	m.GuestHeartbeatStatus = m.heartbeat()
	m.layOut()
	m.summarise()
	m.tell()
	return m
}

// directory is where the machine's files are, as a datastore path.
func (m *machine) directory() string {
	return fmt.Sprintf("[%s] %s/", m.home.Name, escaped.Replace(strings.ReplaceAll(m.spec.name, "\n", "_"))+m.spec.key)
}

func (m *machine) file(suffix string) string {
	return m.directory() + path.Base(strings.TrimSuffix(m.directory(), "/")) + suffix
}

func (m *machine) runtime() types.VirtualMachineRuntimeInfo {
	s := m.spec
	r := types.VirtualMachineRuntimeInfo{
		Host: &s.host.Self, ConnectionState: "connected", PowerState: s.power,
		FaultToleranceState: "notConfigured", RecordReplayState: "inactive",
		MaxCpuUsage: s.cpus * s.host.Summary.Hardware.CpuMhz, MaxMemoryUsage: s.memoryMB,
		VmFailoverInProgress: no(), Paused: no(), SnapshotInBackground: no(), CryptoState: "", SuspendedToMemory: no(),
	}
	switch s.power {
	case on:
		r.BootTime = &s.boot
		r.DasVmProtection = &types.VirtualMachineRuntimeInfoDasProtectionState{DasProtected: true}
		r.MinRequiredEVCModeKey = "intel-sandybridge"
	case suspended:
		moment := epoch.AddDate(0, 0, -3)
		r.SuspendTime = &moment
	}
	return r
}

func (m *machine) config(e *estate) *types.VirtualMachineConfigInfo {
	s := m.spec
	allocation := func(shares int32) *types.ResourceAllocationInfo {
		return &types.ResourceAllocationInfo{
			Reservation: types.NewInt64(0), ExpandableReservation: no(), Limit: types.NewInt64(-1),
			Shares: &types.SharesInfo{Shares: shares, Level: "normal"},
		}
	}
	return &types.VirtualMachineConfigInfo{
		Name: s.name, Template: s.template, Annotation: s.annotation,
		Uuid:         machineUUID("42", e.scene, "vm", s.name, s.key),
		InstanceUuid: machineUUID("50", e.scene, "vm-instance", s.name, s.key),
		GuestId:      s.guest.id, GuestFullName: s.guest.fullName,
		Version: fmt.Sprintf("vmx-%02d", s.hardware), Firmware: m.firmware(),
		ChangeVersion: instant(s.created), Modified: s.created, CreateDate: &s.created,
		Files: types.VirtualMachineFileInfo{
			VmPathName: m.file(".vmx"), SnapshotDirectory: m.directory(), SuspendDirectory: m.directory(), LogDirectory: m.directory(),
		},
		Tools: &types.ToolsConfigInfo{ToolsVersion: s.guest.toolsNumber(), ToolsUpgradePolicy: "manual"},
		Flags: types.VirtualMachineFlagInfo{DiskUuidEnabled: yes(), FaultToleranceType: "unset"},
		DefaultPowerOps: types.VirtualMachineDefaultPowerOpInfo{
			PowerOffType: "soft", SuspendType: "hard", ResetType: "soft", StandbyAction: "checkpoint",
		},
		Hardware: types.VirtualHardware{
			NumCPU: s.cpus, NumCoresPerSocket: types.NewInt32(1), AutoCoresPerSocket: no(), MemoryMB: s.memoryMB,
			VirtualICH7MPresent: no(), VirtualSMCPresent: no(),
		},
		CpuAllocation: allocation(s.cpus * 1000), MemoryAllocation: allocation(s.memoryMB * 10),
		LatencySensitivity:  &types.LatencySensitivity{Level: "normal"},
		MemoryHotAddEnabled: no(), CpuHotAddEnabled: no(), CpuHotRemoveEnabled: no(),
		ChangeTrackingEnabled: no(), NestedHVEnabled: no(), VPMCEnabled: no(), MemoryReservationLockedToMax: no(),
		SwapPlacement: "inherit", MigrateEncryption: "opportunistic",
		BootOptions: &types.VirtualMachineBootOptions{
			EnterBIOSSetup: no(), EfiSecureBootEnabled: types.NewBool(s.efi), BootRetryEnabled: no(), BootRetryDelay: 10000,
		},
		ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "disk.EnableUUID", Value: "TRUE"}},
	}
}

func (m *machine) firmware() string {
	if m.spec.efi {
		return "efi"
	}
	return "bios"
}

func (m *machine) heartbeat() types.ManagedEntityStatus {
	if m.spec.guest.running(m.spec.power) {
		return types.ManagedEntityStatusGreen
	}
	return types.ManagedEntityStatusGray
}

func (m *machine) summarise() {
	s, c := m.spec, m.Config
	m.Summary = types.VirtualMachineSummary{
		Vm: &m.Self, Runtime: m.Runtime,
		Guest: &types.VirtualMachineGuestSummary{
			GuestId: m.Guest.GuestId, GuestFullName: m.Guest.GuestFullName, ToolsStatus: m.Guest.ToolsStatus,
			ToolsVersionStatus2: m.Guest.ToolsVersionStatus2, ToolsRunningStatus: m.Guest.ToolsRunningStatus,
			HostName: m.Guest.HostName, IpAddress: m.Guest.IpAddress, HwVersion: c.Version,
		},
		Config: types.VirtualMachineConfigSummary{
			Name: s.name, Template: s.template, VmPathName: c.Files.VmPathName, MemorySizeMB: s.memoryMB, NumCpu: s.cpus,
			NumEthernetCards: int32(len(s.cards)), NumVirtualDisks: int32(len(s.disks)),
			Uuid: c.Uuid, InstanceUuid: c.InstanceUuid, GuestId: c.GuestId, GuestFullName: c.GuestFullName,
			Annotation: s.annotation, InstallBootRequired: no(), TpmPresent: no(), HwVersion: c.Version,
		},
		QuickStats:    types.VirtualMachineQuickStats{GuestHeartbeatStatus: m.GuestHeartbeatStatus, FtLatencyStatus: "gray"},
		OverallStatus: "green",
	}
	if s.power == on {
		m.Summary.QuickStats.OverallCpuUsage = 40 * s.cpus
		m.Summary.QuickStats.GuestMemoryUsage = s.memoryMB / 8
		m.Summary.QuickStats.HostMemoryUsage = s.memoryMB
		m.Summary.QuickStats.UptimeSeconds = int32(epoch.Sub(s.boot).Seconds())
	}
	storage := &types.VirtualMachineStorageSummary{Timestamp: epoch}
	for _, usage := range m.Storage.PerDatastoreUsage {
		storage.Committed += usage.Committed
		storage.Uncommitted += usage.Uncommitted
		storage.Unshared += usage.Unshared
	}
	m.Summary.Storage = storage
}

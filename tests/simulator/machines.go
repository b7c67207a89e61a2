package main

import (
	"fmt"
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

	pool           *pool // the cluster's own unless told otherwise
	controllers    []controllerSpec
	devices        []deviceSpec
	settings       []settingTruth
	cpu, memory    allocationSpec
	coresPerSocket int32 // 1 unless told otherwise
	traits
}

// traits are what few machines have.
type traits struct {
	cpuHotAdd, cpuHotRemove, memoryHotAdd bool
	nested, counters, changeTracking      bool
	latency                               string
	encryption                            string // key of the home directory
	migrateEncryption                     string
	cpuAffinity, memoryAffinity           []int32
	faultTolerance                        types.VirtualMachineFaultToleranceState
	swap                                  string
	installerMounted, consolidation       bool
	toolsUpgrade                          string // manual unless told otherwise
	question                              string
	managedBy                             *types.ManagedByInfo
	evc                                   string
	status                                types.ManagedEntityStatus
	disabled                              []string
	unprotected                           bool // by HA
	ballooned, swapped                    int32
}

type machine struct {
	*simulator.VirtualMachine
	spec    machineSpec
	truth   *machineTruth
	home    *datastore
	pool    *pool
	frozen  [][]int // chains of files, one for each snapshot
	running []int
	devices []deviceTruth
}

const (
	on        = types.VirtualMachinePowerStatePoweredOn
	off       = types.VirtualMachinePowerStatePoweredOff
	suspended = types.VirtualMachinePowerStateSuspended
)

// escaped is how vCenter stores the three characters a name cannot hold.
var escaped = strings.NewReplacer("%", "%25", "/", "%2f", "\\", "%5c")

func (e *estate) addMachine(spec machineSpec) *machine {
	m := &machine{VirtualMachine: new(simulator.VirtualMachine), home: spec.disks[0].datastore}
	folder := e.vmFolder(spec.folder)
	e.ctx.Map.NewEntity(m.VirtualMachine)
	m.Name = spec.name
	if spec.pool == nil {
		spec.pool = spec.host.cluster.root
	}
	if spec.pool.vapp == nil {
		// Views look for the machine below its folder when it is registered.
		folder.ChildEntity = append(folder.ChildEntity, m.Self)
		e.put(folder, m.VirtualMachine)
	} else {
		e.put(nil, m.VirtualMachine) // the API has no parent for what is part of a vApp
	}

	m.spec = spec
	spec.host.Vm = append(spec.host.Vm, m.Self)
	m.frozen, m.running = chains(spec.snapshots)
	m.EnvironmentBrowser = *spec.host.cluster.EnvironmentBrowser
	m.truth = m.describe()
	e.truth.VMs = append(e.truth.VMs, m.truth)
	e.machines = append(e.machines, m)
	spec.pool.take(m)

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
	m.OverallStatus, m.Summary.OverallStatus = spec.overall(), spec.overall()
	m.DisabledMethod = spec.disabled
	m.tell()
	return m
}

// directory is where the machine's files are, as a datastore path.
func (m *machine) directory() string {
	return fmt.Sprintf("[%s] %s/", m.home.Name, m.fileName())
}

func (m *machine) fileName() string {
	return escaped.Replace(strings.ReplaceAll(m.spec.name, "\n", "_")) + m.spec.key
}

func (m *machine) file(suffix string) string {
	return m.directory() + m.fileName() + suffix
}

func (m *machine) runtime() types.VirtualMachineRuntimeInfo {
	s := m.spec
	r := types.VirtualMachineRuntimeInfo{
		Host: &s.host.Self, ConnectionState: "connected", PowerState: s.power,
		FaultToleranceState: orDefault(s.faultTolerance, "notConfigured"), RecordReplayState: "inactive",
		MaxCpuUsage: s.cpus * s.host.Summary.Hardware.CpuMhz, MaxMemoryUsage: s.memoryMB,
		VmFailoverInProgress: no(), Paused: no(), SnapshotInBackground: no(), CryptoState: "", SuspendedToMemory: no(),
		ToolsInstallerMounted: s.installerMounted, ConsolidationNeeded: s.consolidation, QuiescedForkParent: no(),
		InstantCloneFrozen: no(), MinRequiredEVCModeKey: s.evcMode(), FeatureRequirement: s.features(),
	}
	if s.encryption != "" {
		r.CryptoState = "unlocked"
	}
	if s.question != "" {
		r.Question = askFor(s.question)
	}
	switch s.power {
	case on:
		r.BootTime = &s.boot
		r.DasVmProtection = &types.VirtualMachineRuntimeInfoDasProtectionState{DasProtected: !s.unprotected}
		r.MemoryOverhead = int64(s.memoryMB) << 20 / 100
	case suspended:
		r.SuspendTime = &suspendedAt
	}
	return r
}

var suspendedAt = epoch.AddDate(0, 0, -3)

// askFor is a question that keeps a machine from going on.
func askFor(text string) *types.VirtualMachineQuestionInfo {
	answer := func(key, label string) types.BaseElementDescription {
		return &types.ElementDescription{Description: types.Description{Label: label, Summary: label}, Key: key}
	}
	return &types.VirtualMachineQuestionInfo{
		Id: "1", Text: text,
		Choice: types.ChoiceOption{ChoiceInfo: []types.BaseElementDescription{
			answer("0", "button.uuid.cancel"), answer("1", "button.uuid.movedTheVM"), answer("2", "button.uuid.copiedTheVM"),
		}, DefaultIndex: 2},
		Message: []types.VirtualMachineMessage{{Id: "msg.uuid.altered", Text: text}},
	}
}

func (m *machine) config(e *estate) *types.VirtualMachineConfigInfo {
	s := m.spec
	config := &types.VirtualMachineConfigInfo{
		Name: s.name, Template: s.template, Annotation: s.annotation,
		Uuid:         machineUUID("42", e.scene, "vm", s.name, s.key),
		InstanceUuid: machineUUID("50", e.scene, "vm-instance", s.name, s.key),
		GuestId:      s.guest.id, GuestFullName: s.guest.fullName,
		Version: fmt.Sprintf("vmx-%02d", s.hardware), Firmware: m.firmware(),
		ChangeVersion: instant(s.created), Modified: s.created, CreateDate: &s.created,
		Files: types.VirtualMachineFileInfo{
			VmPathName: m.file(".vmx"), SnapshotDirectory: m.directory(), SuspendDirectory: m.directory(), LogDirectory: m.directory(),
		},
		Tools: &types.ToolsConfigInfo{
			ToolsVersion: s.guest.toolsNumber(), ToolsUpgradePolicy: orDefault(s.toolsUpgrade, "manual"), SyncTimeWithHost: no(), AfterPowerOn: yes(),
			AfterResume: yes(), BeforeGuestStandby: yes(), BeforeGuestShutdown: yes(),
		},
		Flags: types.VirtualMachineFlagInfo{DiskUuidEnabled: yes(), FaultToleranceType: "unset"},
		DefaultPowerOps: types.VirtualMachineDefaultPowerOpInfo{
			PowerOffType: "soft", SuspendType: "hard", ResetType: "soft", StandbyAction: "checkpoint",
		},
		Hardware: types.VirtualHardware{
			NumCPU: s.cpus, NumCoresPerSocket: types.NewInt32(s.cores()), AutoCoresPerSocket: no(), MemoryMB: s.memoryMB,
			VirtualICH7MPresent: no(), VirtualSMCPresent: no(),
		},
		CpuAllocation: s.cpu.info(s.cpus * 1000), MemoryAllocation: s.memory.info(s.memoryMB * 10),
		LatencySensitivity:  &types.LatencySensitivity{Level: types.LatencySensitivitySensitivityLevel(orDefault(s.latency, "normal"))},
		MemoryHotAddEnabled: &s.memoryHotAdd, CpuHotAddEnabled: &s.cpuHotAdd, CpuHotRemoveEnabled: &s.cpuHotRemove,
		ChangeTrackingEnabled: &s.changeTracking, NestedHVEnabled: &s.nested, VPMCEnabled: &s.counters,
		MemoryReservationLockedToMax: types.NewBool(s.latency == "high"),
		SwapPlacement:                orDefault(s.swap, "inherit"), MigrateEncryption: orDefault(s.migrateEncryption, "opportunistic"),
		FtEncryptionMode: "ftEncryptionOpportunistic",
		BootOptions: &types.VirtualMachineBootOptions{
			BootDelay: 0, EnterBIOSSetup: no(), EfiSecureBootEnabled: types.NewBool(s.efi), BootRetryEnabled: no(), BootRetryDelay: 10000,
			NetworkBootProtocol: "ipv4",
		},
		ManagedBy: s.managedBy,
	}
	if s.encryption != "" {
		config.KeyId = cryptoKey(s.encryption)
	}
	if len(s.cpuAffinity) > 0 {
		config.CpuAffinity = &types.VirtualMachineAffinityInfo{AffinitySet: s.cpuAffinity}
	}
	if len(s.memoryAffinity) > 0 {
		config.MemoryAffinity = &types.VirtualMachineAffinityInfo{AffinitySet: s.memoryAffinity}
	}
	for _, setting := range s.extraConfig() {
		config.ExtraConfig = append(config.ExtraConfig, &types.OptionValue{Key: setting.Key, Value: setting.Value})
	}
	for _, store := range s.stores() {
		config.DatastoreUrl = append(config.DatastoreUrl, types.VirtualMachineConfigInfoDatastoreUrlPair{
			Name: store.Name, Url: store.Summary.Url,
		})
	}
	return config
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
			Annotation: s.annotation, InstallBootRequired: no(), TpmPresent: types.NewBool(hasKind(s.devices, "tpm")), HwVersion: c.Version,
			CpuReservation: int32(s.cpu.reservation), MemoryReservation: int32(s.memory.reservation), ManagedBy: s.managedBy,
		},
		QuickStats:    types.VirtualMachineQuickStats{GuestHeartbeatStatus: m.GuestHeartbeatStatus, FtLatencyStatus: "gray"},
		OverallStatus: "green",
	}
	if s.power == on {
		stats := &m.Summary.QuickStats
		stats.OverallCpuUsage, stats.OverallCpuDemand, stats.StaticCpuEntitlement = 40*s.cpus, 48*s.cpus, 900*s.cpus
		stats.OverallCpuReadiness = s.cpus % 3
		stats.DistributedCpuEntitlement, stats.DistributedMemoryEntitlement = 50*s.cpus, s.memoryMB/4
		stats.GuestMemoryUsage, stats.ActiveMemory, stats.StaticMemoryEntitlement = s.memoryMB/8, s.memoryMB/8, s.memoryMB
		stats.HostMemoryUsage, stats.PrivateMemory, stats.GrantedMemory = s.memoryMB, s.memoryMB-s.memoryMB/16, s.memoryMB
		stats.SharedMemory, stats.ConsumedOverheadMemory = s.memoryMB/16, s.memoryMB/100
		stats.BalloonedMemory, stats.SwappedMemory = s.ballooned, s.swapped
		stats.UptimeSeconds = int32(epoch.Sub(s.boot).Seconds())
	}
	storage := &types.VirtualMachineStorageSummary{Timestamp: epoch}
	for _, usage := range m.Storage.PerDatastoreUsage {
		storage.Committed += usage.Committed
		storage.Uncommitted += usage.Uncommitted
		storage.Unshared += usage.Unshared
	}
	m.Summary.Storage = storage
}

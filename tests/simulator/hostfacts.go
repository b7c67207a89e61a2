package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// hostTraits are what hosts differ in beside hardware and network.
type hostTraits struct {
	maxEVC         string
	noHyperthreads bool
	powerPolicy    string // Balanced unless told otherwise
	gpus           []types.HostGraphicsInfo
	vgpuTypes      []string
	timeStopped    bool // the time service does not run
	quarantine     bool
	compliance     string // with its profile
	status         types.ManagedEntityStatus
	load           int32 // percent
	storage        []hbaSpec
}

var timeServers = []string{"192.0.2.123", "192.0.2.124"}

// equip gives the host what is not network.
func (h *host) equip(e *estate, spec hostSpec) {
	c := h.Config
	c.HyperThread = &types.HostHyperThreadScheduleInfo{Available: true, Active: !spec.noHyperthreads, Config: !spec.noHyperthreads}
	c.DateTimeInfo = &types.HostDateTimeInfo{
		TimeZone:  types.HostDateTimeSystemTimeZone{Key: "UTC", Name: "UTC", Description: "UTC"},
		NtpConfig: &types.HostNtpConfig{Server: timeServers}, SystemClockProtocol: "ntp", Enabled: types.NewBool(!spec.timeStopped),
	}
	c.Service = services(!spec.timeStopped)
	c.FeatureCapability = capabilities(h.truth.MaxEVCMode)
	c.MaskedFeatureCapability = capabilities(h.evc())
	c.GraphicsInfo, c.SharedPassthruGpuTypes = spec.gpus, spec.vgpuTypes
	c.PowerSystemInfo = &types.PowerSystemInfo{CurrentPolicy: types.HostPowerPolicy{
		Key: 2, Name: "PowerPolicy.dynamic.name", ShortName: "dynamic", Description: "PowerPolicy.dynamic.description",
	}}
	c.StorageDevice = new(types.HostStorageDeviceInfo)
	c.StorageDevice.MultipathInfo = new(types.HostMultipathInfo)
	c.StorageDevice.ScsiTopology = new(types.HostScsiTopology)
	d := h.truth.Details
	d.Hyperthreading, d.NTPServers, d.NTPRunning, d.TimeZone = !spec.noHyperthreads, timeServers, !spec.timeStopped, "UTC"
	d.PowerPolicy, d.BIOSReleasedAt = orDefault(spec.powerPolicy, "Balanced"), instant(biosReleased)
	d.GPUs, d.VGPUTypes, d.Features = []gpuTruth{}, list(spec.vgpuTypes), []featureTruth{}
	for _, feature := range c.MaskedFeatureCapability {
		d.Features = append(d.Features, featureTruth{feature.Key, feature.Value})
	}
	for _, gpu := range spec.gpus {
		d.GPUs = append(d.GPUs, gpuTruth{gpu.DeviceName, gpu.VendorName, gpu.PciId, gpu.GraphicsType, gpu.MemorySizeInKB})
	}
	h.addHBAs(spec)
	if system, ok := e.ctx.Map.Get(*h.ConfigManager.StorageSystem).(*simulator.HostStorageSystem); ok {
		system.StorageDeviceInfo = c.StorageDevice
	}
}

func services(timeRuns bool) *types.HostServiceInfo {
	service := func(key, label string, running bool, policy string) types.HostService {
		return types.HostService{Key: key, Label: label, Running: running, Policy: policy, Ruleset: []string{key}}
	}
	return &types.HostServiceInfo{Service: []types.HostService{
		service("DCUI", "Direct Console UI", true, "on"), service("TSM", "ESXi Shell", false, "off"),
		service("TSM-SSH", "SSH", false, "off"), service("ntpd", "NTP Daemon", timeRuns, "on"),
		service("ptpd", "PTP Daemon", false, "off"), service("snmpd", "SNMP Server", false, "on"),
		service("vpxa", "VMware vCenter Agent", true, "on"), service("lbtd", "Load-Based Teaming Daemon", true, "on"),
	}}
}

// fare says how the host does, now and on the whole.
func (h *host) fare(spec hostSpec) {
	t := h.truth
	load := max(spec.load, 5)
	t.CPUUsageMHz = spec.mhz * int32(spec.cores) / 100 * load
	t.MemoryUsageBytes = spec.memoryGB << 30 / 100 * int64(load) >> 20 << 20
	t.UptimeSeconds = int32(epoch.Sub(spec.boot).Seconds())
	h.Summary.QuickStats = types.HostListSummaryQuickStats{
		OverallCpuUsage: t.CPUUsageMHz, OverallMemoryUsage: int32(t.MemoryUsageBytes >> 20), Uptime: t.UptimeSeconds,
		DistributedCpuFairness: 1000, DistributedMemoryFairness: 1000,
	}
	t.MaxEVCMode = orDefault(spec.maxEVC, newestEVC)
	h.Summary.MaxEVCModeKey = t.MaxEVCMode
	t.EVCMode = h.cluster.truth.EVCMode
	h.Summary.CurrentEVCModeKey = t.EVCMode
	status := orDefault(spec.status, types.ManagedEntityStatusGreen)
	h.OverallStatus, h.Summary.OverallStatus, t.OverallStatus = status, status, string(status)
	h.Runtime.InQuarantineMode, t.InQuarantine = types.NewBool(spec.quarantine), spec.quarantine
	if spec.compliance != "" {
		h.ComplianceCheckState = &types.HostSystemComplianceCheckState{State: spec.compliance, CheckTime: epoch}
	}
	t.ProfileCompliance = spec.compliance
	t.VCenterIP = "192.0.2.10"
	h.Summary.ManagementServerIp = t.VCenterIP
	for _, adapter := range spec.network.adapters {
		if slices.Contains(adapter.tags, "management") && t.ManagementIP == nil {
			t.ManagementIP = &adapter.ip
		}
	}
}

// swapTo sends the swap files of the host's machines to a datastore.
func (h *host) swapTo(d *datastore) {
	if h.Config != nil {
		h.Config.LocalSwapDatastore = &d.Self
		h.truth.Details.SwapDatastore = d.Self.Value
	}
}

package main

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// evcMode is a generation of CPUs, and the features it has beyond the one before.
type evcMode struct {
	key  string
	adds []string
}

var evcModes = []evcMode{
	{"intel-sandybridge", []string{
		"cpuid.SSE3", "cpuid.PCLMULQDQ", "cpuid.SSSE3", "cpuid.CMPXCHG16B", "cpuid.SSE41", "cpuid.SSE42", "cpuid.POPCNT", "cpuid.AES",
		"cpuid.XSAVE", "cpuid.AVX",
	}},
	{"intel-broadwell", []string{
		"cpuid.FMA", "cpuid.MOVBE", "cpuid.F16C", "cpuid.RDRAND", "cpuid.AVX2", "cpuid.BMI1", "cpuid.BMI2", "cpuid.ADX",
	}},
	{"intel-skylake", []string{"cpuid.AVX512F", "cpuid.AVX512BW"}},
	{"intel-cascadelake", []string{"cpuid.AVX512VNNI"}},
	{"intel-icelake", []string{"cpuid.GFNI", "cpuid.SHA", "cpuid.VAES"}},
}

// newestEVC is the mode of hosts that say nothing else.
const newestEVC = "intel-icelake"

func evcRank(key string) int {
	return slices.IndexFunc(evcModes, func(m evcMode) bool { return m.key == key })
}

// olderEVC is the older of two modes.
func olderEVC(a, b string) string {
	if evcRank(a) < evcRank(b) {
		return a
	}
	return b
}

// featuresOf are the features of a mode, those of older ones first.
func featuresOf(key string) []string {
	var all []string
	for _, mode := range evcModes[:evcRank(key)+1] {
		all = append(all, mode.adds...)
	}
	return all
}

// capabilities say of every feature there is whether a mode has it.
func capabilities(key string) []types.HostFeatureCapability {
	has := featuresOf(key)
	var out []types.HostFeatureCapability
	for _, feature := range featuresOf(newestEVC) {
		value := "0"
		if slices.Contains(has, feature) {
			value = "1"
		}
		out = append(out, types.HostFeatureCapability{Key: feature, FeatureName: feature, Value: value})
	}
	return out
}

// evc is the mode that masks the host's CPUs: the cluster's, or its own.
func (h *host) evc() string { return orDefault(h.cluster.truth.EVCMode, h.truth.MaxEVCMode) }

// evcMode is the mode a running machine needs; no newer than what its host has.
func (s machineSpec) evcMode() string {
	if s.power != on {
		return ""
	}
	return olderEVC(orDefault(s.evc, evcModes[0].key), s.host.evc())
}

// features are what the host of a running or suspended machine must offer.
func (s machineSpec) features() []types.VirtualMachineFeatureRequirement {
	if s.power == off {
		return nil
	}
	var out []types.VirtualMachineFeatureRequirement
	for _, key := range featuresOf(olderEVC(orDefault(s.evc, evcModes[0].key), s.host.evc())) {
		out = append(out, types.VirtualMachineFeatureRequirement{Key: key, FeatureName: key, Value: "Bool:Min:1"})
	}
	return out
}

// setEVC turns EVC on or, without a mode, off. It has to be called before hosts join.
func (c *cluster) setEVC(mode string) {
	c.Summary.(*types.ClusterComputeResourceSummary).CurrentEVCModeKey = mode
	c.truth.EVCMode = mode
}

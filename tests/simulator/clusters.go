package main

import (
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

func (c *cluster) config() *types.ClusterConfigInfoEx {
	return c.ConfigurationEx.(*types.ClusterConfigInfoEx)
}

// enabledRule is the part that rules have in common.
func (c *cluster) enabledRule(name string, enabled, mandatory bool) types.ClusterRuleInfo {
	return types.ClusterRuleInfo{
		Key: int32(len(c.config().Rule) + 1), Name: name, Enabled: &enabled, Mandatory: &mandatory, UserCreated: yes(), InCompliance: yes(),
		Status: "green", RuleUuid: stableUUID("rule", c.Self.Value, name),
	}
}

// keep adds a rule about machines alone: together or apart.
func (c *cluster) keep(kind, name string, enabled bool, machines ...*machine) {
	base := c.enabledRule(name, enabled, false)
	var rule types.BaseClusterRuleInfo = &types.ClusterAffinityRuleSpec{ClusterRuleInfo: base, Vm: refsOf(machines)}
	if kind == "apart" {
		rule = &types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: base, Vm: refsOf(machines)}
	}
	c.tellRule(rule, ruleTruth{Kind: kind, VMs: morefsOf(machines)})
}

// bind adds a rule about machines and hosts.
func (c *cluster) bind(kind, name string, mandatory bool, vms, hosts string) {
	rule := &types.ClusterVmHostRuleInfo{ClusterRuleInfo: c.enabledRule(name, true, mandatory), VmGroupName: vms}
	if kind == "vm-host-apart" {
		rule.AntiAffineHostGroupName = hosts
	} else {
		rule.AffineHostGroupName = hosts
	}
	c.tellRule(rule, ruleTruth{Kind: kind, VMGroup: vms, HostGroup: hosts, VMs: c.group(vms).VMs, Hosts: c.group(hosts).Hosts})
}

// order adds the rule that one group of machines starts after another.
func (c *cluster) order(name, vms, after string) {
	rule := &types.ClusterDependencyRuleInfo{ClusterRuleInfo: c.enabledRule(name, true, true), VmGroup: vms, DependsOnVmGroup: after}
	c.tellRule(rule, ruleTruth{
		Kind: "dependency", VMGroup: vms, NeededGroup: after, VMs: c.group(vms).VMs, DependsOn: c.group(after).VMs,
	})
}

func (c *cluster) tellRule(rule types.BaseClusterRuleInfo, t ruleTruth) {
	base := rule.GetClusterRuleInfo()
	t.Name, t.Type, t.Enabled, t.Mandatory = base.Name, reflect.TypeOf(rule).Elem().Name(), *base.Enabled, *base.Mandatory
	t.VMs, t.Hosts, t.DependsOn = list(t.VMs), list(t.Hosts), list(t.DependsOn)
	c.config().Rule = append(c.config().Rule, rule)
	c.truth.Rules = append(c.truth.Rules, t)
}

func (c *cluster) groupVMs(name string, machines ...*machine) {
	c.config().Group = append(c.config().Group, &types.ClusterVmGroup{
		ClusterGroupInfo: types.ClusterGroupInfo{Name: name, UserCreated: yes()}, Vm: refsOf(machines),
	})
	c.truth.Groups = append(c.truth.Groups, groupTruth{Name: name, VMs: morefsOf(machines)})
}

func (c *cluster) groupHosts(name string, hosts ...*host) {
	group := &types.ClusterHostGroup{ClusterGroupInfo: types.ClusterGroupInfo{Name: name, UserCreated: yes()}}
	t := groupTruth{Name: name, Hosts: []string{}}
	for _, h := range hosts {
		group.Host = append(group.Host, h.Self)
		t.Hosts = append(t.Hosts, h.Self.Value)
	}
	c.config().Group = append(c.config().Group, group)
	c.truth.Groups = append(c.truth.Groups, t)
}

func (c *cluster) group(name string) groupTruth {
	for _, group := range c.truth.Groups {
		if group.Name == name {
			return group
		}
	}
	return groupTruth{}
}

// automate gives a machine a level of DRS of its own; no behavior is none at all.
func (c *cluster) automate(m *machine, behavior types.DrsBehavior) {
	enabled := behavior != ""
	c.config().DrsVmConfig = append(c.config().DrsVmConfig, types.ClusterDrsVmConfigInfo{Key: m.Self, Enabled: &enabled, Behavior: behavior})
	c.truth.DRSVMs = append(c.truth.DRSVMs, overrideTruth{VM: m.Self.Value, Enabled: &enabled, Behavior: string(behavior)})
}

// protect gives a machine settings of HA of its own.
func (c *cluster) protect(m *machine, priority, isolation string) {
	c.config().DasVmConfig = append(c.config().DasVmConfig, types.ClusterDasVmConfigInfo{
		Key: m.Self, DasSettings: &types.ClusterDasVmSettings{RestartPriority: priority, IsolationResponse: isolation, RestartPriorityTimeout: -1},
	})
	c.truth.HAVMs = append(c.truth.HAVMs, overrideTruth{VM: m.Self.Value, RestartPriority: priority, IsolationResponse: isolation})
}

// tell says what the cluster's configuration and totals came to.
func (c *cluster) tell() {
	t, config, sum := c.truth, c.config(), c.Summary.GetComputeResourceSummary()
	t.OverallStatus = "green"
	t.TotalCPUMHz, t.CPUCores, t.CPUThreads, t.MemoryBytes = sum.TotalCpu, sum.NumCpuCores, sum.NumCpuThreads, sum.TotalMemory
	t.EffectiveCPUMHz, t.EffectiveMemoryBytes, t.EffectiveHosts = sum.EffectiveCpu, sum.EffectiveMemory<<20, sum.NumEffectiveHosts
	drs, das := config.DrsConfig, config.DasConfig
	t.DRSEnabled, t.DRSBehavior, t.DRSRate = *drs.Enabled, string(drs.DefaultVmBehavior), drs.VmotionRate
	t.DRSOverrides = *drs.EnableVmBehaviorOverrides
	t.HAEnabled, t.HAAdmission = *das.Enabled, *das.AdmissionControlEnabled
	t.HAHostMonitoring, t.HAVMMonitoring = das.HostMonitoring, das.VmMonitoring
	if das.DefaultVmSettings != nil {
		t.HARestartPriority, t.HAIsolationResponse = das.DefaultVmSettings.RestartPriority, das.DefaultVmSettings.IsolationResponse
	}
	t.HAFailoverHosts = []string{}
	if das.FailoverLevel > 0 {
		t.HAFailoverLevel = &das.FailoverLevel
	}
	if das.AdmissionControlPolicy != nil {
		t.HAPolicy = reflect.TypeOf(das.AdmissionControlPolicy).Elem().Name()
	}
	switch policy := das.AdmissionControlPolicy.(type) {
	case *types.ClusterFailoverLevelAdmissionControlPolicy:
		t.HAFailoverLevel = &policy.FailoverLevel
	case *types.ClusterFailoverResourcesAdmissionControlPolicy:
		t.HAFailoverLevel = &policy.FailoverLevel
		t.HACPUPercent, t.HAMemoryPercent = &policy.CpuFailoverResourcesPercent, &policy.MemoryFailoverResourcesPercent
	case *types.ClusterFailoverHostAdmissionControlPolicy:
		t.HAFailoverLevel = &policy.FailoverLevel
		for _, ref := range policy.FailoverHosts {
			t.HAFailoverHosts = append(t.HAFailoverHosts, ref.Value)
		}
	}
	if config.VsanConfigInfo != nil {
		t.VSANEnabled = config.VsanConfigInfo.Enabled
	}
	t.SwapPlacement = config.VmSwapPlacement
	t.Rules = append([]ruleTruth{}, t.Rules...)
	t.Groups = append([]groupTruth{}, t.Groups...)
	t.DRSVMs, t.HAVMs = append([]overrideTruth{}, t.DRSVMs...), append([]overrideTruth{}, t.HAVMs...)
}

// configureClusters gives each cluster of the plain scene policies and rules of
// its own, in turn.
func (p *plainEstate) configureClusters(e *estate) {
	for i, c := range e.clusters {
		config := c.config()
		das := &config.DasConfig
		das.DefaultVmSettings = &types.ClusterDasVmSettings{
			RestartPriority: "medium", IsolationResponse: "none", RestartPriorityTimeout: -1,
			VmToolsMonitoringSettings: &types.ClusterVmToolsMonitoringSettings{
				Enabled: yes(), VmMonitoring: "vmMonitoringOnly", ClusterSettings: yes(),
				FailureInterval: 30, MinUpTime: 120, MaxFailures: 3, MaxFailureWindow: 3600,
			},
		}
		config.VsanConfigInfo = &types.VsanClusterConfigInfo{Enabled: types.NewBool(p.vsan[c] != nil)}
		switch i % 3 {
		case 0:
			das.AdmissionControlPolicy = &types.ClusterFailoverResourcesAdmissionControlPolicy{
				CpuFailoverResourcesPercent: 25, MemoryFailoverResourcesPercent: 30, FailoverLevel: 1, AutoComputePercentages: no(),
			}
			das.FailoverLevel = 0
		case 1:
			das.AdmissionControlPolicy = &types.ClusterFailoverLevelAdmissionControlPolicy{FailoverLevel: 2}
			das.FailoverLevel, das.VmMonitoring = 2, "vmAndAppMonitoring"
			das.DefaultVmSettings.RestartPriority, das.DefaultVmSettings.IsolationResponse = "high", "powerOff"
			config.DrsConfig.DefaultVmBehavior, config.DrsConfig.VmotionRate = types.DrsBehaviorPartiallyAutomated, 5
			config.DrsConfig.EnableVmBehaviorOverrides = no()
			config.VmSwapPlacement = "hostLocal"
		default:
			policy := &types.ClusterFailoverHostAdmissionControlPolicy{FailoverLevel: 1}
			if len(c.hosts) > 0 {
				policy.FailoverHosts = []types.ManagedObjectReference{c.hosts[0].Self}
			}
			das.AdmissionControlPolicy, das.FailoverLevel, das.HostMonitoring = policy, 0, "disabled"
			config.DrsConfig.Enabled = no()
		}
		p.rule(c)
	}
}

// rule adds one of each kind of rule, as far as there are machines and hosts for it.
func (p *plainEstate) rule(c *cluster) {
	var own []*machine
	for _, m := range p.machines {
		if m.spec.host.cluster == c && !m.spec.template {
			own = append(own, m)
		}
		if len(own) == 12 {
			break
		}
	}
	if len(own) < 12 || len(c.hosts) < 2 {
		return
	}
	half := len(c.hosts) / 2
	c.groupVMs("licensed machines", own[4], own[5])
	c.groupVMs("test machines", own[6], own[7])
	c.groupVMs("databases", own[8])
	c.groupVMs("web servers", own[9], own[10])
	c.groupHosts("licensed hosts", c.hosts[:half]...)
	c.groupHosts("new hosts", c.hosts[half:]...)
	c.keep("together", "web with cache", true, own[0], own[1])
	c.keep("apart", "domain controllers", true, own[2], own[3])
	c.keep("apart", "switched off", false, own[0], own[11])
	c.bind("vm-host", "licence must", true, "licensed machines", "licensed hosts")
	c.bind("vm-host", "test should", false, "test machines", "new hosts")
	c.bind("vm-host-apart", "databases must not", true, "databases", "new hosts")
	c.bind("vm-host-apart", "web should not", false, "web servers", "licensed hosts")
	c.order("databases first", "web servers", "databases")
	c.automate(own[1], types.DrsBehaviorManual)
	c.automate(own[2], "")
	c.protect(own[1], "highest", "shutdown")
	c.protect(own[3], "disabled", "clusterIsolationResponse")
}

func refsOf(machines []*machine) (refs []types.ManagedObjectReference) {
	for _, m := range machines {
		refs = append(refs, m.Self)
	}
	return refs
}

func morefsOf(machines []*machine) []string {
	morefs := []string{}
	for _, m := range machines {
		morefs = append(morefs, m.Self.Value)
	}
	return morefs
}

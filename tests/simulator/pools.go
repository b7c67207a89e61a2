package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	poolCPUShares    = 4000
	poolMemoryShares = 163840
)

// pool is a resource pool or a vApp.
type pool struct {
	*mo.ResourcePool
	cluster *cluster
	path    []string
	truth   *poolTruth
	parent  *pool
	vapp    *simulator.VirtualApp
}

// root wraps the pool a cluster is born with.
func (e *estate) rootPool(c *cluster, entity *simulator.ResourcePool) *pool {
	p := &pool{ResourcePool: &entity.ResourcePool, cluster: c, path: []string{entity.Name}}
	p.truth = &poolTruth{Kind: "resource-pool", ParentMoref: c.Self.Value}
	p.allocate(allocationSpec{expandable: true}, allocationSpec{expandable: true})
	e.truth.ResourcePools = append(e.truth.ResourcePools, p.register(e))
	return p
}

// addPool makes a pool below another.
func (e *estate) addPool(parent *pool, name string, cpu, memory allocationSpec) *pool {
	entity := new(simulator.ResourcePool)
	p := &pool{ResourcePool: &entity.ResourcePool, cluster: parent.cluster, parent: parent}
	p.Name = name
	p.Owner = parent.Owner
	e.put(parent.entity(e), entity)
	return p.below(e, "resource-pool", cpu, memory)
}

// addVApp makes a vApp below a pool, in the folder of machines.
func (e *estate) addVApp(parent *pool, name, annotation string) *pool {
	entity := new(simulator.VirtualApp)
	p := &pool{ResourcePool: &entity.ResourcePool, cluster: parent.cluster, parent: parent, vapp: entity}
	p.Name = name
	p.Owner = parent.Owner
	e.put(parent.entity(e), entity)
	entity.ParentFolder = &e.folders[""].Self
	e.folders[""].ChildEntity = append(e.folders[""].ChildEntity, entity.Self)
	entity.VAppConfig = &types.VAppConfigInfo{
		VmConfigInfo: types.VmConfigInfo{IpAssignment: types.VAppIPAssignmentInfo{IpAllocationPolicy: "transientPolicy", IpProtocol: "IPv4"}},
		Annotation:   annotation, InstanceUuid: machineUUID("50", e.scene, "vapp", name),
	}
	return p.below(e, "vapp", allocationSpec{expandable: true}, allocationSpec{expandable: true})
}

func (p *pool) entity(e *estate) mo.Entity { return e.ctx.Map.Get(p.Self).(mo.Entity) }

func (p *pool) below(e *estate, kind string, cpu, memory allocationSpec) *pool {
	p.parent.ResourcePool.ResourcePool = append(p.parent.ResourcePool.ResourcePool, p.Self)
	p.path = append(append([]string{}, p.parent.path...), p.Name)
	p.truth = &poolTruth{Kind: kind, ParentMoref: p.parent.Self.Value}
	p.allocate(cpu, memory)
	e.truth.ResourcePools = append(e.truth.ResourcePools, p.register(e))
	return p
}

func (p *pool) register(e *estate) *poolTruth {
	e.pools = append(e.pools, p)
	t := p.truth
	t.Moref, t.Name, t.Path, t.ClusterMoref, t.VMs = p.Self.Value, p.Name, p.path, p.cluster.Self.Value, []string{}
	t.Status = string(types.ManagedEntityStatusGreen)
	return t
}

func (p *pool) allocate(cpu, memory allocationSpec) {
	p.Config = types.ResourceConfigSpec{
		Entity: &p.Self, ChangeVersion: "1", LastModified: &epoch,
		CpuAllocation: *cpu.info(poolCPUShares), MemoryAllocation: *memory.info(poolMemoryShares),
	}
	p.truth.CPUAllocation, p.truth.MemoryAllocation = cpu.truth(poolCPUShares, 1), memory.truth(poolMemoryShares, 1<<20)
}

// take puts a new machine into the pool.
func (p *pool) take(m *machine) {
	p.Vm = append(p.Vm, m.Self)
	m.pool, m.ResourcePool = p, &p.Self
	if p.vapp != nil {
		m.ParentVApp = &p.Self
		p.vapp.VAppConfig.EntityConfig = append(p.vapp.VAppConfig.EntityConfig, types.VAppEntityConfigInfo{
			Key: &m.Self, Tag: m.Name, StartOrder: int32(len(p.Vm)), StartDelay: 120, StartAction: "powerOn", StopDelay: 120,
			StopAction: "guestShutdown", WaitingForGuest: no(),
		})
	}
}

// move takes a machine out of the pool it is in.
func (p *pool) move(m *machine) {
	simulator.RemoveReference(&m.pool.Vm, m.Self)
	p.take(m)
}

func (m *machine) tellPool() {
	m.truth.ResourcePoolMoref, m.truth.ResourcePoolPath = m.pool.Self.Value, m.pool.path
	if m.pool.vapp != nil {
		m.truth.VAppMoref, m.truth.VAppName = m.pool.Self.Value, m.pool.Name
	}
}

// countPools fills in, from the machines, what vCenter knows of the use of each pool.
func (e *estate) countPools() {
	below := map[*pool]*types.ResourcePoolQuickStats{}
	configured := map[*pool]int32{}
	for _, p := range e.pools {
		below[p] = new(types.ResourcePoolQuickStats)
	}
	for _, m := range e.machines {
		m.tellPool()
		m.pool.truth.VMs = append(m.pool.truth.VMs, m.Self.Value)
		for p := m.pool; p != nil; p = p.parent {
			stats, used := below[p], m.Summary.QuickStats
			stats.OverallCpuUsage += int64(used.OverallCpuUsage)
			stats.OverallCpuDemand += int64(used.OverallCpuDemand)
			stats.GuestMemoryUsage += int64(used.GuestMemoryUsage)
			stats.HostMemoryUsage += int64(used.HostMemoryUsage)
			stats.BalloonedMemory += int64(used.BalloonedMemory)
			stats.SwappedMemory += int64(used.SwappedMemory)
			if m.spec.power == on {
				configured[p] += m.spec.memoryMB
			}
		}
	}
	for _, p := range e.pools {
		p.summarise(below[p], configured[p])
	}
}

func (p *pool) summarise(stats *types.ResourcePoolQuickStats, configuredMB int32) {
	sum := p.cluster.Summary.GetComputeResourceSummary()
	most := func(config types.ResourceAllocationInfo, whole int64) int64 {
		if *config.Limit > 0 {
			return min(*config.Limit, whole)
		}
		return whole
	}
	t := p.truth
	t.ConfiguredMemory, t.CPUUsageMHz, t.MemoryUsage = int64(configuredMB)<<20, stats.OverallCpuUsage, stats.HostMemoryUsage<<20
	t.MaxCPUMHz = most(p.Config.CpuAllocation, int64(sum.EffectiveCpu))
	t.MaxMemory = most(p.Config.MemoryAllocation, sum.EffectiveMemory) << 20
	p.Runtime = types.ResourcePoolRuntimeInfo{
		OverallStatus: "green",
		Cpu: types.ResourcePoolResourceUsage{
			ReservationUsed: *p.Config.CpuAllocation.Reservation, UnreservedForPool: t.MaxCPUMHz, UnreservedForVm: t.MaxCPUMHz,
			OverallUsage: t.CPUUsageMHz, MaxUsage: t.MaxCPUMHz,
		},
		Memory: types.ResourcePoolResourceUsage{
			ReservationUsed: *p.Config.MemoryAllocation.Reservation << 20, UnreservedForPool: t.MaxMemory, UnreservedForVm: t.MaxMemory,
			OverallUsage: t.MemoryUsage, MaxUsage: t.MaxMemory,
		},
	}
	summary := types.ResourcePoolSummary{
		Name: p.Name, Config: p.Config, Runtime: p.Runtime, QuickStats: stats, ConfiguredMemoryMB: configuredMB,
	}
	p.Summary = &summary
	if p.vapp != nil {
		p.Summary = &types.VirtualAppSummary{
			ResourcePoolSummary: summary, VAppState: types.VirtualAppVAppStateStarted, Suspended: no(),
			InstallBootRequired: no(), InstanceUuid: p.vapp.VAppConfig.InstanceUuid,
		}
	}
}

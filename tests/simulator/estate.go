package main

import (
	"fmt"
	"path"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// estate is a scene under construction. Everything is registered directly:
// making machines through the simulator's tasks takes minutes, this takes
// seconds. All of it happens before the server starts, so nothing is locked.
type estate struct {
	ctx     *simulator.Context
	scene   string
	truth   *truth
	hidden  *hiddenProperties
	traffic *performanceManager

	datacenter *simulator.Datacenter
	folders    map[string]*simulator.Folder
	macs       int

	clusters   []*cluster
	hosts      []*host
	machines   []*machine
	pools      []*pool
	datastores []*datastore
	switches   []*distributedSwitch
	networks   []*network
	fields     []types.CustomFieldDef
	tags       *tagStore
	another    func() machineSpec // the next machine of a scene that can grow
}

type cluster struct {
	*simulator.ClusterComputeResource
	root  *pool
	hosts []*host
	truth *clusterTruth
}

func newEstate(ctx *simulator.Context, scene string) *estate {
	hidden := &hiddenProperties{paths: map[types.ManagedObjectReference][]string{}}
	ctx.Map.Put(hidden)

	content := contentOf(ctx)
	collector := new(propertyCollector)
	collector.Self = content.PropertyCollector
	ctx.Map.Put(collector)
	ctx.Map.Put(&viewManager{ctx.Map.Get(*content.ViewManager).(*simulator.ViewManager)})
	ctx.Map.Put(&provisioningChecker{ctx.Map.Get(*content.VmProvisioningChecker).(*simulator.VmProvisioningChecker)})
	traffic := &performanceManager{PerformanceManager: ctx.Map.Get(*content.PerfManager).(*simulator.PerformanceManager)}
	ctx.Map.Put(traffic)
	ctx.Map.Handler = guard

	about := content.About
	return &estate{
		ctx: ctx, scene: scene, hidden: hidden, traffic: traffic,
		folders: map[string]*simulator.Folder{},
		tags:    &tagStore{attached: map[string][]types.ManagedObjectReference{}},
		truth: &truth{
			Scene: scene, InstanceUUID: about.InstanceUuid, APIVersion: about.ApiVersion,
			Version: about.Version, Build: about.Build, FullName: about.FullName, DatastoreClusters: []*podTruth{},
		},
	}
}

func contentOf(ctx *simulator.Context) types.ServiceContent {
	return ctx.Map.Get(vim25.ServiceInstance).(*simulator.ServiceInstance).Content
}

func (e *estate) content() types.ServiceContent { return contentOf(e.ctx) }

// put registers an entity below a parent; the registry chooses its reference.
func (e *estate) put(parent, child mo.Entity) types.ManagedObjectReference {
	return e.ctx.Map.PutEntity(parent, child).Reference()
}

func (e *estate) folder(ref types.ManagedObjectReference) *simulator.Folder {
	return e.ctx.Map.Get(ref).(*simulator.Folder)
}

// addDatacenter makes the scene's one datacenter.
func (e *estate) addDatacenter(name string) {
	root := e.folder(e.content().RootFolder)
	e.datacenter = simulator.NewDatacenter(e.ctx, &root.Folder)
	e.datacenter.Name = name
	e.folders[""] = e.folder(e.datacenter.VmFolder)
	e.truth.Datacenters = append(e.truth.Datacenters, &entityTruth{Moref: e.datacenter.Self.Value, Name: name})
}

// vmFolder finds or makes a folder by its path below the datacenter's vm folder.
func (e *estate) vmFolder(name string) *simulator.Folder {
	if folder, ok := e.folders[name]; ok {
		return folder
	}
	above := path.Dir(name)
	if above == "." {
		above = ""
	}
	parent := e.vmFolder(above)
	folder := new(simulator.Folder)
	folder.Name = path.Base(name)
	folder.ChildType = parent.ChildType
	parent.ChildEntity = append(parent.ChildEntity, e.put(parent, folder))
	e.folders[name] = folder
	return folder
}

func (e *estate) addCluster(name string) (*cluster, error) {
	folder := e.folder(e.datacenter.HostFolder)
	made, fault := simulator.CreateClusterComputeResource(e.ctx, folder, name, types.ClusterConfigSpecEx{})
	if fault != nil {
		return nil, fmt.Errorf("cluster %s: %T", name, fault)
	}
	made.Network = nil
	made.ConfigurationEx = &types.ClusterConfigInfoEx{
		ComputeResourceConfigInfo: types.ComputeResourceConfigInfo{VmSwapPlacement: "vmDirectory"},
		DasConfig: types.ClusterDasConfigInfo{
			Enabled: yes(), AdmissionControlEnabled: yes(), FailoverLevel: 1,
			VmMonitoring: "vmMonitoringDisabled", HostMonitoring: "enabled",
		},
		DrsConfig: types.ClusterDrsConfigInfo{
			Enabled: yes(), EnableVmBehaviorOverrides: yes(), DefaultVmBehavior: "fullyAutomated", VmotionRate: 3,
		},
	}
	made.Summary = &types.ClusterComputeResourceSummary{
		ComputeResourceSummary: types.ComputeResourceSummary{OverallStatus: "green"},
	}

	c := &cluster{ClusterComputeResource: made, truth: &clusterTruth{Moref: made.Self.Value, Name: name}}
	c.setEVC(newestEVC)
	c.root = e.rootPool(c, e.ctx.Map.Get(*made.ResourcePool).(*simulator.ResourcePool))
	e.clusters = append(e.clusters, c)
	e.truth.Clusters = append(e.truth.Clusters, c.truth)
	return c, nil
}

// join adds a host to the cluster's lists and totals.
func (c *cluster) join(h *host) {
	c.hosts = append(c.hosts, h)
	c.Host = append(c.Host, h.Self)
	c.truth.Hosts = append(c.truth.Hosts, h.Self.Value)

	hardware := h.Summary.Hardware
	mhz := hardware.CpuMhz * int32(hardware.NumCpuCores)
	sum := c.Summary.GetComputeResourceSummary()
	sum.TotalCpu += mhz
	sum.TotalMemory += hardware.MemorySize
	sum.NumCpuCores += hardware.NumCpuCores
	sum.NumCpuThreads += hardware.NumCpuThreads
	sum.NumHosts++
	if h.Runtime.ConnectionState == "connected" && !h.Runtime.InMaintenanceMode {
		sum.EffectiveCpu += mhz
		sum.EffectiveMemory += hardware.MemorySize >> 20
		sum.NumEffectiveHosts++
	}
}

// include adds a reference to a list that does not hold it yet.
func include(refs *[]types.ManagedObjectReference, ref types.ManagedObjectReference) {
	if simulator.FindReference(*refs, ref) == nil {
		*refs = append(*refs, ref)
	}
}

// includeLast is include for lists that grow object by object.
func includeLast(refs *[]types.ManagedObjectReference, ref types.ManagedObjectReference) {
	if n := len(*refs); n == 0 || (*refs)[n-1] != ref {
		*refs = append(*refs, ref)
	}
}

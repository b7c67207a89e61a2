package main

type clusterTruth struct {
	labels
	Moref string   `json:"moref"`
	Name  string   `json:"name"`
	Hosts []string `json:"hosts"`

	OverallStatus        string          `json:"overall_status"`
	EVCMode              string          `json:"evc_mode"`
	TotalCPUMHz          int32           `json:"cpu_mhz"`
	CPUCores             int16           `json:"cpu_cores"`
	CPUThreads           int16           `json:"cpu_threads"`
	MemoryBytes          int64           `json:"memory_bytes"`
	EffectiveCPUMHz      int32           `json:"effective_cpu_mhz"`
	EffectiveMemoryBytes int64           `json:"effective_memory_bytes"`
	EffectiveHosts       int32           `json:"effective_hosts"`
	DRSEnabled           bool            `json:"drs_enabled"`
	DRSBehavior          string          `json:"drs_behavior"`
	DRSRate              int32           `json:"drs_vmotion_rate"`
	DRSOverrides         bool            `json:"drs_overrides_allowed"`
	HAEnabled            bool            `json:"ha_enabled"`
	HAAdmission          bool            `json:"ha_admission_control"`
	HAPolicy             string          `json:"ha_admission_policy"` // name of the API's type, "" for none
	HAFailoverLevel      *int32          `json:"ha_failover_level"`
	HACPUPercent         *int32          `json:"ha_cpu_reserve_percent"`
	HAMemoryPercent      *int32          `json:"ha_memory_reserve_percent"`
	HAFailoverHosts      []string        `json:"ha_failover_hosts"`
	HAHostMonitoring     string          `json:"ha_host_monitoring"`
	HAVMMonitoring       string          `json:"ha_vm_monitoring"`
	HARestartPriority    string          `json:"ha_restart_priority"`
	HAIsolationResponse  string          `json:"ha_isolation_response"`
	VSANEnabled          *bool           `json:"vsan_enabled"`
	SwapPlacement        string          `json:"swap_placement"`
	Rules                []ruleTruth     `json:"rules"`
	Groups               []groupTruth    `json:"groups"`
	DRSVMs               []overrideTruth `json:"drs_vms"`
	HAVMs                []overrideTruth `json:"ha_vms"`
}

// ruleTruth describes a rule with its groups resolved.
type ruleTruth struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"` // name of the API's type
	Kind        string   `json:"kind"` // together, apart, vm-host, vm-host-apart or dependency
	Enabled     bool     `json:"enabled"`
	Mandatory   bool     `json:"mandatory"`
	VMs         []string `json:"vms"`
	Hosts       []string `json:"hosts"`
	DependsOn   []string `json:"depends_on"`
	VMGroup     string   `json:"vm_group"`
	HostGroup   string   `json:"host_group"`
	NeededGroup string   `json:"depends_on_group"`
}

type groupTruth struct {
	Name  string   `json:"name"`
	VMs   []string `json:"vms,omitempty"`
	Hosts []string `json:"hosts,omitempty"`
}

type overrideTruth struct {
	VM                string `json:"vm"`
	Enabled           *bool  `json:"enabled,omitempty"`
	Behavior          string `json:"behavior,omitempty"`
	RestartPriority   string `json:"restart_priority,omitempty"`
	IsolationResponse string `json:"isolation_response,omitempty"`
}

type poolTruth struct {
	labels
	Moref            string          `json:"moref"`
	Name             string          `json:"name"`
	Kind             string          `json:"kind"` // resource-pool or vapp
	Path             []string        `json:"path"` // names, the cluster's root pool first, its own last
	ClusterMoref     string          `json:"cluster_moref"`
	ParentMoref      string          `json:"parent_moref"`
	VMs              []string        `json:"vms"`
	CPUAllocation    allocationTruth `json:"cpu_allocation"`
	MemoryAllocation allocationTruth `json:"memory_allocation"`
	ConfiguredMemory int64           `json:"configured_memory_bytes"`
	CPUUsageMHz      int64           `json:"cpu_usage_mhz"`
	MaxCPUMHz        int64           `json:"max_cpu_mhz"`
	MemoryUsage      int64           `json:"memory_usage_bytes"`
	MaxMemory        int64           `json:"max_memory_bytes"`
	Status           string          `json:"status"`
}

type datastoreTruth struct {
	oddity
	labels
	Moref         string   `json:"moref"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	CapacityBytes int64    `json:"capacity_bytes"`
	FreeBytes     int64    `json:"free_bytes"`
	HostMorefs    []string `json:"host_morefs"`
	Shared        bool     `json:"shared"`

	OverallStatus       string       `json:"overall_status"`
	Accessible          bool         `json:"accessible"`
	MaintenanceMode     string       `json:"maintenance_mode"`
	URL                 string       `json:"url"`
	UncommittedBytes    *int64       `json:"uncommitted_bytes"`
	Mounts              []mountTruth `json:"mounts"`
	InfoType            string       `json:"info_type"`
	Extents             []string     `json:"extents"` // name:partition
	Version             string       `json:"version"`
	BlockSizeMB         *int32       `json:"block_size_mb"`
	Local               *bool        `json:"is_local"`
	SSD                 *bool        `json:"is_ssd"`
	RemoteHost          string       `json:"remote_host"`
	RemotePath          string       `json:"remote_path"`
	DatastoreCluster    string       `json:"datastore_cluster"`
	DatastoreClusterRef string       `json:"datastore_cluster_moref"`
	IOControl           *bool        `json:"io_control"`
	CongestionMS        *int32       `json:"congestion_threshold_ms"`
}

type mountTruth struct {
	HostMoref  string `json:"host_moref"`
	Path       string `json:"path"`
	AccessMode string `json:"access_mode"`
	Mounted    bool   `json:"mounted"`
	Accessible bool   `json:"accessible"`
	Reason     string `json:"reason"`
	VMKNIC     string `json:"vmkernel_device"`
}

type podTruth struct {
	labels
	Moref         string   `json:"moref"`
	Name          string   `json:"name"`
	Datastores    []string `json:"datastores"`
	CapacityBytes int64    `json:"capacity_bytes"`
	FreeBytes     int64    `json:"free_bytes"`
	DRSEnabled    bool     `json:"drs_enabled"`
	DRSBehavior   string   `json:"drs_behavior"`
}

// networkTruth describes a network object. Kind is standard, distributed or
// uplink; a trunk and a standard network without port group have no VLAN.
type networkTruth struct {
	labels
	Moref      string   `json:"moref"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	VLANID     *int     `json:"vlan_id"`
	Switch     string   `json:"switch"`
	HostMorefs []string `json:"host_morefs"`

	VMs []string `json:"vms"`
	// The rest is for distributed port groups.
	SwitchMoref    string   `json:"switch_moref"`
	VLANKind       string   `json:"vlan_kind"` // id, trunk or private
	VLANs          string   `json:"vlans"`     // a trunk's ranges, the pair of a private VLAN
	Binding        string   `json:"binding"`
	Ports          *int32   `json:"ports"`
	ActiveUplinks  []string `json:"active_uplinks"`
	StandbyUplinks []string `json:"standby_uplinks"`
	Teaming        string   `json:"teaming"`
	Promiscuous    *bool    `json:"promiscuous"`
	MACChanges     *bool    `json:"mac_changes"`
	Forged         *bool    `json:"forged_transmits"`
}

type switchTruth struct {
	labels
	Moref       string   `json:"moref"`
	Name        string   `json:"name"`
	UUID        string   `json:"uuid"`
	Version     string   `json:"version"`
	Vendor      string   `json:"vendor"`
	HostMorefs  []string `json:"host_morefs"`
	MTU         int32    `json:"mtu"`
	Ports       int32    `json:"ports"`
	Uplinks     []string `json:"uplinks"`
	Discovery   string   `json:"discovery"`
	IOControl   bool     `json:"io_control"`
	LACP        string   `json:"lacp"`
	LAGs        []string `json:"lags"` // name mode load-balancing
	Teaming     string   `json:"teaming"`
	CreatedAt   string   `json:"created_at"`
	Description string   `json:"description"`
	Promiscuous bool     `json:"promiscuous"`
	MACChanges  bool     `json:"mac_changes"`
	Forged      bool     `json:"forged_transmits"`
}

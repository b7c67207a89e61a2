package main

type machineTruth struct {
	oddity
	labels
	Moref              string          `json:"moref"`
	Name               string          `json:"name"`
	HostMoref          *string         `json:"host_moref"`
	ClusterMoref       string          `json:"cluster_moref"`
	Folder             string          `json:"folder"`
	PowerState         string          `json:"power_state"`
	ConnectionState    string          `json:"connection_state"`
	CPUs               *int            `json:"cpus"`
	MemoryBytes        *int64          `json:"memory_bytes"`
	UUID               *string         `json:"uuid"`
	InstanceUUID       *string         `json:"instance_uuid"`
	GuestID            *string         `json:"guest_id"`
	GuestFullName      *string         `json:"guest_full_name"`
	GuestHostname      *string         `json:"guest_hostname"`
	IPAddresses        []string        `json:"ip_addresses"`
	Template           bool            `json:"template"`
	HardwareVersion    *string         `json:"hardware_version"`
	Firmware           *string         `json:"firmware"`
	Annotation         string          `json:"annotation"`
	Created            *string         `json:"created"`
	BootTime           *string         `json:"boot_time"`
	ToolsStatus        string          `json:"tools_status"`
	ToolsRunningStatus string          `json:"tools_running_status"`
	ToolsVersion       string          `json:"tools_version"`
	Disks              []diskTruth     `json:"disks"`
	NICs               []nicTruth      `json:"nics"`
	Snapshots          []snapshotTruth `json:"snapshots"`

	ResourcePoolMoref string   `json:"resource_pool_moref"`
	ResourcePoolPath  []string `json:"resource_pool_path"` // names, the cluster's root pool first
	VAppMoref         string   `json:"vapp_moref"`
	VAppName          string   `json:"vapp_name"`
	OverallStatus     string   `json:"overall_status"`
	DisabledMethods   []string `json:"disabled_methods"`
	Question          string   `json:"question"`

	// Everything below is null when there is no configuration.
	Details *machineDetails `json:"details"`
}

// machineDetails is everything else there is to read about a machine.
type machineDetails struct {
	ConfigPath       string           `json:"config_path"`
	ManagedBy        *managedTruth    `json:"managed_by"`
	CoresPerSocket   int32            `json:"cores_per_socket"`
	CPUAllocation    allocationTruth  `json:"cpu_allocation"`    // MHz
	MemoryAllocation allocationTruth  `json:"memory_allocation"` // bytes
	CPUHotAdd        bool             `json:"cpu_hot_add"`
	CPUHotRemove     bool             `json:"cpu_hot_remove"`
	MemoryHotAdd     bool             `json:"memory_hot_add"`
	Latency          string           `json:"latency_sensitivity"`
	NestedHV         bool             `json:"nested_virtualization"`
	Counters         bool             `json:"performance_counters"`
	SecureBoot       bool             `json:"secure_boot"`
	HasTPM           bool             `json:"has_tpm"`
	Devices          []deviceTruth    `json:"devices"`
	Partitions       []partitionTruth `json:"partitions"`
	ExtraConfig      []settingTruth   `json:"extra_config"`

	EVCMode          string         `json:"evc_mode"`
	Features         []featureTruth `json:"features"`
	Encryption       *keyTruth      `json:"encryption"`
	MigrateEncrypt   string         `json:"migrate_encryption"`
	CPUAffinity      []int32        `json:"cpu_affinity"`
	MemoryAffinity   []int32        `json:"memory_affinity"`
	FaultTolerance   string         `json:"fault_tolerance"`
	SwapPlacement    string         `json:"swap_placement"`
	InstallerMounted bool           `json:"tools_installer_mounted"`
	ToolsUpgrade     string         `json:"tools_upgrade_policy"`

	Heartbeat      string  `json:"heartbeat"`
	GuestState     string  `json:"guest_state"`
	SuspendedAt    *string `json:"suspended_at"`
	HAProtected    *bool   `json:"ha_protected"`
	Consolidation  bool    `json:"consolidation_needed"`
	ChangeTracking bool    `json:"change_tracking"`

	CommittedBytes   int64 `json:"committed_bytes"`
	UncommittedBytes int64 `json:"uncommitted_bytes"`
	UnsharedBytes    int64 `json:"unshared_bytes"`

	CPUUsageMHz     int32 `json:"cpu_usage_mhz"`
	ActiveBytes     int64 `json:"memory_active_bytes"`
	ConsumedBytes   int64 `json:"memory_consumed_bytes"`
	BalloonedBytes  int64 `json:"memory_ballooned_bytes"`
	SwappedBytes    int64 `json:"memory_swapped_bytes"`
	UptimeSeconds   int32 `json:"uptime_seconds"`
	CPUReadinessPct int32 `json:"cpu_readiness_percent"`
}

type managedTruth struct {
	ExtensionKey string `json:"extension_key"`
	Type         string `json:"type"`
}

type keyTruth struct {
	KeyID      string `json:"key_id"`
	ProviderID string `json:"provider_id"`
}

type featureTruth struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type settingTruth struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// deviceTruth describes a device that is neither disk nor network card. Backing
// is image, host, remote-host, client, network or none, or else the name of its type.
type deviceTruth struct {
	Key             int32  `json:"key"`
	Label           string `json:"label"`
	Kind            string `json:"kind"`
	Type            string `json:"type"`
	Backing         string `json:"backing"`
	BackingType     string `json:"backing_type"`
	Path            string `json:"path"`
	DatastoreMoref  string `json:"datastore_moref"`
	Connected       *bool  `json:"connected"`
	StartsConnected *bool  `json:"starts_connected"`
	Migratable      *bool  `json:"migratable"`
}

type partitionTruth struct {
	Path          string  `json:"path"`
	CapacityBytes int64   `json:"capacity_bytes"`
	FreeBytes     int64   `json:"free_bytes"`
	Filesystem    string  `json:"filesystem"`
	DiskKeys      []int32 `json:"disk_keys"`
}

type diskTruth struct {
	Label          string `json:"label"`
	CapacityBytes  int64  `json:"capacity_bytes"`
	DatastoreMoref string `json:"datastore_moref"`
	File           string `json:"file"`
	Thin           *bool  `json:"thin"` // null for a raw device mapping
	Mode           string `json:"mode"`
	ChainLength    int    `json:"chain_length"`

	Key            int32    `json:"key"`
	Chain          []string `json:"chain"` // the file that is written first
	SizeBytes      int64    `json:"size_bytes"`
	Sharing        string   `json:"sharing"`
	UUID           string   `json:"uuid"`
	Controller     string   `json:"controller"`
	ControllerType string   `json:"controller_type"`
	BusSharing     string   `json:"bus_sharing"`
	Unit           int32    `json:"unit_number"`
	Raw            bool     `json:"is_raw"`
	RawMode        string   `json:"raw_mode"`
	RawDevice      string   `json:"raw_device"`
	RawLun         string   `json:"raw_lun_uuid"`
	EagerlyScrub   *bool    `json:"eagerly_zeroed"`
	WriteThrough   *bool    `json:"write_through"`
	KeyID          string   `json:"key_id"`
	IOShares       int32    `json:"io_shares"`
	IOLevel        string   `json:"io_level"`
	IOLimit        *int64   `json:"io_limit"` // operations per second; null is none
}

// nicTruth describes a network card; its addresses are those the Tools report.
type nicTruth struct {
	Label        string   `json:"label"`
	MAC          string   `json:"mac"`
	NetworkMoref string   `json:"network_moref"`
	Connected    bool     `json:"connected"`
	Type         string   `json:"type"`
	IPAddresses  []string `json:"ip_addresses"`

	StartsConnected bool   `json:"starts_connected"`
	MACType         string `json:"mac_type"`
	Passthrough     bool   `json:"is_passthrough"`
	SwitchUUID      string `json:"switch_uuid"`
}

// snapshotTruth describes a snapshot. DiskBytes is the space of those disk files
// that its chains have and its parent's have not.
type snapshotTruth struct {
	Moref       string  `json:"moref"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Created     string  `json:"created"`
	Parent      *string `json:"parent"`
	Current     bool    `json:"current"`

	ParentMoref string   `json:"parent_moref"`
	ID          int32    `json:"id"`
	PowerState  string   `json:"power_state"`
	Quiesced    bool     `json:"quiesced"`
	HasMemory   bool     `json:"has_memory"`
	DataBytes   int64    `json:"data_bytes"`
	MemoryBytes int64    `json:"memory_bytes"`
	DiskBytes   int64    `json:"disk_bytes"`
	DiskFiles   []string `json:"disk_files"`
}

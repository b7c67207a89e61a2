package main

type hostTruth struct {
	oddity
	labels
	Moref            string          `json:"moref"`
	Name             string          `json:"name"`
	ClusterMoref     string          `json:"cluster_moref"`
	Vendor           string          `json:"vendor"`
	Model            string          `json:"model"`
	SerialNumber     *string         `json:"serial_number"`
	ServiceTag       string          `json:"service_tag"`
	UUID             string          `json:"uuid"`
	BIOSVersion      *string         `json:"bios_version"`
	CPUModel         string          `json:"cpu_model"`
	Sockets          int             `json:"sockets"`
	Cores            int             `json:"cores"`
	Threads          int             `json:"threads"`
	MHz              int             `json:"mhz"`
	MemoryBytes      int64           `json:"memory_bytes"`
	Version          string          `json:"version"`
	Build            string          `json:"build"`
	ConnectionState  string          `json:"connection_state"`
	PowerState       string          `json:"power_state"`
	InMaintenance    bool            `json:"in_maintenance"`
	BootTime         *string         `json:"boot_time"`
	Capabilities     map[string]bool `json:"capabilities"`
	VMKernelAdapters []adapterTruth  `json:"vmkernel_adapters"`

	Setup             string  `json:"setup,omitempty"` // in the networks scene
	OverallStatus     string  `json:"overall_status"`
	InQuarantine      bool    `json:"in_quarantine"`
	EVCMode           string  `json:"evc_mode"`
	MaxEVCMode        string  `json:"max_evc_mode"`
	CPUUsageMHz       int32   `json:"cpu_usage_mhz"`
	MemoryUsageBytes  int64   `json:"memory_usage_bytes"`
	UptimeSeconds     int32   `json:"uptime_seconds"`
	ManagementIP      *string `json:"management_ip"`
	VCenterIP         string  `json:"vcenter_ip"`
	ProfileCompliance string  `json:"profile_compliance"`

	// Everything below is null when the host does not answer.
	Details *hostDetails `json:"details"`
}

// hostDetails is everything else there is to read about a host that answers.
type hostDetails struct {
	NICs           []pnicTruth      `json:"nics"`
	HBAs           []hbaTruth       `json:"hbas"`
	Netstacks      []stackTruth     `json:"netstacks"`
	LUNs           []lunTruth       `json:"luns"`
	VSwitches      []vswitchTruth   `json:"vswitches"`
	PortGroups     []portgroupTruth `json:"portgroups"`
	BIOSReleasedAt string           `json:"bios_released_at"`
	Hyperthreading bool             `json:"hyperthreading"`
	PowerPolicy    string           `json:"power_policy"`
	Features       []featureTruth   `json:"features"`
	GPUs           []gpuTruth       `json:"gpus"`
	VGPUTypes      []string         `json:"vgpu_types"`
	DNSHostName    string           `json:"dns_host_name"`
	DNSDomain      string           `json:"dns_domain"`
	DNSServers     []string         `json:"dns_servers"`
	NTPServers     []string         `json:"ntp_servers"`
	NTPRunning     bool             `json:"ntp_running"`
	TimeZone       string           `json:"time_zone"`
	SwapDatastore  string           `json:"swap_datastore_moref"`
}

// adapterTruth describes a VMkernel adapter. Services are those it serves, by
// tag or by its TCP/IP stack; TaggedServices are those in selectedVnic.
type adapterTruth struct {
	Device         string   `json:"device"`
	Services       []string `json:"services"`
	TaggedServices []string `json:"tagged_services"`
	Netstack       string   `json:"netstack"`
	IP             string   `json:"ip"`
	Mask           string   `json:"mask"`
	DHCP           bool     `json:"dhcp"`
	IPv6           []string `json:"ipv6_addresses"`
	Gateway        string   `json:"gateway"` // its own, or that of its stack
	IPv6Gateway    string   `json:"ipv6_gateway"`
	MAC            string   `json:"mac"`
	MTU            int      `json:"mtu"`
	Portgroup      string   `json:"portgroup"`
	VLANID         int      `json:"vlan_id"`
	Switch         string   `json:"switch"`
	SwitchKind     string   `json:"switch_kind"`
	SwitchMTU      int      `json:"switch_mtu"`
	Uplinks        []string `json:"uplinks"`
	ActiveUplinks  []string `json:"active_uplinks"`
	StandbyUplinks []string `json:"standby_uplinks"`
	LinkSpeedMbps  *int     `json:"link_speed_mbps"`
}

// pnicTruth describes a physical NIC; a link that is down has no speed.
type pnicTruth struct {
	Device    string `json:"device"`
	MAC       string `json:"mac"`
	Driver    string `json:"driver"`
	PCI       string `json:"pci"`
	SpeedMbps *int   `json:"speed_mbps"`
	Duplex    *bool  `json:"full_duplex"`
	WakeOnLAN bool   `json:"wake_on_lan"`
	Switch    string `json:"switch"`
}

type hbaTruth struct {
	Device string `json:"device"`
	Type   string `json:"type"` // name of the API's type
	Model  string `json:"model"`
	Driver string `json:"driver"`
	PCI    string `json:"pci"`
	Status string `json:"status"`
	Bus    int32  `json:"bus"`
	WWN    string `json:"wwn"` // port name (of SAS: node name) in hex with colons, or iSCSI name
}

type stackTruth struct {
	Key         string   `json:"key"`
	Name        string   `json:"name"`
	Gateway     string   `json:"gateway"`
	IPv6Gateway string   `json:"ipv6_gateway"`
	DNSServers  []string `json:"dns_servers"`
	Routes      []string `json:"routes"` // network/prefix via gateway dev device
}

type lunTruth struct {
	Name          string   `json:"name"`
	Label         string   `json:"label"`
	UUID          string   `json:"uuid"`
	Type          string   `json:"type"`
	Vendor        string   `json:"vendor"`
	Model         string   `json:"model"`
	Revision      string   `json:"revision"`
	Serial        string   `json:"serial_number"`
	CapacityBytes *int64   `json:"capacity_bytes"` // null for what is no disk
	SSD           *bool    `json:"is_ssd"`
	Local         *bool    `json:"is_local"`
	QueueDepth    int32    `json:"queue_depth"`
	States        []string `json:"states"`
	Policy        string   `json:"policy"`
	Paths         []string `json:"paths"` // name state
}

type gpuTruth struct {
	Device    string `json:"device"`
	Vendor    string `json:"vendor"`
	PCI       string `json:"pci"`
	Type      string `json:"type"`
	MemoryKiB int64  `json:"memory_kib"`
}

type vswitchTruth struct {
	Name        string   `json:"name"`
	MTU         int32    `json:"mtu"`
	Ports       int32    `json:"ports"`
	FreePorts   int32    `json:"free_ports"`
	Uplinks     []string `json:"uplinks"`
	Discovery   string   `json:"discovery"` // protocol operation
	Teaming     string   `json:"teaming"`
	Promiscuous bool     `json:"promiscuous"`
	MACChanges  bool     `json:"mac_changes"`
	Forged      bool     `json:"forged_transmits"`
}

type portgroupTruth struct {
	Name           string   `json:"name"`
	VLANID         int32    `json:"vlan_id"`
	Switch         string   `json:"switch"`
	ActiveUplinks  []string `json:"active_uplinks"`
	StandbyUplinks []string `json:"standby_uplinks"`
	Teaming        string   `json:"teaming"`
	Promiscuous    bool     `json:"promiscuous"`
	MACChanges     bool     `json:"mac_changes"`
	Forged         bool     `json:"forged_transmits"`
}

package main

import (
	"encoding/json"
	"os"
)

// truth says what the simulator made. It is filled from the values the scene is
// built from, never by reading the simulator back.
type truth struct {
	Scene        string            `json:"scene"`
	InstanceUUID string            `json:"instance_uuid"`
	APIVersion   string            `json:"api_version"`
	Version      string            `json:"version"`
	Build        string            `json:"build"`
	FullName     string            `json:"full_name"`
	Datacenters  []*entityTruth    `json:"datacenters"`
	Clusters     []*clusterTruth   `json:"clusters"`
	Hosts        []*hostTruth      `json:"hosts"`
	VMs          []*machineTruth   `json:"vms"`
	Datastores   []*datastoreTruth `json:"datastores"`
	Networks     []*networkTruth   `json:"networks"`
}

type entityTruth struct {
	Moref string `json:"moref"`
	Name  string `json:"name"`
}

// oddity marks objects of the awkward scene.
type oddity struct {
	Awkward string   `json:"awkward,omitempty"`
	Hidden  []string `json:"hidden,omitempty"`
}

type clusterTruth struct {
	Moref string   `json:"moref"`
	Name  string   `json:"name"`
	Hosts []string `json:"hosts"`
}

type hostTruth struct {
	oddity
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

type machineTruth struct {
	oddity
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
}

type diskTruth struct {
	Label          string `json:"label"`
	CapacityBytes  int64  `json:"capacity_bytes"`
	DatastoreMoref string `json:"datastore_moref"`
	File           string `json:"file"`
	Thin           bool   `json:"thin"`
	Mode           string `json:"mode"`
	ChainLength    int    `json:"chain_length"`
}

// nicTruth describes a network card; its addresses are those the Tools report.
type nicTruth struct {
	Label        string   `json:"label"`
	MAC          string   `json:"mac"`
	NetworkMoref string   `json:"network_moref"`
	Connected    bool     `json:"connected"`
	Type         string   `json:"type"`
	IPAddresses  []string `json:"ip_addresses"`
}

type snapshotTruth struct {
	Moref       string  `json:"moref"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Created     string  `json:"created"`
	Parent      *string `json:"parent"`
	Current     bool    `json:"current"`
}

type datastoreTruth struct {
	oddity
	Moref         string   `json:"moref"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	CapacityBytes int64    `json:"capacity_bytes"`
	FreeBytes     int64    `json:"free_bytes"`
	HostMorefs    []string `json:"host_morefs"`
	Shared        bool     `json:"shared"`
}

// networkTruth describes a network object. Kind is standard, distributed or
// uplink; a trunk and a standard network without port group have no VLAN.
type networkTruth struct {
	Moref      string   `json:"moref"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	VLANID     *int     `json:"vlan_id"`
	Switch     string   `json:"switch"`
	HostMorefs []string `json:"host_morefs"`
}

func (t *truth) write(path string) error {
	data, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o600)
}

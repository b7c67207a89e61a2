package main

import (
	"encoding/json"
	"os"
)

// truth says what the simulator made. It is filled from the values the scene is
// built from, never by reading the simulator back. Units are those of its names,
// otherwise those of the API; sizes are bytes.
type truth struct {
	Scene             string             `json:"scene"`
	InstanceUUID      string             `json:"instance_uuid"`
	APIVersion        string             `json:"api_version"`
	Version           string             `json:"version"`
	Build             string             `json:"build"`
	FullName          string             `json:"full_name"`
	Datacenters       []*entityTruth     `json:"datacenters"`
	Clusters          []*clusterTruth    `json:"clusters"`
	Hosts             []*hostTruth       `json:"hosts"`
	VMs               []*machineTruth    `json:"vms"`
	Datastores        []*datastoreTruth  `json:"datastores"`
	Networks          []*networkTruth    `json:"networks"`
	Switches          []*switchTruth     `json:"switches"`
	ResourcePools     []*poolTruth       `json:"resource_pools"`
	DatastoreClusters []*podTruth        `json:"datastore_clusters"`
	Licenses          []*licenseTruth    `json:"licenses"`
	CustomFields      []customFieldTruth `json:"custom_fields"`
	TagCategories     []categoryTruth    `json:"tag_categories"`
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

// labels are what people and scripts hang on objects.
type labels struct {
	CustomAttributes map[string]string `json:"custom_attributes,omitempty"`
	Tags             tagTruth          `json:"tags,omitempty"`
}

// allocationTruth has MHz of CPU or bytes of memory; no limit is null.
type allocationTruth struct {
	Reservation int64  `json:"reservation"`
	Limit       *int64 `json:"limit"`
	Shares      int32  `json:"shares"`
	Level       string `json:"level"`
	Expandable  bool   `json:"expandable"`
}

type customFieldTruth struct {
	Key  int32  `json:"key"`
	Name string `json:"name"`
	Type string `json:"type"` // "" is a field for all types
}

type categoryTruth struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Cardinality string        `json:"cardinality"`
	Types       []string      `json:"types"`
	Tags        []taggedTruth `json:"tags"`
}

type taggedTruth struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Attached    int    `json:"attached"`
}

type licenseTruth struct {
	Key            string            `json:"key"`
	Edition        string            `json:"edition"`
	Name           string            `json:"name"`
	Total          int32             `json:"total"` // 0 is unlimited
	Used           int32             `json:"used"`
	Unit           string            `json:"unit"`
	ExpiresAt      *string           `json:"expires_at"`
	Features       []string          `json:"features"` // names
	FeatureKeys    []string          `json:"feature_keys"`
	Labels         map[string]string `json:"labels"`
	AssignedIDs    []string          `json:"assigned_ids"` // as QueryAssignedLicenses says: morefs, or the vCenter's UUID
	ProductName    string            `json:"product_name"`
	ProductVersion string            `json:"product_version"`
}

func (t *truth) write(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(file)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(t); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

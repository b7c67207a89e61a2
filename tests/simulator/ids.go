package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/types"
)

// epoch is the moment the scenes play at. Nothing in a property comes from the
// clock, so two starts give the same answers.
var epoch = time.Date(2026, time.January, 15, 8, 0, 0, 0, time.UTC)

var namespace = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("simulator.hybridinv.test"))

// stableUUID derives the same UUID from the same parts, at every start.
func stableUUID(parts ...string) string {
	return uuid.NewSHA1(namespace, []byte(strings.Join(parts, "\x00"))).String()
}

// machineUUID looks like the ids vCenter hands out: BIOS ids begin with 42,
// instance ids with 50.
func machineUUID(prefix string, parts ...string) string {
	return prefix + stableUUID(parts...)[len(prefix):]
}

// volumeID has the shape of a VMFS volume id.
func volumeID(parts ...string) string {
	id := hexID(parts...)
	return fmt.Sprintf("%s-%s-%s-%s", id[:8], id[8:16], id[16:20], id[20:])
}

// hexID is 32 hexadecimal digits.
func hexID(parts ...string) string { return strings.ReplaceAll(stableUUID(parts...), "-", "") }

// shortID is the part of an id that tells the files of a disk apart.
func shortID(id string, level int) string { return fmt.Sprintf("%s%02x", id[:6], level) }

// mac counts upwards from a vendor prefix of three octets.
func mac(prefix string, n int) string {
	return fmt.Sprintf("%s:%02x:%02x:%02x", prefix, n>>16&0xff, n>>8&0xff, n&0xff)
}

func yes() *bool { return types.NewBool(true) }
func no() *bool  { return types.NewBool(false) }

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

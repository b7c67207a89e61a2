package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// control changes the estate while it is served, by lines of standard input:
// "touch N", "remove N", "add N", "limit METRICS" and
// "carry SECONDS HOST/ADAPTER HOST/ADAPTER".
// Each is answered with a line of JSON.
type control struct {
	e       *estate
	ctx     *simulator.Context
	next    int // where the round goes on
	touched int // machines so far
	removed map[*machine]bool
}

// report answers a line: what was changed, by the paths of the API.
type report struct {
	Command string          `json:"command"`
	Touched []touchedTruth  `json:"touched,omitempty"`
	Removed []string        `json:"removed,omitempty"`
	Added   []*machineTruth `json:"added,omitempty"`
	Error   string          `json:"error,omitempty"`
}

type touchedTruth struct {
	Moref   string         `json:"moref"`
	Name    string         `json:"name"`
	Changed map[string]any `json:"changed"`
}

// obey reads lines until there are none.
func (c *control) obey(lines io.Reader, answers io.Writer) {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		if strings.TrimSpace(scanner.Text()) != "" {
			_ = json.NewEncoder(answers).Encode(c.command(scanner.Text()))
		}
	}
}

func (c *control) command(line string) (r report) {
	r.Command = line
	verb, count, _ := strings.Cut(strings.TrimSpace(line), " ")
	if verb == "carry" {
		if err := c.e.traffic.carry(strings.Fields(count)); err != nil {
			r.Error = err.Error()
		}
		return r
	}
	if verb == "limit" {
		if err := c.e.traffic.restrict(count); err != nil {
			r.Error = err.Error()
		}
		return r
	}
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil || n < 1 {
		r.Error = "a number of machines is missing"
		return r
	}
	c.e.hidden.world.Lock()
	defer c.e.hidden.world.Unlock()
	switch verb {
	case "touch":
		for _, m := range c.pick(n) {
			r.Touched = append(r.Touched, c.touch(m))
		}
	case "remove":
		for _, m := range c.pick(n) {
			c.remove(m)
			r.Removed = append(r.Removed, m.Self.Value)
		}
	case "add":
		if c.e.another == nil {
			r.Error = "this scene cannot grow"
			return r
		}
		for range n {
			r.Added = append(r.Added, c.add().truth)
		}
	default:
		r.Error = fmt.Sprintf("unknown command %q: touch, remove, add, limit and carry exist", verb)
	}
	return r
}

// pick goes round the machines that have a configuration and are no templates.
func (c *control) pick(n int) (picked []*machine) {
	all := c.e.machines
	for range len(all) {
		if len(picked) == n {
			break
		}
		m := all[c.next%len(all)]
		c.next++
		if m.Config != nil && m.Runtime.Host != nil && !m.spec.template && !c.removed[m] {
			picked = append(picked, m)
		}
	}
	return picked
}

// touch changes, in turn, the power state, the memory and the address.
func (c *control) touch(m *machine) touchedTruth {
	c.touched++
	changed := map[string]any{}
	var changes []types.PropertyChange
	set := func(path string, value any) { changes = append(changes, types.PropertyChange{Name: path, Val: value}) }
	switch kind := c.touched % 3; {
	case kind == 0 && m.Guest.IpAddress != "":
		ip := fmt.Sprintf("10.200.%d.%d", c.touched/250%250, c.touched%250)
		changed["guest.ipAddress"], changed["guest.net[0].ipAddress[0]"] = ip, ip
		set("guest.ipAddress", ip)
		if len(m.Guest.Net) > 0 {
			nets := slices.Clone(m.Guest.Net)
			nets[0].IpAddress = append([]string{ip}, nets[0].IpAddress[min(1, len(nets[0].IpAddress)):]...)
			set("guest.net", nets)
		}
		summary := *m.Summary.Guest
		summary.IpAddress = ip
		set("summary.guest", &summary)
	case kind == 1:
		memory := m.Config.Hardware.MemoryMB + 1024
		changed["config.hardware.memoryMB"] = memory
		set("config.hardware.memoryMB", memory)
		set("summary.config.memorySizeMB", memory)
	default:
		state := on
		if m.Runtime.PowerState == on {
			state = off
		}
		changed["runtime.powerState"] = state
		set("runtime.powerState", state)
		set("summary.runtime.powerState", state)
	}
	c.ctx.Map.AtomicUpdate(c.ctx, m.VirtualMachine, changes)
	return touchedTruth{Moref: m.Self.Value, Name: m.Name, Changed: changed}
}

// add registers one more machine and tells those who watch its surroundings.
func (c *control) add() *machine {
	m := c.e.addMachine(c.e.another())
	m.tellPool()
	c.tell(m)
	return m
}

// remove takes the machine out of everything that lists it.
func (c *control) remove(m *machine) {
	c.removed[m] = true
	without := func(refs *[]types.ManagedObjectReference) {
		kept := make([]types.ManagedObjectReference, 0, len(*refs))
		for _, ref := range *refs {
			if ref != m.Self {
				kept = append(kept, ref)
			}
		}
		*refs = kept
	}
	if m.Parent != nil {
		without(&c.e.folder(*m.Parent).ChildEntity)
	}
	without(&m.spec.host.Vm)
	without(&m.pool.Vm)
	for _, store := range m.spec.stores() {
		without(&store.Vm)
	}
	for _, card := range m.spec.cards {
		without(&card.network.entity.Vm)
	}
	c.ctx.Map.Remove(c.ctx, m.Self)
	c.tell(m)
}

// tell announces the lists that changed with a machine.
func (c *control) tell(m *machine) {
	announce := func(object mo.Reference, path string, refs []types.ManagedObjectReference) {
		c.ctx.Map.AtomicUpdate(c.ctx, object, []types.PropertyChange{{Name: path, Val: slices.Clone(refs)}})
	}
	if m.Parent != nil {
		folder := c.e.folder(*m.Parent)
		announce(folder, "childEntity", folder.ChildEntity)
	}
	announce(m.spec.host.HostSystem, "vm", m.spec.host.Vm)
	announce(c.ctx.Map.Get(m.pool.Self), "vm", m.pool.Vm)
	for _, store := range m.spec.stores() {
		announce(store.Datastore, "vm", store.Vm)
	}
}

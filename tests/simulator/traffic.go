package main

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	sampled  = 20 * time.Second
	kept     = time.Hour
	migrates = 400_000 // KB/s of an adapter that carries a migration
	sent     = "transmitted"
	received = "received"
)

// performanceManager counts what goes over the adapters of hosts. The stock one
// has no VMkernel adapters, and numbers without a meaning.
type performanceManager struct {
	*simulator.PerformanceManager

	mu      sync.Mutex
	carried []carriage
	limit   int // metrics in one request for history, where no option says another
}

// carriage is an adapter that was busy for a while.
type carriage struct {
	host, device, direction string
	from, to                time.Time
}

// carry makes one adapter send and another receive, for the last so many seconds.
// Each is written host-12/vmk1.
func (m *performanceManager) carry(words []string) error {
	if len(words) != 3 {
		return fmt.Errorf("carry SECONDS SOURCE DESTINATION")
	}
	seconds, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, direction := range []string{sent, received} {
		host, device, _ := strings.Cut(words[i+1], "/")
		now := time.Now()
		m.carried = append(m.carried, carriage{host, device, direction, now.Add(-time.Duration(seconds) * time.Second), now})
	}
	return nil
}

// rate is what went over an adapter in the 20 seconds before a moment.
func (m *performanceManager) rate(h *simulator.HostSystem, device, direction string, at time.Time) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	noise := fnv.New32()
	fmt.Fprint(noise, h.Self.Value, device, direction, at.Unix())
	rate := int64(40 + noise.Sum32()%30)
	for _, c := range m.carried {
		below := activeNICs(h, c.device)
		same := c.device == device || len(below) > 0 && below[0] == device
		if c.host == h.Self.Value && same && c.direction == direction && at.After(c.from) && at.Add(-sampled).Before(c.to) {
			rate += migrates
		}
	}
	return rate
}

// directions are the counters by their keys.
func (m *performanceManager) directions() map[int32]string {
	found := map[int32]string{}
	for _, counter := range m.PerfCounter {
		name := counter.NameInfo.GetElementDescription().Key
		if counter.GroupInfo.GetElementDescription().Key == "net" && (name == sent || name == received) {
			found[counter.Key] = name
		}
	}
	return found
}

func (m *performanceManager) QueryAvailablePerfMetric(ctx *simulator.Context, r *types.QueryAvailablePerfMetric) soap.HasFault {
	h, isHost := ctx.Map.Get(r.Entity).(*simulator.HostSystem)
	if !isHost {
		return m.PerformanceManager.QueryAvailablePerfMetric(ctx, r)
	}
	answer := new(types.QueryAvailablePerfMetricResponse)
	if h.Config != nil {
		instances := []string{""}
		for _, nic := range h.Config.Network.Vnic {
			instances = append(instances, nic.Device)
		}
		for _, nic := range h.Config.Network.Pnic {
			instances = append(instances, nic.Device)
		}
		for key := range m.directions() {
			for _, instance := range instances {
				answer.Returnval = append(answer.Returnval, types.PerfMetricId{CounterId: key, Instance: instance})
			}
		}
	}
	return &methods.QueryAvailablePerfMetricBody{Res: answer}
}

// QueryPerf answers for machines, and for hosts in the CSV form; it leaves the rest to the stock one.
func (m *performanceManager) QueryPerf(ctx *simulator.Context, r *types.QueryPerf) soap.HasFault {
	answer := new(types.QueryPerfResponse)
	if fault := m.refuse(ctx, r); fault != nil {
		return &methods.QueryPerfBody{Fault_: fault}
	}
	for _, spec := range r.QuerySpec {
		if vm, isMachine := ctx.Map.Get(spec.Entity).(*simulator.VirtualMachine); isMachine {
			answer.Returnval = append(answer.Returnval, m.measured(vm, spec))
			continue
		}
		h, isHost := ctx.Map.Get(spec.Entity).(*simulator.HostSystem)
		if !isHost || spec.Format != string(types.PerfFormatCsv) {
			return m.PerformanceManager.QueryPerf(ctx, r)
		}
		answer.Returnval = append(answer.Returnval, m.series(h, spec))
	}
	return &methods.QueryPerfBody{Res: answer}
}

func (m *performanceManager) series(h *simulator.HostSystem, spec types.PerfQuerySpec) *types.PerfEntityMetricCSV {
	metric := &types.PerfEntityMetricCSV{PerfEntityMetricBase: types.PerfEntityMetricBase{Entity: h.Self}}
	now := time.Now().UTC()
	start := now.Add(-kept)
	if spec.StartTime != nil && spec.StartTime.After(start) {
		start = *spec.StartTime
	}
	var moments []time.Time
	var times []string
	for at := start.Truncate(sampled).Add(sampled); !at.After(now); at = at.Add(sampled) {
		moments = append(moments, at)
		times = append(times, "20", at.Format(time.RFC3339))
	}
	metric.SampleInfoCSV = strings.Join(times, ",")
	directions := m.directions()
	for _, id := range spec.MetricId {
		values := make([]string, len(moments))
		for i, at := range moments {
			values[i] = strconv.FormatInt(m.rate(h, id.Instance, directions[id.CounterId], at), 10)
		}
		metric.Value = append(metric.Value, types.PerfMetricSeriesCSV{
			PerfMetricSeries: types.PerfMetricSeries{Id: id}, Value: strings.Join(values, ","),
		})
	}
	return metric
}

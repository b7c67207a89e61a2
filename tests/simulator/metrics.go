package main

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	limitOption = "config.vpxd.stats.maxQueryMetrics"
	usualLimit  = 256
	realTime    = int32(sampled / time.Second)
	noSample    = -1 // what stands for a sample that is missing
)

// restrict lets one request for history ask for so many metrics, and tells nobody.
func (m *performanceManager) restrict(count string) error {
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil || n < 1 {
		return fmt.Errorf("a number of metrics is missing")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = n
	return nil
}

// refuse is the fault for a request that asks for a machine that is gone, or for
// more metrics of history than a vCenter allows; nil where it may be answered.
func (m *performanceManager) refuse(ctx *simulator.Context, r *types.QueryPerf) *soap.Fault {
	asked := 0
	for _, spec := range r.QuerySpec {
		if ctx.Map.Get(spec.Entity) == nil {
			return simulator.Fault("", &types.ManagedObjectNotFound{Obj: spec.Entity})
		}
		if spec.IntervalId != realTime {
			asked += len(spec.MetricId)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	limit := m.limit
	if limit == 0 {
		limit = told(ctx)
	}
	if asked > limit {
		return simulator.Fault(
			"This operation is restricted by the administrator - 'vpxd.stats.maxQueryMetrics'.",
			&types.RestrictedByAdministrator{Details: "vpxd.stats.maxQueryMetrics"},
		)
	}
	return nil
}

func told(ctx *simulator.Context) int {
	manager, ok := ctx.Map.Get(*contentOf(ctx).Setting).(*simulator.OptionManager)
	if !ok {
		return usualLimit
	}
	for _, option := range manager.Setting {
		if value := option.GetOptionValue(); value.Key == limitOption {
			if n, err := strconv.Atoi(fmt.Sprint(value.Value)); err == nil && n > 0 {
				return n
			}
		}
	}
	return usualLimit
}

// measured are the samples of a machine: the same for the same moment, so that two
// who ask are told the same. One that does not run has none. History has what its
// interval's level keeps.
func (m *performanceManager) measured(vm *simulator.VirtualMachine, spec types.PerfQuerySpec) types.BasePerfEntityMetricBase {
	base := types.PerfEntityMetricBase{Entity: vm.Self}
	plain, csv := &types.PerfEntityMetric{PerfEntityMetricBase: base}, &types.PerfEntityMetricCSV{PerfEntityMetricBase: base}
	level := m.levelOf(spec.IntervalId)
	length := time.Duration(spec.IntervalId) * time.Second
	var moments []time.Time
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn && length > 0 {
		moments = momentsOf(spec, length)
	}
	var times []string
	for _, at := range moments {
		plain.SampleInfo = append(plain.SampleInfo, types.PerfSampleInfo{Timestamp: at, Interval: spec.IntervalId})
		times = append(times, strconv.Itoa(int(spec.IntervalId)), at.Format(time.RFC3339))
	}
	csv.SampleInfoCSV = strings.Join(times, ",")
	for _, id := range spec.MetricId {
		counter, known := m.counter(id.CounterId)
		if !known || counter.Level > level || len(moments) == 0 || id.Instance != "" {
			continue
		}
		var numbers []int64
		var words []string
		for _, at := range moments {
			value := measure(vm.Self.Value, counter, at)
			numbers = append(numbers, value)
			words = append(words, strconv.FormatInt(value, 10))
		}
		series := types.PerfMetricSeries{Id: id}
		plain.Value = append(plain.Value, &types.PerfMetricIntSeries{PerfMetricSeries: series, Value: numbers})
		csv.Value = append(csv.Value, types.PerfMetricSeriesCSV{PerfMetricSeries: series, Value: strings.Join(words, ",")})
	}
	if spec.Format == string(types.PerfFormatCsv) {
		return csv
	}
	return plain
}

func momentsOf(spec types.PerfQuerySpec, length time.Duration) []time.Time {
	end := time.Now().UTC()
	if spec.EndTime != nil && spec.EndTime.Before(end) {
		end = *spec.EndTime
	}
	start := end.Add(-kept)
	if spec.StartTime != nil {
		start = *spec.StartTime
	}
	var moments []time.Time
	for at := start.UTC().Truncate(length).Add(length); !at.After(end); at = at.Add(length) {
		moments = append(moments, at)
	}
	return moments
}

// levelOf is the statistics level of an interval; hosts have all of their own samples.
func (m *performanceManager) levelOf(seconds int32) int32 {
	if seconds == realTime {
		return 4
	}
	for _, interval := range m.HistoricalInterval {
		if interval.SamplingPeriod == seconds {
			return interval.Level
		}
	}
	return 0
}

func (m *performanceManager) counter(key int32) (types.PerfCounterInfo, bool) {
	for _, counter := range m.PerfCounter {
		if counter.Key == key {
			return counter, true
		}
	}
	return types.PerfCounterInfo{}, false
}

// measure is a value within what its unit allows; every 50th or so is missing.
func measure(moref string, counter types.PerfCounterInfo, at time.Time) int64 {
	noise := fnv.New32()
	fmt.Fprint(noise, moref, "/", counter.Key, "/", at.Unix())
	number := int64(noise.Sum32())
	if number%50 == 0 {
		return noSample
	}
	return number % 10_000
}

package report

import (
	"fmt"
	"math"
)

// column is a metric as a table shows it.
type column struct {
	metric string
	head   string
	scale  float64 // the value is divided by it
	digits int     // after the point
}

// table is what the report says of a row. The first column is what ratios are of.
type table struct {
	more    bool // more of the first column is better
	columns []column
}

func rate(head string) column { return column{"rate", head, 1, 0} }

func latency() []column {
	return []column{{"p50", "p50 ms", 1000, 2}, {"p99", "p99 ms", 1000, 2}}
}

func whole(head string) []column {
	return []column{
		{"cpu", "server CPU, µs per " + head, 1, 2}, {"packets", "packets per " + head, 1, 3}, {"client", "client's share of CPU, %", 0.01, 0}, {"busy", "its thread busy, %", 0.01, 0},
	}
}

func memory() []column {
	return []column{{"rss", "RSS MB", 1e6, 1}, {"rss_gc", "after GC", 1e6, 1}}
}

func join(parts ...[]column) []column {
	var out []column
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// tableOf says how the row id is shown.
func tableOf(id string) table {
	pushes := join([]column{rate("deliveries/s")}, whole("delivery"), latency(),
		[]column{{"call", "call µs", 1, 0}, {"lost", "lost", 1, 0}}, memory())
	for _, of := range []func(id string) (table, bool){clusterTable, historyTable} {
		if t, ok := of(id); ok {
			return t
		}
	}
	switch id {
	case "echo1", "echo16", "large-8k", "large-echo", "large-1m", "telemetry":
		return table{true, join([]column{rate("answers/s")}, whole("answer"), latency(), memory())}
	case "mixed":
		return table{true, join([]column{rate("deliveries/s")}, whole("delivery"), latency(), memory())}
	case "idle", "idle-v1", "history-idle":
		return table{false, []column{
			{"idle_rss_gc", "bytes each after GC", 1, 0},
			{"idle_rss_gc_more", "more than plain", 1, 0},
			{"idle_rss", "as it is", 1, 0},
			{"idle_heap", "of it heap", 1, 0},
			{"idle_heap_more", "more than plain", 1, 0},
			{"idle_stack", "stack", 1, 0},
			{"traffic_rss_gc", "after traffic and GC", 1, 0},
			{"traffic_rss", "after traffic, as it is", 1, 0},
			{"traffic_heap", "of it heap", 1, 0},
			{"traffic_stack", "stack", 1, 0},
			{"quiet_rss_gc", "after two silent pings and GC", 1, 0},
			{"quiet_growth", "beside before traffic", 1, 2},
			{"quiet_heap", "of it heap", 1, 0},
			{"quiet_stack", "stack", 1, 0},
		}}
	case "connect":
		return table{true, join([]column{rate("connections/s"), {"peak", "peak bytes each", 1, 0}}, whole("connection"), memory())}
	case "stalled":
		return table{false, join([]column{{"p99", "p99 ms", 1000, 2}, {"p50", "p50 ms", 1000, 2}}, whole("delivery"),
			[]column{{"lost", "lost", 1, 0}, {"held_heap", "heap bytes kept for each deaf one", 1, 0}, {"held_gc", "RSS after GC", 1, 0}, {"held", "as it is", 1, 0}}, memory())}
	case "fanout-v1", "burst10-v1", "burst100-v1":
		return table{false, join(whole("delivery"), []column{rate("deliveries/s")}, latency(),
			[]column{{"call", "call µs", 1, 0}, {"lost", "lost", 1, 0}}, memory())}
	case "room", "deflate":
		return table{false, join(whole("delivery"), latency(), []column{{"lost", "lost", 1, 0}}, memory())}
	case "crowd":
		return table{false, join([]column{
			{"idle_rss_gc", "bytes each after GC", 1, 0},
			{"idle_rss", "as it is", 1, 0},
			{"conns", "connections", 1, 0},
			{"connect", "connections/s", 1, 0},
			{"idle_cpu", "idle CPU, % of a core", 0.01, 2},
			rate("deliveries/s of one broadcast"),
		}, whole("delivery"), latency(), []column{{"lost", "lost", 1, 0}})}
	case "load":
		return table{false, join(whole("message")[:1], []column{
			{"cores", "cores at work", 1, 2},
			{"resident", "resident, MB", 1e6, 1},
			{"resident_each", "bytes each", 1, 0},
			{"conns", "connections", 1, 0},
			{"p50", "answers: p50 ms", 1000, 2},
			{"p99", "p99 ms", 1000, 2},
			{"push_p50", "broadcasts: p50 ms", 1000, 2},
			{"push_p99", "p99 ms", 1000, 2},
			{"lost", "lost", 1, 0},
		}, whole("message")[1:], memory())}
	case "dispatch":
		return table{false, []column{{"ns", "ns", 1, 0}, {"bytes", "bytes", 1, 0}, {"allocs", "allocations", 1, 0}}}
	case "text", "codecs":
		return table{false, []column{{"ns", "ns", 1, 0}}}
	}
	return table{true, pushes}
}

// clusterTable is tableOf for the rows of clusters.
func clusterTable(id string) (table, bool) {
	engine := []column{{"engine", "engine CPU, µs per delivery", 1, 2}}
	switch id {
	case "cluster-fanout", "cluster-burst":
		return table{true, join([]column{rate("deliveries/s")}, whole("delivery")[:1], engine, whole("delivery")[1:], latency(), []column{{"lost", "lost", 1, 0}}, memory())}, true
	case "cluster-latency":
		return table{false, []column{{"p50", "p50 µs", 1, 0}, {"p99", "p99 µs", 1, 0}, {"here", "p50 µs at the node that pushes", 1, 0}}}, true
	case "cluster-join":
		return table{false, join([]column{{"p99", "p99 µs", 1, 0}, {"p50", "p50 µs", 1, 0}, {added, "p99 beyond that of nodes apart, µs", 1, 0}}, whole("join")[:1])}, true
	case "cluster-rooms":
		return table{false, join([]column{{"took", "ms until all replies", 1000, 1}, {added, "ms beyond nodes apart", 1000, 1}}, whole("join")[:1], memory())}, true
	case "cluster-stopped":
		return table{true, join([]column{rate("deliveries/s, one stopped"), {"all", "nobody stopped", 1, 0}, {"kept", "rate kept", 1, 2}, {"sent", "pushes/s, one stopped", 1, 0}, {"p99", "p99 ms, one stopped", 1000, 2}}, whole("delivery")[:1], engine)}, true
	}
	return table{}, false
}

// historyTable is tableOf for the rows of kept pushes, but for history-idle.
func historyTable(id string) (table, bool) {
	switch id {
	case "history-return":
		return table{false, join([]column{{"took", "ms until the last is at the end", 1000, 0}, {"p50", "p50 ms of one", 1000, 0}, {"p99", "p99 ms", 1000, 0}}, whole("follower"), memory())}, true
	case "history-push", "history-push-1":
		return table{false, join(whole("delivery"), []column{rate("deliveries/s")}, latency(), []column{{"call", "call µs", 1, 0}, {"lost", "lost", 1, 0}}, memory())}, true
	}
	return table{}, false
}

// show prints a value: thousands apart by a thin space, nothing for none.
func (c column) show(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	v /= c.scale
	if c.digits > 0 {
		return fmt.Sprintf("%.*f", c.digits, v)
	}
	return thousands(v)
}

func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", math.Abs(v))
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	if v <= -0.5 {
		s = "−" + s
	}
	return s
}

// Package report makes tables, verdicts and the chart of raw results.
package report

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/wsgen/wsgen/bench/internal/result"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// Gate is one thing that must hold: a metric of ours against a peer's.
type Gate struct {
	Area   string
	Row    string
	Metric string
	Server string // ours
	Peer   string // "" holds the value itself against Limit
	Most   bool   // Limit is the most allowed; else the least
	Limit  float64
}

// outboxLimit is what wsgen's default outbox may hold of the flood's messages
// for one connection: 256 frames with their headers.
const outboxLimit = 256 * (150 + 4)

const deafSuffix = " with 10 % deaf"

// sessionSuffix is of a server whose clients speak wsgen.v1.json.
const sessionSuffix = " with sessions"

// keptSuffix is of a server that keeps what it pushes, and whose clients follow.
const keptSuffix = " kept"

// frontSuffix is of a server whose handshakes are answered in front of net/http.
const frontSuffix = " front"

// added is a metric that is a time beyond another server's in the same round.
const added = "added"

// Gates are all gates of the benchmark. Those of the generator are in
// bench/generator.
func Gates() []Gate {
	var all []Gate
	add := func(area, row, metric, server string, most bool, peers ...any) {
		for i := 0; i < len(peers); i += 2 {
			all = append(all, Gate{area, row, metric, server, peers[i].(string), most, peers[i+1].(float64)})
		}
	}
	const us = "wsgen"
	add("idle memory after GC", "idle", "idle_rss_gc", us, true,
		"gws", 0.65, "gorilla", 0.35, "melody", 0.20, "coder", 0.30, "socketio", 0.30)
	add("idle memory after traffic and GC", "idle", "traffic_rss_gc", us, true,
		"gws", 0.62, "gorilla", 0.40, "melody", 0.28, "gobwas", 1.15)
	add("memory after traffic and two silent pings", "idle", "quiet_rss_gc", us, true, "gws", 0.42, "gobwas", 0.8)
	add("memory after traffic and two silent pings, beside idle before", "idle", "quiet_growth", us, true, "", 1.1)
	add("one broadcast: CPU per delivery", "fanout", "cpu", us, true,
		"gws", 0.80, "gorilla", 0.68, "melody", 0.65, "floor", 1.25)
	add("one broadcast: deliveries per second", "fanout", "rate", us, false,
		"gws", 1.15, "gorilla", 1.35, "melody", 1.5, "socketio", 2.0)
	add("burst of 10: deliveries per second", "burst10", "rate", us, false, "gws", 3.5, "gorilla", 4.0, "melody", 4.0)
	add("burst of 100: deliveries per second", "burst100", "rate", us, false, "gws", 15.0, "gorilla", 12.0, "melody", 12.0)
	add("echo, one in flight: rate", "echo1", "rate", us, false, "gws", 0.92)
	add("echo, one in flight: CPU", "echo1", "cpu", us, true, "gws", 1.05)
	for _, row := range []string{"fanout", "echo1"} {
		what := map[string]string{"fanout": "one broadcast", "echo1": "echo, one in flight"}[row]
		add(what+", with Prometheus: CPU", row, "cpu", us+"-prom", true, us, 1.05)
		add(what+", with OpenTelemetry: CPU", row, "cpu", us+"-otel", true, us, 1.15)
	}
	add("echo, 16 in flight: rate", "echo16", "rate", us, false, "gws", 1.8, "melody", 2.5, "gws-json", 5.0)
	add("typed echo of a device's report, 16 in flight: rate", "telemetry", "rate", us, false, us+"-std", 2.2, "gws-json", 3.5)
	add("typed echo of 8 KB: rate beside raw bytes", "large-8k", "rate", us, false, "gws", 0.58)
	add("typed echo of 64 KB: rate beside raw bytes", "large-echo", "rate", us, false, "gws", 0.32)
	add("typed echo of 1 MB: rate beside raw bytes", "large-1m", "rate", us, false, "gws", 0.75)
	add("connect: rate", "connect", "rate", us, false, "gobwas", 0.75, "gws", 1.0)
	add("one broadcast over TLS: CPU per delivery", "tls", "cpu", us, true, "gws", 0.97)
	add("one broadcast over TLS: deliveries per second", "tls", "rate", us, false, "gws", 1.08)
	add("burst of 10 over TLS: deliveries per second", "tls-burst10", "rate", us, false, "gws", 3.0)
	add("burst of 100 over TLS: deliveries per second", "tls-burst100", "rate", us, false, "gws", 6.0)
	add("19 900 connections at work: CPU", "load", "cpu", us, true, "gws", 0.85)
	add("19 900 connections at work: resident memory", "load", "resident", us, true, "gws", 0.65)
	add("10 % stalled: healthy p99", "stalled", "p99", us+deafSuffix, true,
		us, 1.25, "gws"+deafSuffix, 0.9, "gorilla"+deafSuffix, 0.9, "melody"+deafSuffix, 0.9)
	add("10 % stalled: messages lost to healthy ones", "stalled", "lost", us+deafSuffix, true, "", 0.0)
	add("stalled and flooded: heap bytes kept for each", "stalled", "held_heap", us+" flooded", true, "", float64(outboxLimit))
	add("room of 10: CPU per delivery among 10 000 and 100", "room", "cpu", us+", 10 of 10000", true, us+", 10 of 100", 1.2)
	add("deflate: CPU per delivery against plain", "deflate", "cpu", us+" deflate", true, us, 1.15)
	for _, g := range []struct{ row, what string }{
		{"fanout-v1", "one broadcast"}, {"burst10-v1", "burst of 10"}, {"burst100-v1", "burst of 100"},
	} {
		add(g.what+" to sessions: CPU per delivery against plain", g.row, "cpu", us+sessionSuffix, true, us, 1.05)
	}
	add("idle session: heap bytes more than a plain connection", "idle-v1", "idle_heap_more", us+sessionSuffix, true, "", 350.0)
	add("idle session: resident bytes more after GC", "idle-v1", "idle_rss_gc_more", us+sessionSuffix, true, "", 350.0)
	add("dispatch with generated codecs: speed", "dispatch", "speed", "generated", false, "std-twice", 7.0)
	add("dispatch with encoding/json: speed", "dispatch", "speed", "std", false, "std-twice", 1.7)
	add("dispatch with meta: time", "dispatch", "ns", "meta", true, "generated", 3.0)
	add("dispatch: allocations", "dispatch", "allocs", "generated", true, "", 4.0)
	add("envelope scan: allocations", "dispatch", "allocs", "scan", true, "", 0.0)
	add("event lookup: allocations", "dispatch", "allocs", "lookup", true, "", 0.0)
	return slices.Concat(all, codecGates(), clusterGates(), historyGates())
}

// codecGates are those of text and of nested payloads.
func codecGates() []Gate {
	const newline, german = "newline-30", "german-1000"
	all := []Gate{
		{"text with a newline: time of a message beside plain text", "text", "ns", newline, newline + ", 30 plain letters", true, 1.7},
		{"text of 1 000 letters of German: speed", "text", "speed", german, german + ", encoding/json", false, 3},
	}
	for _, what := range []struct {
		name string
		std  float64
	}{{"decode", 3}, {"encode", 2}} {
		for _, payload := range []string{"telemetry", "order", "page"} {
			server := payload + " " + what.name
			all = append(all,
				Gate{what.name + " " + payload + ": speed", "codecs", "speed", server, server + ", encoding/json", false, what.std},
				Gate{what.name + " " + payload + ": speed", "codecs", "speed", server, server + ", easyjson", false, 1})
		}
	}
	return all
}

// clusterGates are those of the rows of clusters.
func clusterGates() []Gate {
	const apart, nats, redis = "wsgen-3", "wsgen-nats", "wsgen-redis"
	const ms = 1000.0 // µs
	all := []Gate{
		{"a push to three nodes on NATS: CPU of the nodes per delivery", "cluster-fanout", "cpu", nats, apart, true, 1.2},
		{"a push to three nodes on Redis: CPU of the nodes per delivery", "cluster-fanout", "cpu", redis, apart, true, 1.25},
		{"a push to three nodes on Redis: CPU of the nodes per delivery", "cluster-fanout", "cpu", redis, "centrifuge", true, 0.8},
		{"a push to three nodes on Redis: deliveries per second", "cluster-fanout", "rate", redis, "socketio-redis", false, 2},
	}
	for _, us := range []string{nats, redis} {
		engine := map[string]string{nats: "NATS", redis: "Redis"}[us]
		all = append(all,
			Gate{"from a node to another's connection on " + engine + ": p50", "cluster-latency", "p50", us, map[string]string{nats: "nats", redis: "redis"}[us], true, 2},
			Gate{"the join of a new room on " + engine + ": µs more at p99", "cluster-join", added, us, "", true, ms},
			Gate{"10 000 rooms joined at once on " + engine + ": µs more", "cluster-rooms", added, us, "", true, 100 * ms},
			Gate{"a node stopped on " + engine + ": rate of the others, as a share", "cluster-stopped", "kept", us, "", false, 0.9},
		)
	}
	return all
}

// historyGates are those of the rows of kept pushes.
func historyGates() []Gate {
	const us, peer = "wsgen-history", "centrifuge-history"
	return []Gate{
		{"5 000 followers come back, 100 missed each: time until the last is at the end", "history-return", "took", us, peer, true, 0.7},
		{"the same, with package front before net/http", "history-return", "took", us + frontSuffix, peer, true, 0.7},
		{"a kept push to 1000 followers: CPU per delivery against a plain one", "history-push", "cpu", us + keptSuffix, us, true, 2.5},
		{"a kept push to one follower: CPU against a plain one", "history-push-1", "cpu", us + keptSuffix, us, true, 2.5},
		{"idle follower: heap bytes more than a member of the room", "history-idle", "idle_heap_more", us + keptSuffix, "", true, 64},
	}
}

// Verdict is what became of a gate in one run, or in several pooled.
type Verdict struct {
	Gate
	Value    float64 // the ratio, or the value; NaN if not measured
	Low      float64 // the lowest and
	High     float64 // the highest of the rounds
	Measured bool
	Pass     bool
}

// Judge holds a run, or several, against every gate of the rows that ran.
func Judge(runs []result.Run) []Verdict {
	var out []Verdict
	for _, g := range Gates() {
		if slices.ContainsFunc(runs, func(r result.Run) bool { return slices.Contains(r.Machine.Rows, g.Row) }) {
			out = append(out, g.judge(runs))
		}
	}
	return out
}

func (g Gate) judge(runs []result.Run) Verdict {
	v := Verdict{Gate: g, Value: math.NaN()}
	rounds := slices.Collect(maps.Values(pooled(runs, g.Row, g.Server, g.Metric)))
	if g.Peer != "" {
		rounds = stats.Ratios(pooled(runs, g.Row, g.Server, g.Metric), pooled(runs, g.Row, g.Peer, g.Metric))
	}
	if len(rounds) == 0 {
		return v
	}
	v.Measured = true
	v.Low, v.High = slices.Min(rounds), slices.Max(rounds)
	v.Value = stats.Median(rounds)
	if g.Peer == "" && g.Most && g.Metric != added {
		v.Value = v.High // a bound holds in every round
	}
	v.Pass = v.Value >= g.Limit
	if g.Most {
		v.Pass = v.Value <= g.Limit
	}
	return v
}

// Want is the gate's condition as a reader writes it.
func (g Gate) Want() string {
	sign := "≥"
	if g.Most {
		sign = "≤"
	}
	if g.Peer == "" {
		return fmt.Sprintf("%s %g", sign, g.Limit)
	}
	return fmt.Sprintf("%s %g×", sign, g.Limit)
}

// Word is the verdict in one word.
func (v Verdict) Word() string {
	switch {
	case !v.Measured:
		return "not measured"
	case v.Pass:
		return "pass"
	}
	return "**miss**"
}

// roundsPerRun keeps the rounds of pooled runs apart.
const roundsPerRun = 1000

// pooled collects a metric over runs; rounds of one run stay together, so that
// ratios are of one round's pair.
func pooled(runs []result.Run, row, server, metric string) map[int]float64 {
	out := map[int]float64{}
	for i, r := range runs {
		for round, v := range r.Values(row, server, metric) {
			out[i*roundsPerRun+round] = v
		}
	}
	return out
}

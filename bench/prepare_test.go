package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestKinds(t *testing.T) {
	names := func(o options) string {
		all, err := kinds(o)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, k := range all {
			out = append(out, k.Name)
		}
		return strings.Join(out, " ")
	}
	for want, o := range map[string]options{
		"wsgen gws":                   {servers: "wsgen,gws"},
		"wsgen wsgen@old gws":         {servers: "wsgen,gws", wsgen: checkouts{"/new", "old=/old"}},
		"wsgen@old":                   {servers: "wsgen@old", wsgen: checkouts{"old=/old"}},
		`there is no server "gwss"`:   {servers: "gwss"},
		`there is no server "wsgen@"`: {servers: "wsgen@"},
	} {
		if got := names(o); got != want {
			t.Errorf("%+v are %q, want %q", o, got, want)
		}
	}
	if all := names(options{}); !strings.HasPrefix(all, "wsgen wsgen-prom wsgen-otel gws gws-json") || !strings.HasSuffix(all, "nest") {
		t.Errorf("by default: %s", all)
	}
}

func TestLoadOfOthers(t *testing.T) {
	before := parseLoad("cpu  100 0 100 800 0 0 0 0 0 0")
	after := parseLoad("cpu  150 10 120 880 20 5 10 5 0 0")
	before.bench, after.bench = time.Second, 1500*time.Millisecond
	// 100 ticks are a second busy, of 2; half of it is the benchmark's.
	if got := after.others(before); math.Abs(got-0.25) > 1e-9 {
		t.Errorf("others took %g of the CPU, want 0.25", got)
	}
	if got := before.others(before); got != 0 {
		t.Errorf("in no time others took %g", got)
	}
	if got := parseLoad("intr 1 2 3"); got != (load{}) {
		t.Errorf("read %+v from another line", got)
	}
}

// TestPagesAreOfWholeRuns: who leaves out anything renews no page.
func TestPagesAreOfWholeRuns(t *testing.T) {
	for want, all := range map[string][]options{
		"":         {{}, {gate: true}},
		"history-": {{what: "history"}},
		"cluster-": {{what: "cluster"}, {what: "cluster", profiles: "/tmp/p"}},
		"none": {
			{what: "cluster-fanout"},
			{what: "history-idle"},
			{what: "history", rounds: 2},
			{what: "fanout"},
			{rounds: 2},
			{what: "cluster", rounds: 2},
			{what: "cluster", servers: "wsgen-nats"},
			{servers: "wsgen"},
			{wsgen: checkouts{"/old"}},
			{what: "cluster", wsgen: checkouts{"/old"}},
		},
	} {
		for _, o := range all {
			got := "none"
			if p := pageOf(o); p != nil {
				got = p.front
			}
			if got != want {
				t.Errorf("%+v is kept as %q, want %q", o, got, want)
			}
		}
	}
}

package rows

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/proc"
)

func TestSelect(t *testing.T) {
	for what, want := range map[string]string{
		"fanout":            "fanout",
		"echo":              "echo1 echo16",
		"echo1":             "echo1", // a name is not the front of another
		"burst,idle":        "burst10 burst100 idle burst10-v1 burst100-v1",
		"idle,burst10,idle": "burst10 idle",
		"large":             "large",
		"large-":            "large-echo large-8k large-1m",
		"tls":               "tls",
		"tls-":              "tls-burst10 tls-burst100",
		"fanout-v1":         "fanout-v1",
		"cluster":           "cluster-fanout cluster-burst cluster-latency cluster-join cluster-rooms cluster-stopped",
		"history":           "history-return history-push history-push-1 history-idle",
		"history-push":      "history-push",
		"cluster-join,room": "room cluster-join",
	} {
		got, err := Select(what)
		if err != nil {
			t.Errorf("%q: %v", what, err)
			continue
		}
		var ids []string
		for _, r := range got {
			ids = append(ids, r.ID)
		}
		if s := strings.Join(ids, " "); s != want {
			t.Errorf("%q selects %q, want %q", what, s, want)
		}
	}
	got, err := Select("")
	if i := slices.IndexFunc(got, func(r Row) bool { return r.Page != "" }); err != nil || i >= 0 || len(got)+10 != len(All()) {
		t.Errorf("nothing selects %d rows of %d (%v), and %d is on another page; want all others", len(got), len(All()), err, i)
	}
	for _, what := range []string{"fan-out", "fanout,", "fanout,nix"} {
		if _, err := Select(what); err == nil || !strings.Contains(err.Error(), "fanout, burst10") {
			t.Errorf("%q: got %v, want an error that lists the rows", what, err)
		}
	}
}

func TestShareAddsUp(t *testing.T) {
	for _, all := range []int{0, 1, 1000, 19_899} {
		for n := 1; n < 5; n++ {
			sum := 0
			for i := range n {
				s := share(all, i, n)
				if s < all/n || s > all/n+1 {
					t.Errorf("share %d of %d in %d is %d", i, all, n, s)
				}
				sum += s
			}
			if sum != all {
				t.Errorf("%d in %d shares are %d", all, n, sum)
			}
		}
	}
}

func TestBenchmarkLines(t *testing.T) {
	got := benchmarks(`goos: linux
BenchmarkDispatch/generated-2         	 3849284	       311.5 ns/op	 324.30 MB/s	     144 B/op	       3 allocs/op
BenchmarkDispatch-16                  	 1000000	      1500 ns/op	     144 B/op	       8 allocs/op
BenchmarkScan                         	16000000	        74 ns/op	       0 B/op	       0 allocs/op
BenchmarkFails                        	--- FAIL
PASS
`)
	var names []string
	for _, b := range got {
		names = append(names, b.name)
	}
	if s := strings.Join(names, " "); s != "generated std scan" {
		t.Fatalf("got %q", s)
	}
	if v := got[0].values; v["ns"] != 311.5 || v["bytes"] != 144 || v["allocs"] != 3 || v["speed"] != 1e9/311.5 {
		t.Errorf("generated: %v", v)
	}
}

func TestNamedKnowsVariants(t *testing.T) {
	keep := named("wsgen", "gws")
	for name, want := range map[string]bool{"wsgen": true, "wsgen@old": true, "gws": true, "gws-json": false, "ws": false} {
		if keep(Kind{Name: name}) != want {
			t.Errorf("%s is kept: %t", name, !want)
		}
	}
}

// TestSessionsBesidePlain: each variant of ours has its sessions right behind its
// plain connections, and nobody else is measured.
func TestSessionsBesidePlain(t *testing.T) {
	e := &Env{Kinds: append([]Kind{{Name: "wsgen@old"}}, Kinds()...)}
	var got []string
	for _, s := range e.sessions(audience) {
		if s.session != strings.HasSuffix(s.label, " with sessions") || s.conns != audience {
			t.Errorf("%+v", s)
		}
		got = append(got, s.label)
	}
	if want := []string{"wsgen@old", "wsgen@old with sessions", "wsgen", "wsgen with sessions"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if f := (&fixture{session: true, server: &proc.Server{}}); !f.connect(1, false).Session {
		t.Error("the clients of sessions connect without")
	}
}

func TestCompareWithPlain(t *testing.T) {
	v := values{"idle_heap": 900, "idle_rss_gc": 2000, "traffic_heap": 3}
	v.compare(values{"idle_heap": 600, "traffic_heap": 1})
	if want := (values{"idle_heap": 900, "idle_heap_more": 300, "idle_rss_gc": 2000, "traffic_heap": 3}); !maps.Equal(v, want) {
		t.Errorf("got %v", v)
	}
	v.compare(nil) // the plain server was not measured
	if len(v) != 4 {
		t.Errorf("beside nothing: %v", v)
	}
}

// TestClustersAreApart: a row of single servers has none of several nodes, and a row
// of clusters has them in the order in which it names them.
func TestClustersAreApart(t *testing.T) {
	e := &Env{Kinds: Kinds()}
	for _, k := range e.observed(func(Kind) bool { return true }) {
		if k.Nodes > 0 || k.Engine != "" || k.Keeps {
			t.Errorf("%s is among the servers alone", k.Name)
		}
	}
	var names []string
	for _, s := range e.cluster(audience, "wsgen-redis", "wsgen", "nats", "wsgen-3") {
		names = append(names, s.kind.Name)
		if alone := s.kind.Nodes == 1; (s.conns == 0) != alone || (s.rooms == 0) != alone {
			t.Errorf("%s has %d connections in %d rooms", s.kind.Name, s.conns, s.rooms)
		}
	}
	if got := strings.Join(names, " "); got != "wsgen-redis nats wsgen-3" {
		t.Errorf("got %s", got)
	}
	e.Kinds = e.Kinds[:1] // as with -servers
	if got := e.cluster(audience, "wsgen-redis"); len(got) != 0 {
		t.Errorf("got %v, which was not asked for", got)
	}
}

// TestKeptBesidePlain: each server that can keep what it pushes is there twice, first
// without and then with its flag, and nobody else is.
func TestKeptBesidePlain(t *testing.T) {
	e := &Env{Kinds: Kinds()}
	var got []string
	for _, s := range e.keptBesidePlain(7) {
		got = append(got, s.label)
		if kept := strings.HasSuffix(s.label, " kept"); kept != slices.Equal(s.args, []string{"-kept"}) || kept != (len(s.args) > 0) {
			t.Errorf("%s has the flags %q", s.label, s.args)
		}
		if s.conns != 7 || s.rooms != 1 {
			t.Errorf("%s has %d connections in %d rooms", s.label, s.conns, s.rooms)
		}
	}
	if want := []string{"wsgen-history", "wsgen-history kept", "centrifuge-history", "centrifuge-history kept"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, s := range e.keeping() {
		if len(s.args) != 1 || s.label != "" {
			t.Errorf("%+v", s)
		}
	}
	got = nil
	for _, s := range e.fronted() {
		got = append(got, s.label+" "+strings.Join(s.args, " "))
	}
	if want := []string{"wsgen-history front -kept -front", " -kept", " -kept"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestTogether: all run at the same time, all results are joined, and no error is
// lost.
func TestTogether(t *testing.T) {
	var all sync.WaitGroup
	all.Add(3)
	sum, err := together([]int{1, 2, 4}, func(n int) (int, error) {
		all.Done()
		all.Wait() // for ever, if one came after the other
		if n == 4 {
			return n, errors.New("four")
		}
		return n, nil
	}, func(a, b int) int { return a + b })
	if sum != 7 || err == nil || err.Error() != "four" {
		t.Errorf("got %d, %v", sum, err)
	}
}

func TestSharesOfASetup(t *testing.T) {
	even, uneven := setup{conns: 1000, clients: 3}, setup{conns: 3, clients: 3, spread: []int{100, 1, 0}}
	if got := []int{even.share(0), even.share(1), even.share(2), uneven.share(0), uneven.share(1), uneven.share(2)}; !slices.Equal(got, []int{333, 333, 334, 100, 1, 0}) {
		t.Errorf("got %v", got)
	}
	if got := (setup{conns: 7}).share(0); got != 7 {
		t.Errorf("one client has %d of 7", got)
	}
}

package rows

import (
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	for what, want := range map[string]string{
		"fanout":            "fanout",
		"echo":              "echo1 echo16",
		"echo1":             "echo1", // a name is not the front of another
		"burst,idle":        "burst10 burst100 idle",
		"idle,burst10,idle": "burst10 idle",
		"large":             "large",
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
	if got, err := Select(""); err != nil || len(got) != len(All()) {
		t.Errorf("nothing selects %d rows (%v), want all", len(got), err)
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

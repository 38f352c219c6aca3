package rows

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/proc"
	"github.com/wsgen/wsgen/bench/internal/result"
)

func TestMetrics(t *testing.T) {
	end := processors()
	got := metrics(`goos: linux
BenchmarkDispatchText/newline-30`+end+`         	     100	         1.250 x-plain	       300.5 ns	       240.4 plain-ns
BenchmarkDispatchText/german-1000`+end+`        	      50	      1650 ns	      7000 std-ns
BenchmarkDispatchTextual/german`+end+`          	      50	      1650 ns
BenchmarkDispatchText`+end+`                    	      50	      1650 ns
BenchmarkDispatchText/fails`+end+`              	--- FAIL
PASS
`, "BenchmarkDispatchText")
	if len(got) != 2 || got[0].name != "newline-30" || got[1].name != "german-1000" {
		t.Fatalf("got %v", got)
	}
	if want := (values{"x-plain": 1.25, "ns": 300.5, "plain-ns": 240.4}); !maps.Equal(got[0].values, want) {
		t.Errorf("got %v, want %v", got[0].values, want)
	}
	if got := metrics("BenchmarkCodecs/order/decode"+end+" \t 9\t 4 ns", "BenchmarkCodecs"); len(got) != 1 || got[0].name != "order decode" {
		t.Errorf("got %v", got)
	}
}

// TestTypedKinds: our other way is in the row of typed payloads, and in no other.
func TestTypedKinds(t *testing.T) {
	e := &Env{Kinds: Kinds()}
	names := func(all []Kind) []string {
		var out []string
		for _, k := range all {
			out = append(out, k.Name)
		}
		return out
	}
	if got := names(e.typed(named("wsgen", "wsgen-std", "gws", "gws-json"))); !slices.Equal(got, []string{"wsgen", "gws", "gws-json", "wsgen-std"}) {
		t.Errorf("typed payloads have %v", got)
	}
	for _, all := range [][]Kind{e.kinds(answers), e.observed(answers)} {
		if slices.Contains(names(all), "wsgen-std") {
			t.Errorf("wsgen-std is among %v", names(all))
		}
	}
	for path, want := range map[string]string{"/std": "/std", "": "/ws"} {
		if got := (&fixture{path: path, server: &proc.Server{}}).connect(1, false).Path; got != want {
			t.Errorf("clients of a server at %q connect to %s", path, got)
		}
	}
}

// TestLoadNeedsFiles: where no process may open so many connections, the row says so.
func TestLoadNeedsFiles(t *testing.T) {
	var got []result.Sample
	e := &Env{
		Kinds: Kinds(), Limit: 19_899, Say: func(string, ...any) {},
		Record: func(s result.Sample) { got = append(got, s) },
	}
	if err := load(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Server != "wsgen" || got[1].Server != "gws" || !strings.Contains(got[1].Note, "raise ulimit -n") {
		t.Errorf("got %+v", got)
	}
}

func TestPacedAddUp(t *testing.T) {
	got := addPaced(control.Counted{Frames: 1, Sent: 2, Open: 3, P50: 4, P99: 9, PushP50: 5, PushP99: 8}, control.Counted{Frames: 10, Sent: 20, Open: 30, P50: 5, P99: 6, PushP50: 3, PushP99: 9})
	if want := (control.Counted{Frames: 11, Sent: 22, Open: 33, P50: 5, P99: 9, PushP50: 5, PushP99: 9}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

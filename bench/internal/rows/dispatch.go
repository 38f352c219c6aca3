package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/result"
)

// dispatch runs benchmarks of a message's way from its bytes to the reply's,
// since no socket is fast enough to show it. The runtime has its own, whose
// names are a contract: BenchmarkDispatch, or BenchmarkDispatch/std, is the
// scanner before encoding/json; BenchmarkDispatch/generated has generated
// codecs; BenchmarkScan and BenchmarkLookup are parts of both. What they are
// compared with is BenchmarkTwice, here.
func dispatch(ctx context.Context, e *Env) error {
	const row = "dispatch"
	rounds := 5
	if e.Rounds > 0 {
		rounds = e.Rounds
	}
	for round := 1; round <= rounds; round++ {
		for _, run := range []struct{ dir, pattern, packages string }{
			{e.Source, "^Benchmark(Dispatch|Scan|Lookup)$", "./runtime/..."},
			{e.Here, "^BenchmarkTwice$", "./internal/peer"},
		} {
			cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench="+run.pattern, "-benchmem", "-benchtime=200ms", run.packages)
			cmd.Dir = run.dir
			cmd.Env = append(os.Environ(), "GOWORK=off")
			out, err := cmd.CombinedOutput()
			got := benchmarks(string(out))
			if err == nil && len(got) == 0 {
				err = errors.New("there is no such benchmark")
			}
			if err != nil {
				e.lack(row, run.packages, fmt.Errorf("go test -bench=%s: %w\n%s", run.pattern, err, out))
				return ctx.Err()
			}
			for _, b := range got {
				e.Record(result.Sample{Row: row, Server: b.name, Round: round, Values: b.values})
			}
		}
	}
	return nil
}

type benchmark struct {
	name   string
	values values
}

var benchLine = regexp.MustCompile(`^Benchmark(\w+(?:/\S+?)?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?([\d.]+) B/op\s+([\d.]+) allocs/op`)

// benchmarks reads the output of go test -bench -benchmem.
func benchmarks(out string) []benchmark {
	var all []benchmark
	for line := range strings.Lines(out) {
		m := benchLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := strings.TrimPrefix(strings.ToLower(m[1]), "dispatch/")
		if name == "dispatch" {
			name = "std"
		}
		b := benchmark{name, values{}}
		for i, metric := range []string{"ns", "bytes", "allocs"} {
			b.values[metric], _ = strconv.ParseFloat(m[i+2], 64)
		}
		b.values["speed"] = 1e9 / b.values["ns"]
		all = append(all, b)
	}
	return all
}

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

// dispatch runs the runtime's benchmarks of a message's way from its bytes to
// the reply's, since no socket is fast enough to show it. The names of the
// benchmarks are a contract. BenchmarkDispatch has three parts: generated, std
// (the scanner before encoding/json) and std-twice, which is the usual way,
// encoding/json for envelope and data. All three run in the same process, because
// it matters much how often that collects garbage. BenchmarkScan and
// BenchmarkLookup measure two steps of the way alone.
func dispatch(ctx context.Context, e *Env) error {
	const row = "dispatch"
	rounds := 31
	if e.Rounds > 0 {
		rounds = e.Rounds
	}
	for round := 1; round <= rounds; round++ {
		cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^Benchmark(Dispatch|Scan|Lookup)$", "-benchmem", "-benchtime=100ms", "./runtime/...")
		cmd.Dir = e.Source
		cmd.Env = append(os.Environ(), "GOWORK=off")
		out, err := cmd.CombinedOutput()
		got := benchmarks(string(out))
		if err == nil && len(got) == 0 {
			err = errors.New("the runtime has no BenchmarkDispatch")
		}
		if err != nil {
			e.lack(row, "wsgen", fmt.Errorf("go test: %w\n%s", err, out))
			return ctx.Err()
		}
		for _, b := range got {
			e.Record(result.Sample{Row: row, Server: b.name, Round: round, Values: b.values})
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

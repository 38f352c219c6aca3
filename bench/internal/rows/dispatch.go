package rows

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/result"
)

// dispatch runs the runtime's own benchmark of a message's way from its bytes
// to the reply's: no socket is fast enough to show it. The runtime names what
// it measures: BenchmarkDispatch/generated, /std (the scanner before
// encoding/json), /twice (encoding/json for envelope and data, the usual way),
// /scan and /lookup.
func dispatch(ctx context.Context, e *Env) error {
	const row = "dispatch"
	rounds := 5
	if e.Rounds > 0 {
		rounds = e.Rounds
	}
	for round := 1; round <= rounds; round++ {
		cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^BenchmarkDispatch$", "-benchmem", "-benchtime=300ms", "./runtime/...")
		cmd.Dir = e.Source
		out, err := cmd.CombinedOutput()
		if err != nil {
			e.lack(row, "wsgen", fmt.Errorf("go test: %w\n%s", err, out))
			return ctx.Err()
		}
		got := benchmarks(string(out))
		if len(got) == 0 {
			e.lack(row, "wsgen", errors.New("the runtime has no BenchmarkDispatch"))
			return nil
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

var benchLine = regexp.MustCompile(`^BenchmarkDispatch/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?([\d.]+) B/op\s+([\d.]+) allocs/op`)

// benchmarks reads the output of go test -bench -benchmem.
func benchmarks(out string) []benchmark {
	var all []benchmark
	for line := range strings.Lines(out) {
		m := benchLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		b := benchmark{m[1], values{}}
		for i, metric := range []string{"ns", "bytes", "allocs"} {
			b.values[metric], _ = strconv.ParseFloat(m[i+2], 64)
		}
		b.values["speed"] = 1e9 / b.values["ns"]
		all = append(all, b)
	}
	return all
}

package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/result"
)

// way is one of those that a benchmark takes in turns.
type way struct {
	unit   string // of its time among the benchmark's metrics
	suffix string // of its label in the results
}

// byStd is what the label of a benchmark adds that encoding/json does.
const byStd = ", encoding/json"

// text runs the runtime's benchmark of messages with text of every kind. Its names
// and units are a contract.
func text(ctx context.Context, e *Env) error {
	return e.inTurns(ctx, "text", 7, e.Source, "./runtime", "BenchmarkDispatchText", []way{{"ns", ""}, {"plain-ns", ", 30 plain letters"}, {"std-ns", byStd}})
}

// codecs runs the benchmark of generated codecs beside encoding/json and easyjson,
// which is in this module: easyjson is not in the runtime's.
func codecs(ctx context.Context, e *Env) error {
	return e.inTurns(ctx, "codecs", 7, filepath.Join(e.Source, "bench"), "./servers/wsgen/gateway", "BenchmarkCodecs", []way{{"ns", ""}, {"std-ns", byStd}, {"easyjson-ns", ", easyjson"}})
}

// inTurns runs a benchmark that takes several ways in turns, in one process, and
// writes down the time of each way as a server of its own. Each round is a new
// process.
func (e *Env) inTurns(ctx context.Context, row string, rounds int, dir, pkg, name string, ways []way) error {
	if e.Rounds > 0 {
		rounds = e.Rounds
	}
	for round := 1; round <= rounds; round++ {
		cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^"+name+"$", "-benchtime=100ms", pkg)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
		out, err := cmd.CombinedOutput()
		got := metrics(string(out), name)
		if err == nil && len(got) == 0 {
			err = errors.New("there is no " + name)
		}
		if err != nil {
			e.lack(row, "wsgen", fmt.Errorf("go test: %w\n%s", err, out))
			return ctx.Err()
		}
		for _, b := range got {
			for _, w := range ways {
				ns, ok := b.values[w.unit]
				if !ok || ns <= 0 {
					return fmt.Errorf("%s/%s reports no %s", name, b.name, w.unit)
				}
				e.Record(result.Sample{Row: row, Server: b.name + w.suffix, Round: round, Values: values{"ns": ns, "speed": 1e9 / ns}})
			}
		}
	}
	return nil
}

var metricLine = regexp.MustCompile(`^Benchmark(\S+)\s+\d+\s+(\S.*)$`)

// metrics reads what the parts of a benchmark report, by unit. A part is named
// without the benchmark, and with spaces instead of slashes.
func metrics(out, name string) []benchmark {
	var all []benchmark
	for line := range strings.Lines(out) {
		m := metricLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		part, ok := strings.CutPrefix("Benchmark"+m[1], name+"/")
		if !ok {
			continue
		}
		b := benchmark{strings.ReplaceAll(strings.TrimSuffix(part, processors()), "/", " "), values{}}
		for fields := strings.Fields(m[2]); len(fields) >= 2; fields = fields[2:] {
			if v, err := strconv.ParseFloat(fields[0], 64); err == nil {
				b.values[fields[1]] = v
			}
		}
		all = append(all, b)
	}
	return all
}

// processors is what go test adds to a benchmark's name: how many there are, if not
// one.
func processors() string {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return "-" + strconv.Itoa(n)
	}
	return ""
}

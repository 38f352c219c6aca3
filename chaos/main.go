// Command chaos starts a cluster of real processes, breaks it, and looks from outside
// whether what docs/reference/chaos.md lists has held. make chaos runs all of it;
// the tests beside it run four cases for a short time.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/engine"
	"github.com/wsgen/wsgen/chaos/internal/node"
)

func main() {
	if role() {
		return
	}
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// role has this process be a node or an engine, if it was started as one.
func role() bool {
	var err error
	if ports := os.Getenv(engine.Env); ports != "" {
		err = engine.RunNATS(ports)
	} else if config := os.Getenv(nodeEnv); config != "" {
		err = node.Run(config)
	} else {
		return false
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
	return true
}

// long is how much there is of everything when there is time.
func long(during time.Duration) Scale {
	return Scale{
		Nodes: 3, Clients: 240, Rate: 100, Probers: 2, Churn: 334,
		Before: 10 * time.Second, During: during, After: 5 * time.Second,
		Every: 10 * time.Second, Outage: 20 * time.Second, Stops: []time.Duration{5 * time.Second, 30 * time.Second},
		LocalRate: 0.95, OthersRate: 0.9, Call: 10 * time.Millisecond, Calls: 1000, Late: 250 * time.Millisecond,
		Followers: 30, Kept: 20, Crowd: 5000, CrowdKept: 5, Lazy: 3, Torrent: 30,
		Logs: io.Discard,
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	engines := flags.String("engines", "nats,redis", "the engines, with commas between")
	cases := flags.String("cases", "", "the cases, with commas between; default: all")
	during := flags.Duration("for", time.Minute, "how long the faults of each case last, about")
	logs := flags.Bool("logs", false, "show what nodes log")
	if err := flags.Parse(args); err != nil {
		return err
	}
	scale := long(*during)
	if *logs {
		scale.Logs = os.Stderr
	}
	chosen, err := choose(*cases)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "wsgen-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Fprintln(out, about())
	var results []*Result
	for name := range strings.SplitSeq(*engines, ",") {
		for _, c := range chosen {
			fmt.Fprintf(out, "%s, %s: %s\n", name, c.Name, c.What)
			s := scale
			if c.Name == "C2" {
				s.Outage, s.Every = 3*time.Second, 10*time.Second
			}
			if c.Name == "C5" {
				if s.BinaryOfNext, err = buildNext(folder); err != nil {
					return err
				}
			}
			r, err := Run(name, &c, s)
			if err != nil { // the other cases are worth seeing all the same
				fmt.Fprintln(out, "  FAILED", err)
				r = &Result{Engine: name, Case: &c, Problems: []string{err.Error()}}
			} else {
				r.print(out)
			}
			results = append(results, r)
		}
	}
	return summary(out, results)
}

// choose returns the cases of these names; of none, all of them.
func choose(names string) (chosen []Case, err error) {
	if names == "" {
		return Cases(), nil
	}
	for name := range strings.SplitSeq(names, ",") {
		c, err := CaseNamed(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, *c)
	}
	return chosen, nil
}

// about says what is tested, and where.
func about() string {
	commit, changes := "unknown", ""
	var servers []string
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changes = " with changes"
			}
		}
		for _, d := range build.Deps {
			if d.Path == "github.com/nats-io/nats-server/v2" {
				servers = append(servers, "nats-server "+d.Version)
			}
		}
	}
	if program, err := engine.RedisServer(); err == nil {
		if said, err := exec.Command(program, "--version").Output(); err == nil {
			words, _, _ := strings.Cut(string(said), " sha=")
			servers = append(servers, strings.TrimSpace(words))
		}
	}
	return fmt.Sprintf("%s, commit %s%s, %s %s/%s, %d processors, %s\n", time.Now().UTC().Format("2006-01-02 15:04 MST"),
		commit, changes, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(servers, ", "))
}

// print tells of one case.
func (r *Result) print(out io.Writer) {
	fmt.Fprintf(out, "  %v: %d pushes, %d heard, %d lost to clients (%d pushes of a node to another)\n", r.Took.Round(time.Second), r.Pushed, r.Heard, r.Lost, r.LostPushes)
	fmt.Fprintf(out, "  counted: %s\n", r.Counted)
	fmt.Fprintf(out, "  %d questions, %d answers missing, the longest %v; %d joins tried, %d unconfirmed\n", r.Questions, r.Missing, r.maximumOfQuestion.Round(time.Millisecond), r.Probes, r.Unconfirmed)
	fmt.Fprintf(out, "  calls: p50 %v, p99.9 %v, slowest %v, a %s, %d slow (yardstick: p50 %v, p99.9 %v, %d slow); rates: own clients %.2f, others %.2f; heap %d KiB, was %d; %d waited at most\n",
		r.P50, r.P999, r.Slowest, r.slowest, r.Slow, r.IdleP50, r.IdleP999, r.IdleSlow, r.Local, r.Others, r.HeapLater>>10, r.HeapBefore>>10, r.waited)
	r.printKept(out)
	for _, f := range r.World.faults {
		fmt.Fprintf(out, "  %s %v at %s for %v\n", f.What, f.Members, f.From.Format("15:04:05.000"), f.To.Sub(f.From).Round(time.Millisecond))
	}
	for _, p := range r.Problems {
		fmt.Fprintln(out, "  FAILED", p)
	}
}

// summary prints a row for each case, and returns an error if something did not hold.
func summary(out io.Writer, all []*Result) error {
	failed := 0
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nengine\tcase\tpushed\theard\tlost to clients\tpushes lost\tcounted\tkept\tto followers\tback\twith something missing\tI1\tI2\tcalls p99.9\tfailed")
	for _, r := range all {
		failed += len(r.Problems)
		fmt.Fprintf(w, "%s\t%s %s\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%s\t%s\t%v\t%d\n", r.Engine, r.Case.Name, r.Case.What, r.Pushed, r.Heard, r.Lost, r.LostPushes, r.Counted,
			r.Kept.Kept, r.Kept.Heard, r.Kept.Returns, r.Kept.Missing+r.Kept.Lost, r.held("I1"), r.held("I2"), r.P999, len(r.Problems))
	}
	_ = w.Flush()
	fmt.Fprintln(out, "\ncounted: messages that found no room in the queue to the engine, waited too long, were refused, and were left at the end;\nlost on the way in; outages and resets of links; pushes that outboxes had no room for")
	fmt.Fprintln(out, "kept: pushes of which writers were told so; back: how often a follower said where it was in a history, and went on there")
	if failed > 0 {
		return fmt.Errorf("%d things did not hold", failed)
	}
	return nil
}

// buildNext builds this program as a release would be that introduces the next layout
// of what nodes send: it announces one more than this one.
func buildNext(folder string) (string, error) {
	binary := filepath.Join(folder, "next")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	list := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/wsgen/wsgen/runtime")
	list.Env = append(os.Environ(), "GOWORK=off")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("go list, in the folder chaos: %w", err)
	}
	source := filepath.Join(strings.TrimSpace(string(out)), "internal", "cluster", "members.go")
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	const is, next = "self.Lowest, self.Highest = lowestLayout, layout\n", "self.Lowest, self.Highest = lowestLayout, layout+1\n"
	if bytes.Count(text, []byte(is)) != 1 {
		return "", fmt.Errorf("%s has no line %q", source, strings.TrimSpace(is))
	}
	edited := filepath.Join(folder, "members.go")
	if err := os.WriteFile(edited, bytes.Replace(text, []byte(is), []byte(next), 1), 0o600); err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace":{%q:%q}}`, source, edited), 0o600); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-overlay", overlay, "-o", binary, "github.com/wsgen/wsgen/chaos")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

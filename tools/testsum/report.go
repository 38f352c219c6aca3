package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// event is a line of go test -json (go doc test2json, go help buildjson).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output and build-fail
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// report sums up the events that were read so far.
type report struct {
	out      io.Writer
	began    time.Time
	packages map[string]*pkg // those that have not ended
	builds   map[string]string
	skips    []string
	promised []promise
	kept     map[string]bool // names of promised tests that passed

	passed, failed, skipped int
}

// pkg is a package while its tests run.
type pkg struct {
	tests   int
	running map[string]bool
	output  map[string]*strings.Builder // by test; "" is the package's own
	failed  []string
}

func newReport(out io.Writer) *report {
	return &report{out: out, began: time.Now(), packages: map[string]*pkg{}, builds: map[string]string{}, kept: map[string]bool{}}
}

// readLines sends every line of in, whatever its length.
func readLines(in io.Reader, lines chan<- []byte) error {
	b := bufio.NewReader(in)
	for {
		line, err := b.ReadBytes('\n')
		if len(line) > 0 {
			lines <- line
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		fmt.Fprintf(r.out, "%s", line) // go test itself complains in plain text
		return
	}
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] += e.Output
	case "build-fail":
	default:
		if e.Package != "" {
			r.tested(e)
		}
	}
}

func (r *report) tested(e event) {
	p := r.packages[e.Package]
	if p == nil {
		p = &pkg{running: map[string]bool{}, output: map[string]*strings.Builder{}}
		r.packages[e.Package] = p
	}
	if e.Action == "output" {
		if p.output[e.Test] == nil {
			p.output[e.Test] = new(strings.Builder)
		}
		p.output[e.Test].WriteString(e.Output)
		return
	}
	if e.Test == "" {
		r.ended(e, p)
		return
	}
	p.running[e.Test] = e.Action == "run" || e.Action == "cont"
	switch e.Action {
	case "pass":
		r.passed++
		p.tests++
		r.keep(e)
		delete(p.output, e.Test)
	case "fail":
		r.failed++
		p.tests++
		p.failed = append(p.failed, e.Test)
	case "skip":
		r.skipped++
		r.skips = append(r.skips, fmt.Sprintf("skipped %s in %s:%s", e.Test, e.Package, reason(p.output[e.Test])))
		delete(p.output, e.Test)
	}
}

// reason is what a skipped test said, without the lines that go test adds.
func reason(out *strings.Builder) string {
	if out == nil {
		return " no reason given"
	}
	var said strings.Builder
	for line := range strings.Lines(out.String()) {
		if l := strings.TrimSpace(line); !strings.HasPrefix(l, "===") && !strings.HasPrefix(l, "---") {
			said.WriteString(" " + l)
		}
	}
	return cmp.Or(said.String(), " no reason given")
}

// unended lists the tests that began and did not end, as when their time is over: go
// test says no more of them, and what it prints then, it has one of them say.
func (p *pkg) unended() []string {
	var tests []string
	for test, on := range p.running {
		if on {
			tests = append(tests, test)
		}
	}
	slices.Sort(tests)
	return tests
}

// ended prints a package's line, and first, if it failed, everything that its
// failed tests said, and those that have not ended.
func (r *report) ended(e event, p *pkg) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok    %-60s %6.1fs %4d tests\n", e.Package, e.Elapsed, p.tests)
	case "skip":
		fmt.Fprintf(r.out, "-     %-60s no tests\n", e.Package)
	case "fail":
		if b := r.builds[e.FailedBuild]; b != "" {
			fmt.Fprint(r.out, b)
		}
		for _, test := range slices.Concat([]string{""}, p.failed, p.unended()) {
			if o := p.output[test]; o != nil {
				fmt.Fprint(r.out, o)
			}
		}
		if len(p.failed) == 0 {
			r.failed++ // the package itself: it does not build, or its TestMain failed
		}
		fmt.Fprintf(r.out, "FAIL  %-60s %6.1fs\n", e.Package, e.Elapsed)
	default:
		return
	}
	delete(r.packages, e.Package)
}

// running says what has not ended yet.
func (r *report) running() {
	var names []string
	for path, p := range r.packages {
		for test, on := range p.running {
			if on && !strings.Contains(test, "/") {
				names = append(names, path[strings.LastIndexByte(path, '/')+1:]+"."+test)
			}
		}
	}
	slices.Sort(names)
	what := "compiling"
	if len(names) > 0 {
		what = "running " + strings.Join(names[:min(len(names), 6)], " ")
	}
	fmt.Fprintf(r.out, "...   %s: %s\n", time.Since(r.began).Round(time.Second), what)
}

// finish prints what is left to say, and reports whether all is well.
func (r *report) finish() bool {
	for _, path := range slices.Sorted(maps.Keys(r.packages)) {
		if p := r.packages[path]; len(p.running) > 0 || len(p.output) > 0 {
			fmt.Fprintf(r.out, "FAIL  %s did not end\n", path)
			r.failed++
		}
	}
	for _, s := range r.skips {
		fmt.Fprintln(r.out, s)
	}
	r.broken()
	fmt.Fprintf(r.out, "tests took %s\n", time.Since(r.began).Round(time.Second))
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.failed == 0 && r.passed > 0
}

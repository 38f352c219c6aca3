package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/wsgen/wsgen/bench/internal/report"
	"github.com/wsgen/wsgen/bench/internal/result"
	"github.com/wsgen/wsgen/bench/internal/rows"
)

// machine tells where and of what a run is.
func machine(ctx context.Context, here string, env *rows.Env) result.Machine {
	output := func(name string, args ...string) string {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = here
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	m := result.Machine{
		Time: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Files: env.Limit,
		Go: strings.TrimPrefix(runtime.Version(), "go"), Versions: env.Versions,
		CPU: field("/proc/cpuinfo", "model name"), Commit: output("git", "rev-parse", "--short=12", "HEAD"),
	}
	// A run writes the results and the report, and does not measure them.
	if output("git", "status", "--porcelain", "--", "..", ":(exclude)results", ":(exclude)../docs") != "" {
		m.Commit += "+"
	}
	// The release without the part that names the builder's own variant.
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel, _, _ = strings.Cut(strings.TrimSpace(string(release)), "-")
	_, _ = fmt.Sscan(field("/proc/meminfo", "MemTotal"), &m.Memory)
	m.Memory <<= 10
	if env.Node != "" {
		m.Node = strings.TrimPrefix(output(env.Node, "--version"), "v")
	}
	return m
}

// field reads a line "Name : value" of a file in /proc.
func field(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// shown is how many runs the document is made of: the newest.
const shown = 3

// document writes docs/benchmarks.md and its chart from the newest whole runs.
func document(here string) error {
	files, err := filepath.Glob(filepath.Join(here, "results", "2*.jsonl"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("there are no results of a whole run in bench/results; run make bench first")
	}
	slices.Sort(files)
	var runs []result.Run
	for _, f := range files[max(0, len(files)-shown):] {
		r, err := result.ReadFile(f)
		if err != nil {
			return err
		}
		r.Name = filepath.Base(f)
		runs = append(runs, r)
	}
	docs := filepath.Join(filepath.Dir(here), "docs")
	var text, chart bytes.Buffer
	report.Document(&text, runs)
	report.Chart(&chart, runs)
	if err := os.MkdirAll(filepath.Join(docs, "img"), 0o755); err != nil {
		return err
	}
	sayf("writing %s from %d runs", filepath.Join(docs, "benchmarks.md"), len(runs))
	return errors.Join(
		os.WriteFile(filepath.Join(docs, "benchmarks.md"), text.Bytes(), 0o644),
		os.WriteFile(filepath.Join(docs, "img", "benchmarks.svg"), chart.Bytes(), 0o644))
}

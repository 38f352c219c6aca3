package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// page is what a whole run of some rows is kept for.
type page struct {
	what  string // of the command line
	front string // of its results' names
}

func pages() []page {
	return []page{
		{what: "", front: ""},
		{what: rows.ClusterPage, front: "cluster-"},
		{what: rows.HistoryPage, front: "history-"},
	}
}

// document writes the pages that there are results for, and the chart.
func document(here string) error {
	alone, err := newest(here, "")
	if err != nil {
		return err
	}
	clusters, err := newest(here, "cluster-")
	if err != nil {
		return err
	}
	histories, err := newest(here, "history-")
	if err != nil {
		return err
	}
	if len(alone)+len(clusters)+len(histories) == 0 {
		return errors.New("there are no results of a whole run in bench/results; run make bench first")
	}
	docs := filepath.Join(filepath.Dir(here), "docs")
	if err := os.MkdirAll(filepath.Join(docs, "img"), 0o755); err != nil {
		return err
	}
	write := func(name string, runs []result.Run, text func(io.Writer)) error {
		if len(runs) == 0 {
			return nil
		}
		sayf("writing docs/%s from %d runs", name, len(runs))
		var b bytes.Buffer
		text(&b)
		return os.WriteFile(filepath.Join(docs, name), b.Bytes(), 0o644)
	}
	there := report.Pages{Alone: len(alone) > 0, Clusters: len(clusters) > 0, Histories: len(histories) > 0}
	return errors.Join(
		write("benchmarks.md", alone, func(w io.Writer) { report.Document(w, alone, there) }),
		write("img/benchmarks.svg", alone, func(w io.Writer) { report.Chart(w, alone) }),
		write("benchmarks-cluster.md", clusters, func(w io.Writer) { report.ClusterDocument(w, clusters, there) }),
		write("benchmarks-history.md", histories, func(w io.Writer) { report.HistoryDocument(w, histories, there) }))
}

// newest reads the newest whole runs whose files begin with front.
func newest(here, front string) ([]result.Run, error) {
	files, err := filepath.Glob(filepath.Join(here, "results", front+"2*.jsonl"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var runs []result.Run
	for _, f := range files[max(0, len(files)-shown):] {
		r, err := result.ReadFile(f)
		if err != nil {
			return nil, err
		}
		r.Name = filepath.Base(f)
		runs = append(runs, r)
	}
	return runs, nil
}

// Package result is the raw record of a run: a file of JSON lines, the first
// about the machine, each other one a sample.
package result

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Machine says where, when and of what a run was.
type Machine struct {
	Time     time.Time         `json:"time"`
	Commit   string            `json:"commit"` // with "+" if files differ from it
	Kernel   string            `json:"kernel"`
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Memory   int64             `json:"memory"` // bytes
	Files    int               `json:"files"`  // connections one process may open
	Go       string            `json:"go"`
	Node     string            `json:"node"`     // "" without
	Versions map[string]string `json:"versions"` // of the servers' libraries
	Rows     []string          `json:"rows"`
	Others   []float64         `json:"others"` // by row: share of the machine's CPU that other processes took
	Took     float64           `json:"took"`   // seconds; 0 if the run did not end
}

// Sample is what one round measured of one server.
type Sample struct {
	Row    string             `json:"row"`
	Server string             `json:"server"`
	Round  int                `json:"round"` // from 1; 0 is about all rounds
	Values map[string]float64 `json:"values,omitempty"`
	Note   string             `json:"note,omitempty"` // why there are no values
}

// Run is a whole record.
type Run struct {
	Name    string // of its file
	Machine Machine
	Samples []Sample
}

// line is what stands in a file's line: one of the two.
type line struct {
	Machine *Machine `json:"machine,omitempty"`
	*Sample
}

// Write writes run as JSON lines.
func Write(w io.Writer, run Run) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	if err := enc.Encode(line{Machine: &run.Machine}); err != nil {
		return err
	}
	for _, s := range run.Samples {
		if err := enc.Encode(s); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Read reads what Write wrote.
func Read(name string, r io.Reader) (Run, error) {
	run := Run{Name: name}
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var l line
		err := dec.Decode(&l)
		switch {
		case errors.Is(err, io.EOF):
			return run, nil
		case err != nil:
			return run, fmt.Errorf("%s:%d: %w", name, n, err)
		case l.Machine != nil:
			run.Machine = *l.Machine
		case l.Sample != nil:
			run.Samples = append(run.Samples, *l.Sample)
		}
	}
}

// ReadFile reads one file.
func ReadFile(name string) (Run, error) {
	f, err := os.Open(name)
	if err != nil {
		return Run{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return Read(name, f)
}

// Values collects a metric by round.
func (r Run) Values(row, server, metric string) map[int]float64 {
	out := map[int]float64{}
	for _, s := range r.Samples {
		if s.Row != row || s.Server != server {
			continue
		}
		if v, ok := s.Values[metric]; ok {
			out[s.Round] = v
		}
	}
	return out
}

// Servers lists the servers of a row in the order they were measured.
func (r Run) Servers(row string) []string {
	var out []string
	for _, s := range r.Samples {
		if s.Row == row && !slices.Contains(out, s.Server) {
			out = append(out, s.Server)
		}
	}
	return out
}

// Note says why a server has no values in a row, or "".
func (r Run) Note(row, server string) string {
	for _, s := range r.Samples {
		if s.Row == row && s.Server == server && s.Note != "" {
			return s.Note
		}
	}
	return ""
}

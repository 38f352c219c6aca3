package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// sample is one run, as results.jsonl has it.
type sample struct {
	Size  int     `json:"size"`
	Tool  string  `json:"tool"`
	What  string  `json:"what"`
	Round int     `json:"round"`
	CPU   float64 `json:"cpu_ms"`
	Wall  float64 `json:"wall_ms"`
	Bytes int64   `json:"bytes,omitempty"`
	Lines int     `json:"lines,omitempty"`
}

// lines are all results, one a line below the machine.
func (r results) lines(machine string) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	if err := out.Encode(map[string]string{"machine": machine}); err != nil {
		return nil, err
	}
	keys := slices.SortedFunc(maps.Keys(r), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(a.what, b.what), cmp.Compare(a.tool, b.tool))
	})
	for _, k := range keys {
		for i, c := range r[k] {
			if err := out.Encode(sample{k.size, k.tool, k.what, i + 1, float64(c.cpu.Microseconds()) / 1000, float64(c.wall.Microseconds()) / 1000, c.bytes, c.lines}); err != nil {
				return nil, err
			}
		}
	}
	return b.Bytes(), nil
}

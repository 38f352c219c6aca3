package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// calls is what the Go client does with so many calls under way.
type calls struct {
	UnderWay int       `json:"under_way"`
	Rate     []float64 `json:"rate"` // calls per second, of each round
	Bare     []float64 `json:"bare"` // those of gws with encoding/json
	Ratio    []float64 `json:"ratio"`
}

// benchLine is a result of BenchmarkCall, and metric a number in it.
var (
	benchLine = regexp.MustCompile(`^BenchmarkCall/(\d+)\S*\s`)
	metric    = regexp.MustCompile(`([\d.e+]+) (of-gws|calls/s|gws-calls/s)`)
)

// goClient runs the benchmark of package wsclient, in which the two take turns.
func goClient(ctx context.Context, root string, rounds int) ([]calls, error) {
	out, err := output(ctx, root, "go", "test", "-run=^$", "-bench=^BenchmarkCall$", "-benchtime=20x",
		fmt.Sprint("-count=", max(1, rounds/5)), "./runtime/client")
	if err != nil {
		return nil, err
	}
	all := parseCalls(string(out))
	if len(all) != 2 {
		return nil, errors.New("BenchmarkCall has other lines than were expected:\n" + string(out))
	}
	return all, nil
}

// parseCalls reads what go test prints.
func parseCalls(out string) []calls {
	var all []calls
	for line := range strings.Lines(out) {
		m := benchLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(m[1], "-"))
		if len(all) == 0 || all[len(all)-1].UnderWay != n {
			all = append(all, calls{UnderWay: n})
		}
		c := &all[len(all)-1]
		for _, m := range metric.FindAllStringSubmatch(line, -1) {
			v, _ := strconv.ParseFloat(m[1], 64)
			switch m[2] {
			case "of-gws":
				c.Ratio = append(c.Ratio, v)
			case "calls/s":
				c.Rate = append(c.Rate, v)
			case "gws-calls/s":
				c.Bare = append(c.Bare, v)
			}
		}
	}
	return all
}

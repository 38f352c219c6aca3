package report

import (
	"fmt"
	"html"
	"io"
	"math"

	"github.com/wsgen/wsgen/bench/internal/result"
)

// panel is one group of bars.
type panel struct {
	title, unit string
	row, metric string
	scale       float64
	digits      int
	suffix      string // of the servers' labels in this row
	servers     []string
}

// panels are the groups of bars that the chart shows: where wsgen is strong, and
// where it is weak.
func panels() []panel {
	push := []string{"wsgen", "gws", "gorilla", "melody", "coder", "gobwas", "ws", "socketio", "nest"}
	answer := []string{"wsgen", "gws", "gws-json", "gorilla", "melody", "coder", "gobwas", "ws", "socketio", "nest"}
	return []panel{
		{"One broadcast to 1000 connections", "1000 deliveries/s; more is better", "fanout", "rate", 1000, 0, "", push},
		{"10 broadcasts back to back", "1000 deliveries/s; more is better", "burst10", "rate", 1000, 0, "", push},
		{"Echo, 16 in flight on 100 connections", "1000 answers/s; more is better", "echo16", "rate", 1000, 0, "", answer},
		{"Memory of an idle connection", "KB after GC; less is better", "idle", "idle_rss_gc", 1000, 1, "", push},
		{"CPU of one broadcast", "server µs per delivery; less is better", "fanout", "cpu", 1, 1, "", push},
		{"p99 with 10 % deaf peers", "ms; less is better", "stalled", "p99", 1000, 1, deafSuffix, []string{"wsgen", "gws", "gorilla", "melody"}},
	}
}

// The chart's measures, in pixels.
const (
	chartWidth  = 980
	panelWidth  = chartWidth / 2
	barHeight   = 18
	barStep     = 24
	labelWidth  = 204
	valueWidth  = 62
	panelHead   = 62
	panelMargin = 24
)

// Chart writes the SVG. It has a background of its own, so its colours are fit for
// a light and a dark page.
func Chart(w io.Writer, runs []result.Run) {
	var used []panel
	for _, p := range panels() {
		if p.servers = p.measured(runs); len(p.servers) > 0 {
			used = append(used, p)
		}
	}
	heights := make([]int, (len(used)+1)/2)
	total := panelMargin
	for i := range heights {
		most := 0
		for _, p := range used[2*i : min(2*i+2, len(used))] {
			most = max(most, len(p.servers))
		}
		heights[i] = panelHead + most*barStep + panelMargin
		total += heights[i]
	}
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">`+"\n",
		chartWidth, total, chartWidth, total)
	fmt.Fprintf(w, `<rect width="%d" height="%d" rx="8" fill="#ffffff"/>`+"\n", chartWidth, total)
	y := panelMargin / 2
	for i, p := range used {
		p.draw(w, runs, i%2*panelWidth, y)
		if i%2 == 1 {
			y += heights[i/2]
		}
	}
	fmt.Fprintln(w, "</svg>")
}

// measured are the servers of p that have a value.
func (p panel) measured(runs []result.Run) []string {
	var out []string
	for _, s := range p.servers {
		if !math.IsNaN(p.value(runs, s)) {
			out = append(out, s)
		}
	}
	return out
}

func (p panel) value(runs []result.Run, server string) float64 {
	return median(pooled(runs, p.row, server+p.suffix, p.metric))
}

func (p panel) draw(w io.Writer, runs []result.Run, x, y int) {
	fmt.Fprintf(w, `<text x="%d" y="%d" font-size="15" font-weight="600" fill="#1b1f24">%s</text>`+"\n", x+panelMargin, y+24, html.EscapeString(p.title))
	fmt.Fprintf(w, `<text x="%d" y="%d" font-size="12" fill="#59636e">%s</text>`+"\n", x+panelMargin, y+42, html.EscapeString(p.unit))
	most := 0.0
	for _, s := range p.servers {
		most = max(most, p.value(runs, s))
	}
	room := float64(panelWidth - panelMargin - labelWidth - valueWidth)
	c := column{scale: p.scale, digits: p.digits}
	for i, s := range p.servers {
		v := p.value(runs, s)
		top := y + panelHead - 8 + i*barStep
		fill, weight := "#a9b4c0", "400"
		if s == "wsgen" {
			fill, weight = "#1f6feb", "600"
		}
		left := x + labelWidth
		fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="end" font-weight="%s" fill="#1b1f24">%s</text>`+"\n", left-8, top+13, weight, html.EscapeString(titleOf(s)))
		fmt.Fprintf(w, `<rect x="%d" y="%d" width="%.1f" height="%d" rx="2" fill="%s"/>`+"\n", left, top, max(1, v/most*room), barHeight, fill)
		fmt.Fprintf(w, `<text x="%.1f" y="%d" font-weight="%s" fill="#1b1f24">%s</text>`+"\n", float64(left)+v/most*room+6, top+13, weight, c.show(v))
	}
}

// Package picture draws the dashboard, or a part of it, as SVG.
package picture

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"slices"

	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/scrape"
)

// Sizes, in pixels.
const (
	column  = 50 // a 24th of the width
	line    = 30 // what Grafana's heights are in
	gap     = 6  // between panels
	axis    = 58 // left of a plot, for what its lines are worth
	heading = 30 // above a plot
	under   = 18 // below a plot, for the time
	legends = 16 // a line of the legend
	letter  = 6.2
)

// palette returns the colour of the nth line.
func palette(n int) string {
	colours := []string{
		"#3274d9", "#e0752d", "#56a64b", "#e02f44", "#8f3bb8", "#0a9bb5",
		"#c9a000", "#7c4d36", "#e377c2", "#5f6b7a", "#1b6d5a", "#9ab93e",
	}
	return colours[n%len(colours)]
}

// Draw draws panels at their places. eval returns the lines of a query, over a time.
func Draw(places []board.Place, over scrape.Range, eval func(expr string) ([]scrape.Line, error)) ([]byte, error) {
	d := drawing{over: over}
	top, bottom := math.MaxInt, 0
	for _, p := range places {
		top, bottom = min(top, p.Y), max(bottom, p.Y+p.H)
	}
	width, height := 24*column+gap, (bottom-top)*line+gap
	d.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="11">`+"\n",
		width, height, width, height)
	d.f(`<rect width="%d" height="%d" fill="#f4f5f5"/>`+"\n", width, height)
	for _, p := range places {
		at := box{float64(p.X*column + gap), float64((p.Y-top)*line + gap), float64(p.W*column - gap), float64(p.H*line - gap)}
		if p.Panel == nil {
			d.text(at.x+2, at.y+17, "start", `font-size="15" font-weight="600" fill="#24292e"`, p.Section)
			continue
		}
		if err := d.panel(p.Panel, at, eval); err != nil {
			return nil, err
		}
	}
	d.f("</svg>\n")
	return d.b.Bytes(), nil
}

// drawing is an SVG in the making.
type drawing struct {
	b    bytes.Buffer
	over scrape.Range
}

// box is a part of the picture.
type box struct{ x, y, w, h float64 }

func (d *drawing) f(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *drawing) text(x, y float64, anchor, more, text string) {
	d.f(`<text x="%.0f" y="%.0f" text-anchor="%s" %s>`, x, y, anchor, more)
	_ = xml.EscapeText(&d.b, []byte(text)) // a Buffer takes all
	d.f("</text>\n")
}

// curve is a line with what it is called.
type curve struct {
	name   string
	points []scrape.Point
}

// last returns the last number; NaN if there is none.
func (c *curve) last() float64 {
	for _, p := range slices.Backward(c.points) {
		if !math.IsNaN(p.Value) {
			return p.Value
		}
	}
	return math.NaN()
}

func (d *drawing) panel(p *board.Panel, at box, eval func(expr string) ([]scrape.Line, error)) error {
	var curves []curve
	for _, q := range p.Queries {
		lines, err := eval(q.Expr)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Title, err)
		}
		for _, l := range lines {
			curves = append(curves, curve{scrape.Legend(q.Legend, l.Labels), l.Points})
		}
	}
	slices.SortStableFunc(curves, func(a, b curve) int { return cmp.Compare(a.name, b.name) })
	d.f(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="3" fill="#fff" stroke="#dcdfe3"/>`+"\n", at.x, at.y, at.w, at.h)
	d.text(at.x+10, at.y+19, "start", `font-size="12" font-weight="600" fill="#24292e"`, p.Title)
	if p.Kind == board.Lines {
		d.plot(p, at, curves)
		return nil
	}
	if len(curves) != 1 {
		return fmt.Errorf("%s: %d numbers, and not one", p.Title, len(curves))
	}
	if p.Kind == board.Gauge {
		d.gauge(p, at, &curves[0])
		return nil
	}
	inner := box{at.x + 1, at.y + 0.7*at.h, at.w - 2, 0.3*at.h - 1}
	d.curve(inner, &curves[0], 1.1*highest(curves), "#3274d9", true)
	d.text(at.x+at.w/2, at.y+0.62*at.h, "middle", `font-size="26" font-weight="600" fill="#24292e"`, show(p.Unit, curves[0].last()))
	return nil
}

// gauge draws a part of 1.
func (d *drawing) gauge(p *board.Panel, at box, c *curve) {
	part := c.last()
	colour := "#56a64b"
	switch {
	case part >= p.Red:
		colour = "#e02f44"
	case part >= p.Orange:
		colour = "#e0752d"
	}
	bar := box{at.x + 14, at.y + at.h - 28, at.w - 28, 12}
	d.text(at.x+at.w/2, at.y+0.58*at.h, "middle", fmt.Sprintf(`font-size="26" font-weight="600" fill="%s"`, colour), show(p.Unit, part))
	d.f(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="2" fill="#e9ebee"/>`+"\n", bar.x, bar.y, bar.w, bar.h)
	if part > 0 {
		d.f(`<rect x="%.0f" y="%.0f" width="%.1f" height="%.0f" rx="2" fill="%s"/>`+"\n", bar.x, bar.y, bar.w*min(part, 1), bar.h, colour)
	}
	for _, mark := range []struct {
		bound  float64
		colour string
	}{{p.Orange, "#e0752d"}, {p.Red, "#e02f44"}} {
		d.f(`<rect x="%.1f" y="%.0f" width="2" height="%.0f" fill="%s"/>`+"\n", bar.x+bar.w*mark.bound, bar.y-2, bar.h+4, mark.colour)
	}
}

// highest returns the highest value of all; 1 if there is none above 0.
func highest(curves []curve) float64 {
	top := 0.0
	for _, c := range curves {
		for _, p := range c.points {
			if !math.IsInf(p.Value, 0) {
				top = max(top, orZero(p.Value))
			}
		}
	}
	if top == 0 {
		return 1
	}
	return top
}

func orZero(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

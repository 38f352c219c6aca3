package picture

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
)

// plot draws curves with their axes and what they are called.
func (d *drawing) plot(p *board.Panel, at box, curves []curve) {
	named := legendLines(curves, at.w-20)
	in := box{at.x + axis, at.y + heading, at.w - axis - 14, at.h - heading - under - 8 - float64(len(named)*legends)}
	step := ticks(p.Unit, highest(curves))
	top := step * math.Ceil(1.02*highest(curves)/step)
	for v := 0.0; v <= top*1.001; v += step {
		y := in.y + in.h*(1-v/top)
		d.f(`<path d="M%.0f %.1fh%.0f" stroke="#e9ebee"/>`+"\n", in.x, y, in.w)
		d.text(in.x-6, y+4, "end", `fill="#6a737d"`, show(p.Unit, v))
	}
	const every = 5 * time.Minute
	for t := d.over.From; !t.After(d.over.To); t = t.Add(every) {
		d.text(d.across(in, t), in.y+in.h+14, "middle", `fill="#6a737d"`, t.UTC().Format("15:04"))
	}
	for i := range curves {
		d.curve(in, &curves[i], top, palette(i), len(curves) == 1)
	}
	n := 0
	for i, names := range named {
		x, y := at.x+12, in.y+in.h+under+12+float64(i*legends)
		for _, name := range names {
			d.f(`<rect x="%.0f" y="%.0f" width="12" height="3" fill="%s"/>`+"\n", x, y-5, palette(n))
			d.text(x+16, y, "start", `fill="#444c56"`, name)
			x += nameWidth(name)
			n++
		}
	}
}

// curve draws one. A value that is no number is a hole in it.
func (d *drawing) curve(in box, c *curve, top float64, colour string, filled bool) {
	var path, area strings.Builder
	first, last, pen := 0.0, 0.0, "M"
	end := func() {
		if pen == "L" && filled {
			fmt.Fprintf(&area, "L%.1f %.1fL%.1f %.1fZ", last, in.y+in.h, first, in.y+in.h)
		}
		pen = "M"
	}
	for i, p := range c.points {
		if i > 0 && p.At.Sub(c.points[i-1].At) > d.over.Step || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			end()
		}
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		x, y := d.across(in, p.At), in.y+in.h*(1-p.Value/top)
		if pen == "M" {
			first = x
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, x, y)
		fmt.Fprintf(&area, "%s%.1f %.1f", pen, x, y)
		pen, last = "L", x
	}
	end()
	if filled {
		d.f(`<path d="%s" fill="%s" fill-opacity="0.12"/>`+"\n", &area, colour)
	}
	d.f(`<path d="%s" fill="none" stroke="%s" stroke-width="1.4" stroke-linejoin="round"/>`+"\n", &path, colour)
}

// across returns where a time is.
func (d *drawing) across(in box, t time.Time) float64 {
	return in.x + in.w*float64(t.Sub(d.over.From))/float64(d.over.To.Sub(d.over.From))
}

// legendLines returns the names of curves in lines that fit.
func legendLines(curves []curve, width float64) (all [][]string) {
	room := 0.0
	for _, c := range curves {
		if w := nameWidth(c.name); len(all) == 0 || w > room {
			all, room = append(all, nil), width
		}
		all[len(all)-1] = append(all[len(all)-1], c.name)
		room -= nameWidth(c.name)
	}
	return all
}

func nameWidth(name string) float64 { return 32 + letter*float64(len(name)) }

// ticks returns the distance of some round numbers up to top.
func ticks(u board.Unit, top float64) float64 {
	unit := 1.0
	if u == board.Bytes {
		for unit*1024 <= top {
			unit *= 1024
		}
	}
	if u == board.Seconds { // as seconds has it
		switch {
		case top >= 2*3600:
			unit = 3600
		case top >= 120:
			unit = 60
		}
	}
	rough := top / unit / 4
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= rough {
			return n * power * unit
		}
	}
	return 10 * power * unit
}

// show writes a number as Grafana does.
func show(u board.Unit, v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	switch u {
	case board.Part:
		return digits(100*v) + "%"
	case board.PerSecond:
		return scaled(v, 1000, "", " K", " M") + "/s"
	case board.Bytes:
		return scaled(v, 1024, " B", " KiB", " MiB", " GiB")
	case board.ByteRate:
		return scaled(v, 1000, " B", " kB", " MB", " GB") + "/s"
	case board.Seconds:
		return seconds(v)
	default:
		return scaled(v, 1000, "", " K", " M")
	}
}

func seconds(v float64) string {
	switch {
	case v == 0:
		return "0 s"
	case v < .001:
		return digits(v*1e6) + " µs"
	case v < 1:
		return digits(v*1e3) + " ms"
	case v < 120 && v != 60:
		return digits(v) + " s"
	case v < 2*3600 && v != 3600:
		return digits(v/60) + " min"
	}
	return digits(v/3600) + " h"
}

func scaled(v, by float64, units ...string) string {
	for len(units) > 1 && v >= by {
		v, units = v/by, units[1:]
	}
	return digits(v) + units[0]
}

// digits writes a number with three digits that count.
func digits(v float64) string {
	switch {
	case v == math.Trunc(v) || v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v < .1:
		return fmt.Sprintf("%.3g", v)
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

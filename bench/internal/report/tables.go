package report

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wsgen/wsgen/bench/internal/result"
	"github.com/wsgen/wsgen/bench/internal/rows"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// Rows writes a table for each row that ran.
func Rows(w io.Writer, runs []result.Run) {
	for _, row := range rows.All() {
		if !slices.ContainsFunc(runs, func(r result.Run) bool { return slices.Contains(r.Machine.Rows, row.ID) }) {
			continue
		}
		fmt.Fprintf(w, "\n### %s\n\n`%s`", row.Title, row.ID)
		if note := notes()[row.ID]; note != "" {
			fmt.Fprintf(w, ": %s", note)
		}
		fmt.Fprint(w, "\n\n")
		writeRow(w, runs, row.ID)
	}
}

// servers lists the servers that runs measured in a row, in the order of their
// first samples.
func servers(runs []result.Run, row string) []string {
	var out []string
	for _, r := range runs {
		for _, s := range r.Servers(row) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func writeRow(w io.Writer, runs []result.Run, id string) {
	t := tableOf(id)
	all := servers(runs, id)
	var used []column
	for _, c := range t.columns {
		if slices.ContainsFunc(all, func(s string) bool { return len(pooled(runs, id, s, c.metric)) > 0 }) {
			used = append(used, c)
		}
	}
	if len(used) == 0 {
		used = t.columns[:1]
	}
	head := []string{"server", used[0].head, "spread", "wsgen to it"}
	if pageOf(id) == rows.ClusterPage {
		head[3] = "wsgen on Redis to it"
	}
	for _, c := range used[1:] {
		head = append(head, c.head)
	}
	lines := [][]string{head}
	var missing []string
	for _, s := range all {
		main := pooled(runs, id, s, used[0].metric)
		if note := noteOf(runs, id, s); note != "" {
			missing = append(missing, fmt.Sprintf("- %s is not run, or not to the end: %s", titleOf(s), note))
			if len(main) == 0 {
				continue
			}
		}
		line := []string{titleOf(s), used[0].show(median(main)), spread(main), against(runs, id, s, used[0].metric)}
		for _, c := range used[1:] {
			line = append(line, c.show(median(pooled(runs, id, s, c.metric))))
		}
		lines = append(lines, line)
	}
	grid(w, lines)
	if len(missing) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(missing, "\n"))
	}
}

func median(m map[int]float64) float64 { return stats.Median(slices.Collect(maps.Values(m))) }

func spread(m map[int]float64) string {
	if len(m) < 2 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*stats.Spread(slices.Collect(maps.Values(m))))
}

// against is the ratio of wsgen to server, both in the same rounds.
func against(runs []result.Run, row, server, metric string) string {
	us := "wsgen"
	switch {
	case row == "dispatch":
		us = "std"
	case row == "text" || row == "codecs":
		us, _, _ = strings.Cut(server, ",")
	case row == "history-return":
		us = "wsgen-history" + frontSuffix
	case pageOf(row) == rows.ClusterPage:
		us = "wsgen-redis"
	case pageOf(row) == rows.HistoryPage:
		us = "wsgen-history"
	}
	suffixes := []string{keptSuffix, deafSuffix, " flooded", " deflate", ", 10 of 10000", ", 10 of 100"}
	if i := slices.IndexFunc(suffixes, func(s string) bool { return strings.HasSuffix(server, s) }); i >= 0 {
		us += suffixes[i]
	}
	r := stats.Ratios(pooled(runs, row, us, metric), pooled(runs, row, server, metric))
	if server == us || len(r) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f×", stats.Median(r))
}

// pageOf returns the page of a row.
func pageOf(id string) string {
	for _, r := range rows.All() {
		if r.ID == id {
			return r.Page
		}
	}
	return ""
}

func noteOf(runs []result.Run, row, server string) string {
	for _, r := range runs {
		if n := r.Note(row, server); n != "" {
			return n
		}
	}
	return ""
}

// titleOf names a server as the report does: a variant keeps what its label
// adds to the kind's name.
func titleOf(label string) string {
	if title, ok := dispatchTitles()[label]; ok {
		return title
	}
	front, _, _ := strings.Cut(label, ",")
	if title, ok := partTitles()[front]; ok {
		return title + label[len(front):]
	}
	best, title := "", label
	for _, k := range rows.Kinds() {
		if rest, ok := strings.CutPrefix(label, k.Name); ok && len(k.Name) > len(best) && (rest == "" || strings.ContainsAny(rest[:1], " ,@")) {
			best, title = k.Name, k.Title+rest
		}
	}
	return title
}

// dispatchTitles names what the row dispatch compares.
func dispatchTitles() map[string]string {
	return map[string]string{
		"generated": "wsgen, generated codecs", "std": "wsgen, encoding/json", "std-twice": "encoding/json twice",
		"scan": "wsgen's envelope scan", "lookup": "wsgen's event lookup", "meta": "wsgen, generated codecs, with meta",
		"observed": "wsgen, generated codecs, observed",
	}
}

// partTitles names what the rows text and codecs measure, in front of a comma.
func partTitles() map[string]string {
	return map[string]string{
		"ascii-30": "30 plain letters", "newline-30": "30, one a newline", "quotes-30": "30, two of them quotes", "german-30": "30 of German", "chinese-30": "30 of Chinese",
		"ascii-1000": "1 000 plain letters", "german-1000": "1 000 of German", "lines-1000": "1 000 in lines of 30", "chinese-330": "330 of Chinese",
		"telemetry decode": "decode telemetry", "order decode": "decode order", "page decode": "decode page",
		"telemetry encode": "encode telemetry", "order encode": "encode order", "page encode": "encode page",
	}
}

// Verdicts writes the table of gates: pooled, and how many of the runs passed.
func Verdicts(w io.Writer, runs []result.Run) {
	lines := [][]string{{"what", "against", "gate", "measured", "rounds from … to", "verdict", "runs that pass"}}
	single := make([][]Verdict, len(runs))
	for i, r := range runs {
		single[i] = Judge([]result.Run{r})
	}
	for _, v := range Judge(runs) {
		passed, measured := 0, 0
		for _, s := range single {
			if i := slices.IndexFunc(s, func(o Verdict) bool { return o.Gate == v.Gate }); i >= 0 && s[i].Measured {
				measured++
				if s[i].Pass {
					passed++
				}
			}
		}
		line := []string{v.Area, titleOf(v.Peer), v.Want(), "", "", v.Word(), fmt.Sprintf("%d of %d", passed, measured)}
		if v.Measured {
			line[3], line[4] = number(v.Value), number(v.Low)+" … "+number(v.High)
		}
		lines = append(lines, line)
	}
	grid(w, lines)
}

func number(v float64) string {
	if math.Abs(v) >= 1000 || v == math.Trunc(v) {
		return thousands(v)
	}
	return fmt.Sprintf("%.2f", v)
}

// grid writes a Markdown table whose columns are aligned for the eye as well;
// all but the first are numbers, flush right.
func grid(w io.Writer, lines [][]string) {
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell), 3)
		}
	}
	row := func(line []string) {
		for i, cell := range line {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				fmt.Fprintf(w, "| %s%s ", cell, pad)
			} else {
				fmt.Fprintf(w, "| %s%s ", pad, cell)
			}
		}
		fmt.Fprintln(w, "|")
	}
	row(lines[0])
	for i, n := range width {
		if i == 0 {
			fmt.Fprintf(w, "|:%s", strings.Repeat("-", n+1))
		} else {
			fmt.Fprintf(w, "|%s:", strings.Repeat("-", n+1))
		}
	}
	fmt.Fprintln(w, "|")
	for _, line := range lines[1:] {
		row(line)
	}
}

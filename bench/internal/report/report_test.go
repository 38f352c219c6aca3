package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wsgen/wsgen/bench/internal/result"
	"github.com/wsgen/wsgen/bench/internal/rows"
)

// runOf makes a run of rounds samples per server, value(server, round) as metric.
func runOf(row, metric string, rounds int, value func(server string, round int) float64, servers ...string) result.Run {
	r := result.Run{Machine: result.Machine{Rows: []string{row}}}
	for round := 1; round <= rounds; round++ {
		for _, s := range servers {
			r.Samples = append(r.Samples, result.Sample{Row: row, Server: s, Round: round, Values: map[string]float64{metric: value(s, round)}})
		}
	}
	return r
}

func find(t *testing.T, all []Verdict, area, peer string) Verdict {
	t.Helper()
	i := slices.IndexFunc(all, func(v Verdict) bool { return v.Area == area && v.Peer == peer })
	if i < 0 {
		t.Fatalf("no verdict of %q against %q", area, peer)
	}
	return all[i]
}

// TestGatesCompareWithinRounds has a machine that is ten times slower in every
// other round. wsgen is 1.2 times gws in each, so no ratio may show the
// difference.
func TestGatesCompareWithinRounds(t *testing.T) {
	r := runOf("fanout", "rate", 7, func(s string, round int) float64 {
		v := 100.0
		if round%2 == 0 {
			v = 10
		}
		if s == "wsgen" {
			v *= 1.2
		}
		return v
	}, "wsgen", "gws", "melody")
	all := Judge([]result.Run{r})
	v := find(t, all, "one broadcast: deliveries per second", "gws")
	if math.Abs(v.Value-1.2) > 1e-9 || math.Abs(v.High-v.Low) > 1e-9 || !v.Pass || !v.Measured {
		t.Errorf("against gws: %+v", v)
	}
	if v := find(t, all, "one broadcast: deliveries per second", "melody"); v.Pass || !v.Measured {
		t.Errorf("1.2 times melody passes a gate of 1.5: %+v", v)
	}
	if v := find(t, all, "one broadcast: deliveries per second", "socketio"); v.Pass || v.Measured {
		t.Errorf("a peer that is not there: %+v", v)
	}
	if slices.ContainsFunc(all, func(v Verdict) bool { return v.Row != "fanout" }) {
		t.Error("a row that did not run is judged")
	}
}

func TestAbsoluteGatesHoldInEveryRound(t *testing.T) {
	const area = "10 % stalled: messages lost to healthy ones"
	server := "wsgen" + deafSuffix
	lost := func(in int) result.Run {
		return runOf("stalled", "lost", 5, func(_ string, round int) float64 {
			if round == in {
				return 1
			}
			return 0
		}, server)
	}
	if v := find(t, Judge([]result.Run{lost(0)}), area, ""); !v.Pass {
		t.Errorf("nothing lost: %+v", v)
	}
	if v := find(t, Judge([]result.Run{lost(3)}), area, ""); v.Pass || v.Value != 1 {
		t.Errorf("one lost in one of five rounds: %+v", v)
	}
}

// TestSessionsAreHeldAgainstPlain: what a session costs is a ratio within rounds,
// and what an idle one weighs a difference that holds in every round.
func TestSessionsAreHeldAgainstPlain(t *testing.T) {
	const us = "wsgen" + sessionSuffix
	cost := func(ratio float64) result.Run {
		return runOf("burst100-v1", "cpu", 3, func(s string, round int) float64 {
			if s == us {
				return float64(round) * ratio
			}
			return float64(round)
		}, "wsgen", us)
	}
	for ratio, pass := range map[float64]bool{1.04: true, 1.06: false} {
		if v := find(t, Judge([]result.Run{cost(ratio)}), "burst of 100 to sessions: CPU per delivery against plain", "wsgen"); v.Pass != pass || !v.Measured {
			t.Errorf("%g times plain: %+v", ratio, v)
		}
	}
	weight := func(most float64) result.Run {
		return runOf("idle-v1", "idle_heap_more", 3, func(_ string, round int) float64 { return most - 100*float64(round-1) }, us)
	}
	for most, pass := range map[float64]bool{350: true, 351: false} {
		if v := find(t, Judge([]result.Run{weight(most)}), "idle session: heap bytes more than a plain connection", ""); v.Pass != pass || v.Value != most {
			t.Errorf("%g bytes more, once: %+v", most, v)
		}
	}
	var b bytes.Buffer
	Rows(&b, []result.Run{cost(2)})
	if !strings.Contains(b.String(), "| wsgen with sessions ") || !strings.Contains(b.String(), "0.50×") {
		t.Errorf("no line, or no ratio, in\n%s", b.String())
	}
}

// TestCodecsAreHeldAgainstOthers: the ways that a benchmark takes in turns are
// compared within rounds, a time as one and a speed as one, and named as a reader
// does.
func TestCodecsAreHeldAgainstOthers(t *testing.T) {
	times := map[string]float64{
		"order decode": 100, "order decode, encoding/json": 310, "order decode, easyjson": 99,
		"newline-30": 160, "newline-30, 30 plain letters": 100,
	}
	run := func(row string, servers ...string) result.Run {
		r := runOf(row, "ns", 3, func(s string, round int) float64 { return times[s] * float64(round) }, servers...)
		for i, s := range r.Samples {
			r.Samples[i].Values["speed"] = 1e9 / s.Values["ns"]
		}
		return r
	}
	runs := []result.Run{run("codecs", "order decode", "order decode, encoding/json", "order decode, easyjson"), run("text", "newline-30", "newline-30, 30 plain letters")}
	all := Judge(runs)
	for peer, pass := range map[string]bool{"order decode, encoding/json": true, "order decode, easyjson": false} {
		if v := find(t, all, "decode order: speed", peer); v.Pass != pass || !v.Measured {
			t.Errorf("%s: %+v", peer, v)
		}
	}
	if v := find(t, all, "text with a newline: time of a message beside plain text", "newline-30, 30 plain letters"); !v.Pass || math.Abs(v.Value-1.6) > 1e-9 {
		t.Errorf("%+v", v)
	}
	if v := find(t, all, "encode page: speed", "page encode, easyjson"); v.Measured || v.Pass {
		t.Errorf("what was not measured: %+v", v)
	}
	var b bytes.Buffer
	Rows(&b, runs)
	for _, want := range []string{"| decode order, encoding/json ", "0.32×", "| 30, one a newline, 30 plain letters ", "1.60×"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestGatesNameWhatIsMeasured(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range rows.All() {
		ids[r.ID] = true
	}
	for _, g := range Gates() {
		if !ids[g.Row] {
			t.Errorf("%s: there is no row %q", g.Area, g.Row)
		}
		shown := slices.ContainsFunc(tableOf(g.Row).columns, func(c column) bool { return c.metric == g.Metric })
		if !shown && g.Metric != "speed" { // shown as ns
			t.Errorf("%s: the table of row %s does not show %q", g.Area, g.Row, g.Metric)
		}
	}
}

func TestPooledRunsCountWhatPasses(t *testing.T) {
	with := func(ratio float64) result.Run {
		return runOf("echo1", "rate", 3, func(s string, _ int) float64 {
			if s == "wsgen" {
				return ratio
			}
			return 1
		}, "wsgen", "gws")
	}
	var b bytes.Buffer
	Verdicts(&b, []result.Run{with(1), with(0.5), with(0.95)})
	line := ""
	for l := range strings.Lines(b.String()) {
		if strings.Contains(l, "one in flight: rate") {
			line = l
		}
	}
	for _, want := range []string{"0.95", "0.50 … 1", "| pass ", "2 of 3"} {
		if !strings.Contains(strings.Join(strings.Fields(line), " "), want) {
			t.Errorf("no %q in %s", want, line)
		}
	}
}

func TestTablesSayWhatIsMissing(t *testing.T) {
	r := runOf("fanout", "rate", 3, func(string, int) float64 { return 1234.4 }, "wsgen", "gws")
	r.Samples = append(r.Samples, result.Sample{Row: "fanout", Server: "nest", Note: "no node here"})
	var b bytes.Buffer
	Rows(&b, []result.Run{r})
	text := b.String()
	for _, want := range []string{"| wsgen ", "1 234", "1.00×", "- NestJS 12 on ws is not run, or not to the end: no node here"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "| NestJS") || strings.Contains(text, "NaN") {
		t.Errorf("a server without values has a line:\n%s", text)
	}
	width := 0
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, "|") {
			continue
		}
		if n := utf8.RuneCountInString(l); width != 0 && n != width {
			t.Errorf("lines of %d and %d characters in one table:\n%s", width, n, text)
		} else {
			width = n
		}
	}
}

func TestTitles(t *testing.T) {
	for label, want := range map[string]string{
		"gws": "gws", "gws-json": "gws + encoding/json twice", "wsgen@old": "wsgen@old", "melody" + deafSuffix: "melody" + deafSuffix,
		"socketio, 10 of 100": "socket.io 4, 10 of 100", "std-twice": "encoding/json twice", "": "",
		"wsgen-std": "wsgen with codec=std", "german-1000, encoding/json": "1 000 of German, encoding/json", "page encode": "encode page",
	} {
		if got := titleOf(label); got != want {
			t.Errorf("%q is titled %q, want %q", label, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999.4: "999", 1000: "1 000", 1234567: "1 234 567", -12345: "−12 345"} {
		if got := thousands(v); got != want {
			t.Errorf("%g is %q, want %q", v, got, want)
		}
	}
}

func TestChartIsXML(t *testing.T) {
	r := runOf("fanout", "rate", 3, func(s string, _ int) float64 { return float64(100_000 * len(s)) }, "wsgen", "gws", "nest")
	var b bytes.Buffer
	Chart(&b, []result.Run{r})
	text := b.String()
	for dec := xml.NewDecoder(&b); ; {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
	if n := strings.Count(text, "<rect"); n != 4 {
		t.Errorf("%d rectangles, want the ground and three bars", n)
	}
	if strings.Contains(text, "NaN") {
		t.Error("a bar without a value")
	}
}

func TestDocumentNamesItsRuns(t *testing.T) {
	r := runOf("fanout", "rate", 3, func(string, int) float64 { return 1 }, "wsgen", "gws")
	r.Name = "20260102-030405.jsonl"
	r.Machine.Commit, r.Machine.Kernel, r.Machine.CPU = "0123456789ab", "6.1.2", "Some CPU"
	r.Machine.Versions = map[string]string{"gws": "1.9.1", "wsgen": "0.0.0"}
	var b bytes.Buffer
	Document(&b, []result.Run{r}, Pages{})
	for _, want := range []string{r.Name, "0123456789ab", "6.1.2", "Some CPU", "Libraries: gws 1.9.1.", "## Gates", "img/benchmarks.svg"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the document", want)
		}
	}
}

// TestClusterDocument: rows of clusters have a page of their own, whose ratios are of
// wsgen on Redis, and the pages lead to each other if both are there.
func TestClusterDocument(t *testing.T) {
	r := runOf("cluster-fanout", "rate", 3, func(s string, _ int) float64 { return float64(len(s)) * 100 }, "wsgen-redis", "socketio-redis")
	r.Name = "cluster-20260102-030405.jsonl"
	r.Machine.Versions = map[string]string{"redis-server": "7.0.1", "centrifuge": "1.2.3", "wsgen-redis": "0.0.0"}
	var b bytes.Buffer
	ClusterDocument(&b, []result.Run{r}, Pages{Alone: true})
	for _, want := range []string{r.Name, "Libraries: centrifuge 1.2.3, redis-server 7.0.1.", "wsgen on Redis to it", "0.79×", "make bench WHAT=cluster", "(benchmarks.md)", "deliveries per second         | socket.io 4 with redis-adapter, 3 nodes |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	for _, link := range []struct {
		page string
		on   func(io.Writer, []result.Run, Pages)
	}{{"benchmarks-cluster.md", Document}, {"benchmarks-history.md", Document}, {"benchmarks.md", ClusterDocument}, {"benchmarks.md", HistoryDocument}} {
		b.Reset()
		link.on(&b, []result.Run{r}, Pages{})
		if strings.Contains(b.String(), "("+link.page+")") {
			t.Errorf("a link to %s, which is not there", link.page)
		}
		b.Reset()
		link.on(&b, []result.Run{r}, Pages{true, true, true})
		if !strings.Contains(b.String(), "("+link.page+")") {
			t.Errorf("no link to %s", link.page)
		}
	}
}

// TestHistoryDocument: a follower is compared with a member by the bytes that it weighs
// more, a kept push with a plain one of the same server, and a return with that to the
// peer; each of a peer's lines has the ratio to ours of the same kind.
func TestHistoryDocument(t *testing.T) {
	times := map[string]float64{"wsgen-history": 69, "wsgen-history front": 69, "wsgen-history kept": 172, "centrifuge-history": 100, "centrifuge-history kept": 344}
	of := func(row, metric string, servers ...string) result.Run {
		return runOf(row, metric, 3, func(s string, round int) float64 { return times[s] * float64(round) }, servers...)
	}
	back := of("history-return", "took", "wsgen-history front", "wsgen-history", "centrifuge-history")
	push := of("history-push", "cpu", "wsgen-history", "wsgen-history kept", "centrifuge-history", "centrifuge-history kept")
	idle := runOf("history-idle", "idle_heap_more", 3, func(_ string, round int) float64 { return 60 + float64(round) }, "wsgen-history kept")
	runs := []result.Run{back, push, idle}
	runs[0].Machine.Versions = map[string]string{"centrifuge": "1.2.3", "wsgen-history": "0.0.0"}
	const (
		late  = "5 000 followers come back, 100 missed each: time until the last is at the end"
		dear  = "a kept push to 1000 followers: CPU per delivery against a plain one"
		heavy = "idle follower: heap bytes more than a member of the room"
	)
	verdicts := func() []Verdict { return Judge(runs) }
	for area, peer := range map[string]string{late: "centrifuge-history", dear: "wsgen-history", heavy: ""} {
		if v := find(t, verdicts(), area, peer); !v.Pass {
			t.Errorf("%+v", v)
		}
	}
	var b bytes.Buffer
	HistoryDocument(&b, runs, Pages{})
	for _, want := range []string{"Libraries: centrifuge 1.2.3.", "make bench WHAT=history`", "| wsgen front ", "| wsgen kept ", "| centrifuge kept ", "0.69×", "0.50×", "| wsgen |"} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), strings.TrimSpace(want)) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	times["wsgen-history"], times["wsgen-history front"], times["wsgen-history kept"] = 71, 71, 178
	runs = []result.Run{
		of("history-return", "took", "wsgen-history front", "wsgen-history", "centrifuge-history"), of("history-push", "cpu", "wsgen-history", "wsgen-history kept"),
		runOf("history-idle", "idle_heap_more", 3, func(_ string, round int) float64 { return 62 + float64(round) }, "wsgen-history kept"),
	}
	for area, peer := range map[string]string{late: "centrifuge-history", dear: "wsgen-history", heavy: ""} {
		if v := find(t, verdicts(), area, peer); v.Pass || !v.Measured {
			t.Errorf("%+v", v)
		}
	}
}

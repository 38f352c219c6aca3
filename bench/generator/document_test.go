package main

import (
	"strings"
	"testing"
	"time"
)

// TestJudge checks that measurements of one round are judged against each other,
// and that the document says so.
func TestJudge(t *testing.T) {
	ms := func(cpu, wall int) cost {
		return cost{cpu: time.Duration(cpu) * time.Millisecond, wall: time.Duration(wall) * time.Millisecond}
	}
	r := results{
		{golist, full, largest}:   {ms(100, 100), ms(200, 200), ms(100, 100)},
		{wsgen, full, largest}:    {ms(150, 100), ms(300, 200), ms(900, 900)},
		{outputs, full, largest}:  {ms(225, 1), ms(450, 1), ms(900, 1)},
		{wire, full, largest}:     {ms(3000, 3000), ms(3000, 3000), ms(3000, 3000)},
		{wsgen, emptied, largest}: {ms(2000, 1), ms(3000, 1), ms(1000, 1)},
		{wire, emptied, largest}:  {ms(4000, 1), ms(4000, 1), ms(4000, 1)},
		{gotool, noop, largest}:   {ms(1, 120), ms(1, 220), ms(1, 120)},
		{nothing, noop, largest}:  {ms(1, 100), ms(1, 205), ms(1, 110)},
	}
	verdicts := judge(r)
	for i, want := range []verdict{
		{got: "1.50× (1.50× to 9.00× in 3 rounds)", pass: true},
		{got: "1.00× (1.00× to 9.00× in 3 rounds)", pass: true},
		{got: "10.0× (3.3× to 20.0× in 3 rounds)", pass: true},
		{got: "0.50× (0.25× to 0.75× in 3 rounds)", pass: true},
		{got: "1.50× (1.00× to 1.50× in 3 rounds)", pass: true},
		{got: "15.0 ms (10.0 ms to 20.0 ms in 3 rounds)", pass: true},
		{got: "not measured"},
		{got: "not measured"},
	} {
		if v := verdicts[i]; v.got != want.got || v.pass != want.pass {
			t.Errorf("%s: %s, %v; want %s, %v", v.gate, v.got, v.pass, want.got, want.pass)
		}
	}
	text := document(r, verdicts, "A machine.")
	r[key{wsgen, full, largest}] = []cost{ms(161, 161), ms(322, 322), ms(161, 161)}
	r[key{gotool, noop, largest}] = []cost{ms(1, 120), ms(1, 221), ms(1, 126)}
	r[key{wire, full, largest}] = []cost{ms(1600, 1), ms(1600, 1)}
	r[key{wire, emptied, largest}] = []cost{ms(3900, 1), ms(3900, 1), ms(3900, 1)}
	r[key{outputs, full, largest}] = []cost{ms(250, 1), ms(490, 1), ms(250, 1)}
	for i, v := range judge(r)[:6] {
		if v.pass {
			t.Errorf("gate %d passes with %s", i, v.got)
		}
	}
	for _, v := range judge(results{}) {
		if v.pass || v.got != "not measured" {
			t.Errorf("%s passes without a measurement: %s", v.gate, v.got)
		}
	}
	for _, want := range []string{
		"## 100 annotated packages\n", "| wsgen | 300 ms (200 ms) |", "| ≤ 1.6× | 1.50× (1.50× to 9.00× in 3 rounds) | pass |", "A machine.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document lacks %q:\n%s", want, text)
		}
	}
}

// TestCodecCosts: the document says what each struct costs more than with codec=std,
// as a table of its own, and nothing of what was not measured.
func TestCodecCosts(t *testing.T) {
	seconds := func(n ...float64) []cost {
		var out []cost
		for _, s := range n {
			out = append(out, cost{cpu: time.Duration(s * float64(time.Second))})
		}
		return out
	}
	r := results{
		{withCodecs, linked, structs}:   {{bytes: 8_000_000 + 8400*structs, lines: 40 + 115*structs}},
		{withStd, linked, structs}:      {{bytes: 8_000_000, lines: 40}},
		{withCodecs, compiled, structs}: seconds(7, 6.5, 9),
		{withStd, compiled, structs}:    seconds(1, 0.5, 0),
		{withCodecs, written, structs}:  seconds(1, 1.3, 1),
		{withStd, written, structs}:     seconds(0.7, 1, 0.7),
	}
	text := document(r, judge(r), "A machine.")
	for _, want := range []string{"and 150 structs", "| lines in `ws_gen.go` | 115 |", "| bytes of a stripped binary | 8400 |", "package | 40.0 ms |", "before | 2.0 ms |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the document lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "150 annotated packages") {
		t.Errorf("structs are taken for packages:\n%s", text)
	}
	delete(r, key{withStd, linked, structs})
	if text := document(r, judge(r), "A machine."); strings.Contains(text, "What a codec costs") {
		t.Errorf("nothing was measured, and the document says:\n%s", text)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1234 * time.Microsecond: "1.2 ms",
		250 * time.Millisecond:  "250 ms",
		3456 * time.Millisecond: "3.5 s",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

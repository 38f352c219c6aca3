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
		return cost{time.Duration(cpu) * time.Millisecond, time.Duration(wall) * time.Millisecond}
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

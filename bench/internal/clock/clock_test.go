package clock_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/clock"
)

func TestParse(t *testing.T) {
	for range 10_000 {
		want := rand.Int64N(1e16)
		b := make([]byte, clock.Digits, 20)
		clock.Put(b, want)
		if got, ok := clock.Parse(append(b, "9,"...)); !ok || got != want {
			t.Fatalf("%s is %d, %t", b, got, ok)
		}
		at, c := rand.IntN(clock.Digits), byte(rand.Uint32())
		b[at] = c
		if _, ok := clock.Parse(b); ok != ('0' <= c && c <= '9') {
			t.Fatalf("%q: %t", b, ok)
		}
	}
	if _, ok := clock.Parse([]byte(fmt.Sprintf("%015d", 7))); ok {
		t.Fatal("15 digits")
	}
}

func TestNowMoves(t *testing.T) {
	a := clock.Now()
	for clock.Now() == a {
	}
	if b := clock.Now(); b < a || b > a+1_000_000 {
		t.Fatal(a, b)
	}
}

func TestWatchTellsTheSameTime(t *testing.T) {
	w := clock.NewWatch()
	for range 100 {
		before := clock.Now()
		got := w.Now()
		if after := clock.Now(); got < before-1 || got > after+1 {
			t.Fatal(before, got, after)
		}
	}
}

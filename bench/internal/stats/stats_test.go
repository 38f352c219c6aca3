package stats_test

import (
	"math"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/stats"
)

func TestHistogramQuantiles(t *testing.T) {
	var h stats.Histogram
	if h.Quantile(0.5) != 0 {
		t.Errorf("an empty histogram has the median %d", h.Quantile(0.5))
	}
	for v := range int64(100_000) {
		h.Add(v)
	}
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999} {
		got, want := float64(h.Quantile(q)), q*100_000
		if got < want-1 || got > want*(1+1.0/128)+1 {
			t.Errorf("quantile %g is %g, want %g, or less than 1/128 above", q, got, want)
		}
	}
	if h.Total() != 100_000 || h.Max() != 99_999 || h.Quantile(1) != 99_999 {
		t.Errorf("total %d, max %d, quantile 1 is %d", h.Total(), h.Max(), h.Quantile(1))
	}
	h.Reset()
	h.Add(-5)
	h.Add(math.MaxInt64)
	if h.Quantile(0.5) != 0 || h.Quantile(1) != math.MaxInt64 {
		t.Errorf("extremes: median %d, largest %d", h.Quantile(0.5), h.Quantile(1))
	}
}

func TestMedianAndSpread(t *testing.T) {
	for _, c := range []struct {
		values         []float64
		median, spread float64
	}{
		{[]float64{3}, 3, 0},
		{[]float64{4, 1}, 2.5, 0.6},
		{[]float64{5, 1, 3, 2, 4}, 3, 2.0 / 3},
		{[]float64{0, 0}, 0, 0},
	} {
		if got := stats.Median(c.values); got != c.median {
			t.Errorf("median of %v is %g, want %g", c.values, got, c.median)
		}
		if got := stats.Spread(c.values); math.Abs(got-c.spread) > 1e-9 {
			t.Errorf("spread of %v is %g, want %g", c.values, got, c.spread)
		}
	}
	if !math.IsNaN(stats.Median(nil)) {
		t.Error("no values have a median")
	}
}

func TestRatiosPairRounds(t *testing.T) {
	got := stats.Ratios(map[int]float64{1: 10, 2: 30, 3: 7, 4: 1}, map[int]float64{1: 5, 2: 10, 4: 0})
	if len(got) != 2 || got[0] != 2 || got[1] != 3 {
		t.Errorf("got %v, want the rounds that both have and can be divided: [2 3]", got)
	}
}

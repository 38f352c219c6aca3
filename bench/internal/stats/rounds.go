package stats

import (
	"math"
	"slices"
)

// Quantile returns the q-quantile of values, between two of them by their
// distance; NaN without values.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (s[i+1]-s[i])*(at-float64(i))
}

// Median is the middle of values, or of the two in the middle.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// Spread is how far values lie apart: the distance of the quartiles, as a
// share of the median.
func Spread(values []float64) float64 {
	m := Median(values)
	if m == 0 || math.IsNaN(m) {
		return 0
	}
	return (Quantile(values, 0.75) - Quantile(values, 0.25)) / m
}

// Ratios divides ours by theirs, round by round. Rounds run A B C, A B C, so
// that a slow second of the machine strikes both of a pair.
func Ratios(ours, theirs map[int]float64) []float64 {
	var out []float64
	for round, v := range ours {
		if w, ok := theirs[round]; ok && w != 0 {
			out = append(out, v/w)
		}
	}
	slices.Sort(out)
	return out
}

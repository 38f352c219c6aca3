package wsjson

import (
	"math"
	"strconv"
)

// float writes a number as JavaScript does. Below small and from large on it has
// an exponent, which has no leading zero.
func (w *Writer) float(v float64, bits int) {
	if n, ok := thousandths(v, bits); ok {
		w.buf = appendThousandths(w.buf, n)
		return
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		w.invalid = true
		return
	}
	small, large := 1e-6, 1e21
	if bits == 32 {
		small, large = float64(float32(1e-6)), float64(float32(1e21))
	}
	if abs := math.Abs(v); abs == 0 || abs >= small && abs < large {
		w.buf = strconv.AppendFloat(w.buf, v, 'f', -1, bits)
		return
	}
	w.buf = strconv.AppendFloat(w.buf, v, 'e', -1, bits)
	if n := len(w.buf); w.buf[n-2] == '0' && w.buf[n-3] == '-' {
		w.buf = append(w.buf[:n-2], w.buf[n-1])
	}
}

// thousandths returns how many thousandths v is, if its shortest text has at most
// three decimals. A float64 tells any two numbers of 15 digits apart, and a
// float32 any two of 6. So if n thousandths, rounded once, are v, then no other
// number of so few digits is.
func thousandths(v float64, bits int) (n int64, ok bool) {
	thousand := math.RoundToEven(v * 1000)
	switch {
	case v == 0: // which may be negative
		return 0, !math.Signbit(v)
	case bits == 64:
		return int64(thousand), math.Abs(v) < 1e9 && thousand/1000 == v
	}
	return int64(thousand), math.Abs(thousand) < 1e6 && float32(thousand)/1000 == float32(v)
}

// appendThousandths appends n/1000.
func appendThousandths(b []byte, n int64) []byte {
	if n < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendInt(b, n/1000, 10)
	rest := n % 1000
	if rest == 0 {
		return b
	}
	b = append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

package wsjson

import "strconv"

// This file reads numbers. Each function returns false if it has read none,
// because null came or something odd.

// integer reads a number without fraction and exponent. It stops behind the
// digits, and the next step takes a fraction or exponent there for odd.
func (r *Reader) integer() (int64, bool) {
	if r.i >= len(r.data) || r.data[r.i] != '-' {
		n, ok := r.natural()
		if n >= 1<<63 {
			r.odd = true
		}
		return int64(n), ok
	}
	r.i++
	n, ok := r.digits()
	if !ok || n > 1<<63 {
		r.odd = true
	}
	return -int64(n), ok
}

// natural is integer for a number that is not negative.
func (r *Reader) natural() (uint64, bool) {
	start := r.i
	n, ok := r.digits()
	switch {
	case ok:
	case r.i == start:
		r.pass(start)
	default:
		r.odd = true
	}
	return n, ok
}

// digits reads the digits of an integer as JSON writes them. More than a uint64
// holds are none.
func (r *Reader) digits() (uint64, bool) {
	const most = 20 // the digits of the largest, which is 1.8e19
	b, start, n := r.data, r.i, uint64(0)
	i := start
	for stop := min(len(b), start+most); i < stop && b[i]-'0' <= 9; i++ {
		n = n*10 + uint64(b[i]-'0')
	}
	r.i = i
	count := i - start
	fits := count < most || b[start] == '1' && n >= 1e19 // it has not gone round
	return n, fits && count > 0 && (count == 1 || b[start] != '0')
}

// exactDigits is how many digits a float64 holds, whatever they are: a number of
// so many, divided by a power of ten that a float64 holds as well, is rounded
// once, as strconv.ParseFloat rounds it. In a float32 the digits have to be below
// exactFloat32.
const (
	exactDigits   = 15
	exactFloat32  = 1 << 24
	exactDecimals = 10 // in a float32
)

// float reads a number as JSON writes it.
func (r *Reader) float(bits int) (float64, bool) {
	b, start := r.data, r.i
	i := start
	if i < len(b) && b[i] == '-' {
		i++
	}
	first, n := i, uint64(0)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		n = n*10 + uint64(b[i]-'0')
	}
	if i == first || i > first+1 && b[first] == '0' {
		if r.odd = r.odd || i > start; !r.odd {
			r.pass(start)
		}
		return 0, false
	}
	digits, decimals := i-first, 0
	if i < len(b) && b[i] == '.' {
		point := i
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
			n = n*10 + uint64(b[i]-'0')
		}
		decimals = i - point - 1
		digits += decimals
		r.Require(decimals > 0)
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		digits = exactDigits + 1 // not this way
		var has bool
		i, has = exponentEnd(b, i+1)
		r.Require(has)
	}
	r.i = i
	if r.odd {
		return 0, false
	}
	f, ok := exact(n, digits, decimals, bits)
	if !ok {
		var err error
		f, err = strconv.ParseFloat(string(b[start:i]), bits)
		r.Require(err == nil)
	} else if b[start] == '-' {
		f = -f
	}
	return f, true
}

// numberEnd returns where the number at i ends, and whether it is one.
func numberEnd(b []byte, i int) (end int, ok bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	start := i
	i = digitsEnd(b, i)
	ok = i == start+1 || i > start && b[start] != '0'
	if i < len(b) && b[i] == '.' {
		point := i
		i = digitsEnd(b, i+1)
		ok = ok && i > point+1
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		var has bool
		i, has = exponentEnd(b, i+1)
		ok = ok && has
	}
	return i, ok
}

// exponentEnd returns where the sign and the digits of an exponent end, and
// whether there are any.
func exponentEnd(b []byte, i int) (end int, ok bool) {
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	end = digitsEnd(b, i)
	return end, end > i
}

// digitsEnd returns the first place from i on that has no digit.
func digitsEnd(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// exact returns n with so many decimals, if that takes one division.
func exact(n uint64, digits, decimals, bits int) (float64, bool) {
	switch {
	case digits > exactDigits:
	case bits == 64:
		return float64(n) / powers[decimals], true
	case n < exactFloat32 && decimals <= exactDecimals:
		return float64(float32(n) / float32(powers[decimals])), true
	}
	return 0, false
}

// powers are those of ten, up to exactDigits.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

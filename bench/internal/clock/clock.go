// Package clock is the time that travels inside messages: all processes of a
// run read the same one, so a receiver can tell how long a message took.
package clock

import "golang.org/x/sys/unix"

// Digits is the length of every Stamp in decimal. It does not vary, so that a
// stamp can be overwritten in place, and a JavaScript number holds it exactly.
const Digits = 16

// base lifts a stamp to 16 digits for the next 250 years of uptime.
const base = 1_000_000_000_000_000

// Now is the stamp of this moment: microseconds of CLOCK_MONOTONIC, which
// counts from the machine's start, plus base.
func Now() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // the clock exists on every Linux
	}
	return base + ts.Sec*1_000_000 + ts.Nsec/1000
}

// Put writes stamp into dst, which has at least Digits bytes.
func Put(dst []byte, stamp int64) {
	for i := Digits - 1; i >= 0; i-- {
		dst[i] = byte('0' + stamp%10)
		stamp /= 10
	}
}

// Parse reads a stamp from the front of b; false if there is none.
func Parse(b []byte) (int64, bool) {
	if len(b) < Digits {
		return 0, false
	}
	var n int64
	for _, c := range b[:Digits] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

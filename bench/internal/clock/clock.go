// Package clock is the time that travels inside messages: all processes of a
// run read the same one, so a receiver can tell how long a message took.
package clock

import (
	"encoding/binary"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// Digits is the length of every Stamp in decimal. It does not vary, so that a
// stamp can be overwritten in place, and a JavaScript number holds it exactly.
const Digits = 16

// base lifts a stamp to 16 digits for the next 250 years of uptime.
const base = 1_000_000_000_000_000

// Now is the stamp of this moment: microseconds of CLOCK_MONOTONIC, which
// counts from the machine's start, plus base.
func Now() int64 { return base + system()/1000 }

// system reads CLOCK_MONOTONIC, in ns.
func system() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // the clock exists on every Linux
	}
	return ts.Nano()
}

// Watch tells the same time without a system call. Go reads the same clock,
// but only tells how long ago something was.
type Watch struct {
	began   time.Time
	beganAt int64
}

// NewWatch makes a Watch. The clock is read on both sides of Go's, some times: the
// process may be held up in between.
func NewWatch() Watch {
	var w Watch
	shortest := int64(math.MaxInt64)
	for range 100 {
		before, began := system(), time.Now()
		if took := system() - before; took < shortest {
			shortest, w = took, Watch{began, before + took/2}
		}
	}
	return w
}

// Now is the stamp of this moment.
func (w Watch) Now() int64 { return base + (w.beganAt+int64(time.Since(w.began)))/1000 }

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
	high, ok := eight(binary.LittleEndian.Uint64(b))
	low, also := eight(binary.LittleEndian.Uint64(b[8:]))
	return high*1e8 + low, ok && also
}

// eight turns eight digits into their number, all at a time: neighbours are
// joined to pairs, pairs to fours, and fours to the whole.
func eight(v uint64) (int64, bool) {
	const zeros, nibbles = 0x3030303030303030, 0xF0F0F0F0F0F0F0F0
	ok := v&nibbles == zeros && (v+0x0606060606060606)&nibbles == zeros
	v &= 0x0F0F0F0F0F0F0F0F
	v = v*10 + v>>8
	v = (v&0x000000FF000000FF)*(100+1_000_000<<32) + (v>>16&0x000000FF000000FF)*(1+10_000<<32)
	return int64(v >> 32), ok
}

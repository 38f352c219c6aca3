package wsjson

import "sync"

// A text that is longer than maxKept is written into memory that goes from one Writer
// to the next. No Writer keeps it, so there is as much as there are such texts at a
// time, and the garbage collector takes what is not used. Without it each text of 1 MB
// would have memory of its own, and a collection be due behind every few.
var (
	rooms128K = sync.Pool{} // of *[]byte, each with that capacity
	rooms512K = sync.Pool{}
	rooms2M   = sync.Pool{}
	rooms8M   = sync.Pool{}
)

// roomsFor returns the pool of memory for n bytes, and how much each piece in it has;
// nil if there is none.
func roomsFor(n int) (pool *sync.Pool, size int) {
	switch {
	case n <= maxKept:
		return nil, n
	case n <= 128<<10:
		return &rooms128K, 128 << 10
	case n <= 512<<10:
		return &rooms512K, 512 << 10
	case n <= 2<<20:
		return &rooms2M, 2 << 20
	case n <= 8<<20:
		return &rooms8M, 8 << 20
	}
	return nil, n
}

// room returns memory for n bytes, empty.
func room(n int) []byte {
	pool, size := roomsFor(n)
	if pool != nil {
		if p, is := pool.Get().(*[]byte); is {
			return *p
		}
	}
	return make([]byte, 0, size)
}

// giveBack gives memory of room's back. Any other is left to the garbage collector.
func giveBack(b []byte) {
	if pool, size := roomsFor(cap(b)); pool != nil && size == cap(b) {
		b = b[:0]
		pool.Put(&b)
	}
}

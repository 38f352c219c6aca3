package redisbroker

import "time"

// NewTimed is New with short times.
func NewTimed(o Options, probe, look time.Duration) *Broker {
	b := New(o)
	b.times.probe, b.times.look = probe, look
	return b
}

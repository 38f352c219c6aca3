package socket

import (
	"time"
	"weak"
)

// collections notices when garbage was collected.
type collections struct {
	sign weak.Pointer[sign] // of what the next one collects
	last time.Duration      // when the last was noticed, by Engine.Clock
}

// sign is large enough that the allocator keeps it apart from others.
type sign [32]byte

// look notices a collection.
func (c *collections) look(now time.Duration) {
	if c.sign.Value() == nil {
		c.sign, c.last = weak.Make(new(sign)), now
	}
}

//go:build !linux

package ws

// vitals is what a kernel that can be asked knows of a TCP connection.
type vitals struct {
	acked  uint64
	unsent int
	unread int
	gone   bool
}

// vitals returns false: this kernel is not asked.
func (c *conn) vitals() (v vitals, ok bool) { return v, false }

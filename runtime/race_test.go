//go:build race

package ws

// racing: the race detector makes pools forget, so allocations do not count.
const racing = true

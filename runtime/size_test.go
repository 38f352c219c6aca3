package ws

import (
	"testing"
	"unsafe"
)

// TestConnSize: an idle connection is one of 320 bytes: one more word and each
// takes the next size class, 352.
func TestConnSize(t *testing.T) {
	if size := unsafe.Sizeof(conn{}); size > 320 {
		t.Errorf("a connection takes %d bytes, at most 320", size)
	}
	if size := unsafe.Sizeof(work{}); size > 48 {
		t.Errorf("what a connection with a state has takes %d bytes, at most 48", size)
	}
}

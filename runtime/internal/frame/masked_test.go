package frame_test

import (
	"bytes"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// FuzzAppendMasked: a client's frame passes the server's guard, alone and behind
// another, and has its payload.
func FuzzAppendMasked(f *testing.F) {
	for _, n := range []int{0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 70_001} {
		f.Add(bytes.Repeat([]byte("x\x00\xff"), n/3+1)[:n], uint32(0xdeadbeef+n))
	}
	f.Add([]byte("same"), uint32(0))
	f.Fuzz(func(t *testing.T, payload []byte, mask uint32) {
		before := bytes.Clone(payload)
		first := frame.AppendMasked(nil, frame.OpPing, []byte("p"), mask)
		both := frame.AppendMasked(bytes.Clone(first), frame.OpText, payload, mask)
		if !bytes.Equal(payload, before) {
			t.Fatal("the payload itself was masked")
		}
		var g frame.Guard
		if sound, bad := g.Check(both, 1<<31, false); bad != nil || sound != len(both) || g.Left() != 0 {
			t.Fatalf("%d of %d bytes are sound: %v", sound, len(both), bad)
		}
		if !bytes.Equal(both[:len(first)], first) {
			t.Fatal("the frame before it was changed")
		}
		end := len(both) - len(payload)
		got := bytes.Clone(both[end:])
		frame.Unmask(got, [4]byte(both[end-4:end]))
		if !bytes.Equal(got, payload) {
			t.Fatalf("%.100q became %.100q", payload, got)
		}
	})
}

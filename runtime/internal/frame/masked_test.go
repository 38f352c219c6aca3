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

// TestUnmask: a payload of any length, at any place in memory, is unmasked byte by
// byte, and masked again by the same.
func TestUnmask(t *testing.T) {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	memory := make([]byte, 120)
	for i := range memory {
		memory[i] = byte(i * 7)
	}
	for from := range 17 {
		for n := range 100 {
			got, want := bytes.Clone(memory), bytes.Clone(memory)
			for i := range n {
				want[from+i] ^= mask[i%4]
			}
			frame.Unmask(got[from:from+n], mask)
			if !bytes.Equal(got, want) {
				t.Fatalf("%d bytes from %d: %x, want %x", n, from, got, want)
			}
			frame.Unmask(got[from:from+n], mask)
			if !bytes.Equal(got, memory) {
				t.Fatalf("%d bytes from %d do not come back", n, from)
			}
		}
	}
}

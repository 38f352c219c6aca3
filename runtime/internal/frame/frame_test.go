package frame

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

// TestText: the header of a frame has the shortest form for its length, and the
// payload follows.
func TestText(t *testing.T) {
	for n, head := range map[int][]byte{
		0:         {0x81, 0},
		125:       {0x81, 125},
		126:       {0x81, 126, 0, 126},
		1<<16 - 1: {0x81, 126, 0xff, 0xff},
		1 << 16:   binary.BigEndian.AppendUint64([]byte{0x81, 127}, 1<<16),
	} {
		text := strings.Repeat("x", n)
		frame := Text(text)
		if headerLen(frame) != len(head) || !bytes.HasPrefix(frame, head) || string(frame[len(head):]) != text {
			t.Errorf("%d bytes: %x", n, frame[:min(len(frame), 12)])
		}
	}
}

// TestDeflate: the twin of a frame inflates to its text and is marked. There is
// none if it were no shorter.
func TestDeflate(t *testing.T) {
	for _, n := range []int{100, 1000, 100_000, 10_000_000} {
		text := strings.Repeat("abc ", n)
		short := Deflate(Text(text))
		if short == nil || short[0] != FinBit|RSV1Bit|OpText {
			t.Fatalf("%d times: %x", n, short)
		}
		in := io.MultiReader(bytes.NewReader(short[headerLen(short):]), strings.NewReader(deflateTail+"\x01\x00\x00\xff\xff"))
		if got, err := io.ReadAll(flate.NewReader(in)); err != nil || string(got) != text {
			t.Errorf("%d times: %d bytes, %v", n, len(got), err)
		}
	}
	if twin := Deflate(Text("short")); twin != nil {
		t.Errorf("%x is longer than it was", twin)
	}
}

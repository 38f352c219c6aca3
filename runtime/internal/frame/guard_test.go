package frame

import (
	"encoding/binary"
	"testing"
)

// TestGuardAlone: frames that gws would refuse as well are refused by Guard,
// and for its own reason.
func TestGuardAlone(t *testing.T) {
	for reason, frame := range map[string][]byte{
		"protocol: frame not masked":               {FinBit | OpText, 0},
		"protocol: reserved bit set":               {FinBit | RSV1Bit | OpText, 0x80, 1, 2, 3, 4},
		"protocol: unknown opcode 3":               {FinBit | 3, 0x80, 1, 2, 3, 4},
		"too_large: a message has at most 1 bytes": {FinBit | OpText, 0x82, 1, 2, 3, 4},
	} {
		if _, bad := new(Guard).Check(frame, 1, false); bad == nil || bad.Text != reason {
			t.Errorf("got %v, want %q", bad, reason)
		}
	}
}

// FuzzFrameGuard: the verdict does not depend on how the bytes are cut, and
// nothing beyond the first bad header counts as sound.
func FuzzFrameGuard(f *testing.F) {
	masked := func(first byte, n int) []byte {
		return append([]byte{first, 0x80 | byte(n), 1, 2, 3, 4}, make([]byte, n)...)
	}
	f.Add(append(masked(0x81, 5), masked(0x89, 0)...), uint8(1))
	f.Add(append(masked(0x81, 5), append([]byte{0x81, 0xff}, binary.BigEndian.AppendUint64(nil, 1<<63)...)...), uint8(3))
	f.Add([]byte{0x81, 0xfe, 0, 200, 1, 2, 3, 4}, uint8(2))
	f.Add([]byte{0xc1, 0x80}, uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, step uint8) {
		whole := Guard{}
		sound, bad := whole.Check(stream, 1000, false)
		pieces := Guard{}
		size := int(step)%7 + 1
		total := 0
		for i := 0; i < len(stream); i += size {
			n, err := pieces.Check(stream[i:min(i+size, len(stream))], 1000, false)
			if err != nil {
				// Whole headers are held back, so a header that began in an
				// earlier piece was let through: gws waits for its end.
				if bad == nil || err.Text != bad.Text || i+n < sound {
					t.Fatalf("cut: %v at %d, whole: %v at %d", err, i+n, bad, sound)
				}
				return
			}
			total += n
		}
		if bad != nil || total != len(stream) || whole != pieces {
			t.Fatalf("cut: fine, whole: %v at %d", bad, sound)
		}
	})
}

package envelope

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Half of a typical message is inside strings, so these look at eight bytes at
// a time. In a word w, (w^'x'*ones)-ones sets the high bit of every byte that
// is x; a borrow can set further ones, but only above such a byte, and only
// the lowest counts.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// PlainEnd returns the first place from i on whose byte does not stand for
// itself in a JSON string, or is not ASCII; len(b) if there is none.
func PlainEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if found := odd(binary.LittleEndian.Uint64(b[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	switch {
	case i >= len(b):
		return i
	case len(b) >= 8:
		// The last word once more, without what has been looked at, and spaces
		// in its stead: most strings are shorter than a word.
		rest := uint(len(b)-i) * 8
		w := binary.LittleEndian.Uint64(b[len(b)-8:])>>((64-rest)&63) | ' '*ones<<(rest&63)
		if found := odd(w); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		return len(b)
	}
	for i < len(b) {
		if c := b[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
		i++
	}
	return i
}

// odd marks the bytes of a word that PlainEnd looks for.
func odd(w uint64) uint64 {
	quote, slash := w^'"'*ones, w^'\\'*ones
	return (w | (w - ' '*ones) | (quote - ones) | (slash - ones)) & highs
}

// textEnd returns where the string that begins at i ends; 0 if nowhere.
func textEnd(b []byte, i int) int {
	for i++; i < len(b); {
		if i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, slash := w^'"'*ones, w^'\\'*ones
			found := ((quote-ones)&^quote | (slash-ones)&^slash) & highs
			if found == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(found) / 8
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
		i++
	}
	return 0
}

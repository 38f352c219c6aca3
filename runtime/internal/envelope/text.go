package envelope

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// TextEnd returns the first place from i on whose byte does not stand for itself
// in a JSON string; len(b) if there is none. Letters beyond ASCII do, if they are
// UTF-8, which it does not check. ascii says that there are none up to the end.
func TextEnd(b []byte, i int) (end int, ascii bool) {
	all := uint64(0)
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if found := special(w); found != 0 {
			all |= w & (found&-found - 1) // the bytes before, and no high bit of it
			return i + bits.TrailingZeros64(found)/8, all&highs == 0
		}
		all |= w
	}
	for ; i < len(b) && !isSpecial(b[i]); i++ {
		all |= uint64(b[i])
	}
	return i, all&highs == 0
}

// StringEnd is TextEnd for a string.
func StringEnd(s string, i int) (end int, ascii bool) {
	all := uint64(0)
	for ; i+8 <= len(s); i += 8 {
		w := word(s[i : i+8])
		if found := special(w); found != 0 {
			all |= w & (found&-found - 1)
			return i + bits.TrailingZeros64(found)/8, all&highs == 0
		}
		all |= w
	}
	for ; i < len(s) && !isSpecial(s[i]); i++ {
		all |= uint64(s[i])
	}
	return i, all&highs == 0
}

// word returns the eight bytes of s, as binary.LittleEndian.Uint64 does. The
// compiler makes one load of it.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// special marks the bytes of a word that TextEnd looks for. A byte beyond ASCII
// has its high bit in w and in both exclusive ors, so &^ takes it out.
func special(w uint64) uint64 {
	quote, slash := w^'"'*ones, w^'\\'*ones
	return ((w-' '*ones)&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highs
}

// isSpecial is special for one byte.
func isSpecial(c byte) bool { return c < ' ' || c == '"' || c == '\\' }

// A string is long from longText bytes on. Then it is looked through in windows,
// which bound what is looked at twice in a string full of escapes. A message
// that is not longer than longValue is not asked for long strings.
const (
	longText  = 64
	longValue = 512
	window    = 1 << 10
)

// longPlainEnd is PlainEnd for the rest of a long string. bytes.IndexByte looks
// at 32 bytes at a time, so three looks take less time than one by words.
func longPlainEnd(b []byte, i int) int {
	for i < len(b) {
		text := b[i:min(i+window, len(b))]
		whole := len(text)
		if quote := bytes.IndexByte(text, '"'); quote >= 0 {
			text = text[:quote]
		}
		if slash := bytes.IndexByte(text, '\\'); slash >= 0 {
			text = text[:slash]
		}
		if n := letters(text); n < whole {
			return i + n
		}
		i += whole
	}
	return i
}

// letters returns the first place whose byte is a control character or not ASCII;
// len(b) if there is none. The compiler checks the length once for each array, and not
// for each word.
func letters(b []byte) int {
	rest := b
	for ; len(rest) >= 64; rest = rest[64:] {
		p := (*[64]byte)(rest)
		p0, p1 := binary.LittleEndian.Uint64(p[:8]), binary.LittleEndian.Uint64(p[8:16])
		p2, p3 := binary.LittleEndian.Uint64(p[16:24]), binary.LittleEndian.Uint64(p[24:32])
		p4, p5 := binary.LittleEndian.Uint64(p[32:40]), binary.LittleEndian.Uint64(p[40:48])
		p6, p7 := binary.LittleEndian.Uint64(p[48:56]), binary.LittleEndian.Uint64(p[56:64])
		found := p0 | p1 | p2 | p3 | p4 | p5 | p6 | p7 // a byte beyond ASCII has its high bit
		found |= (p0 - ' '*ones) | (p1 - ' '*ones) | (p2 - ' '*ones) | (p3 - ' '*ones)
		found |= (p4 - ' '*ones) | (p5 - ' '*ones) | (p6 - ' '*ones) | (p7 - ' '*ones)
		if found&highs != 0 {
			break
		}
	}
	for ; len(rest) >= 8; rest = rest[8:] {
		if p := binary.LittleEndian.Uint64(rest); (p|(p-' '*ones))&highs != 0 {
			break
		}
	}
	i := len(b) - len(rest)
	for i < len(b) && b[i] >= ' ' && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// restOfText returns a place at i or behind it, in the string that i is in: all
// before that place has neither quotes nor backslashes, but for what is escaped.
// In a long string it is the one of the quote at its end; len(b) or more if there
// is none.
func restOfText(b []byte, i int) int {
	for stop := min(i+longText, len(b)) - 8; i <= stop; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^'"'*ones, w^'\\'*ones
		if ((quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			return i
		}
	}
	if i+8 <= len(b) {
		return QuoteFrom(b, i)
	}
	return i
}

// QuoteFrom returns where the quote is at the end of the string that i is in;
// len(b) or more if nowhere.
func QuoteFrom(b []byte, i int) int {
	for i < len(b) {
		stop := min(i+window, len(b))
		quote := bytes.IndexByte(b[i:stop], '"')
		if quote >= 0 {
			stop = i + quote
		}
		for i < stop {
			slash := bytes.IndexByte(b[i:stop], '\\')
			if slash < 0 {
				i = stop
				break
			}
			i += slash + 2 // which may be behind the quote: then that is escaped
		}
		if quote >= 0 && i == stop {
			return i
		}
	}
	return i
}

package history

import (
	"math"
	"testing"
)

func TestPosition(t *testing.T) {
	for text, want := range map[string]Position{
		"a.0":                                   {"a", 0},
		"k3Jx.1042":                             {"k3Jx", 1042},
		"0123456789abcdEF.18446744073709551615": {"0123456789abcdEF", math.MaxUint64},
	} {
		got, ok := ParsePosition(text)
		if !ok || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", ".", "a", "a.", ".1", "a.01", "a.+1", "a.-1", "a. 1", "a.1 ", "a.1.2", "ä.1", "a-b.1", "a.0x1", "a.1_0",
		"a.18446744073709551616", "0123456789abcdefg.1", "a.000000000000000000000000000000000000001",
	} {
		if got, ok := ParsePosition(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// FuzzPosition: what is read has one text, and nothing makes reading fail otherwise.
func FuzzPosition(f *testing.F) {
	for _, text := range []string{"k3Jx.1042", "a.0", ".", "a.18446744073709551616", "a.00", "\xff.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := ParsePosition(text)
		switch {
		case !ok:
			if p != (Position{}) {
				t.Errorf("%q is refused, and %v", text, p)
			}
		case p.String() != text || len(text) > MaxPosition:
			t.Errorf("%q is %v, whose text is %s", text, p, p)
		}
	})
}

// TestID: histories of other logs, kinds and names have other ids, which do not tell
// the names.
func TestID(t *testing.T) {
	a, b := &Log{Name: "a"}, &Log{Name: "b"}
	seen := map[string]Key{}
	for _, k := range []Key{{a, false, ""}, {a, false, "x"}, {a, true, "x"}, {b, false, "x"}, {a, false, "x\x00"}, {&Log{Name: "a\x00r"}, false, "x"}} {
		id := k.ID()
		if other, is := seen[id]; is || len(id) != IDBytes {
			t.Errorf("%v and %v: %s", k, other, id)
		}
		seen[id] = k
	}
	if again := (Key{&Log{Name: "a"}, false, "x"}).ID(); seen[again].Name != "x" {
		t.Error("another Server has other ids")
	}
}

package bidi_test

import (
	"bytes"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/bidi"
)

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"plain, größe, 日本, שלום":   "plain, größe, 日本, שלום",
		"a\u202eb\u2066c\u2069":    `a\u202eb\u2066c\u2069`,
		"\u061c\u200e\u200f\u202a": `\u061c\u200e\u200f\u202a`,
		"no UTF-8: \xff\u202e\xe2": "no UTF-8: \xff\\u202e\xe2",
		"joined \u200d, \u200c":    "joined \u200d, \u200c",
	} {
		if got := bidi.Shown(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		var out bytes.Buffer
		if n, err := (bidi.Writer{To: &out}).Write([]byte(text)); n != len(text) || err != nil || out.String() != want {
			t.Errorf("%q: wrote %q, %d, %v", text, &out, n, err)
		}
	}
}

package tsclient

import (
	"strings"
	"testing"
)

// TestPart: what is for histories is left out whole, and no mark stays.
func TestPart(t *testing.T) {
	for name, text := range map[string]string{"wsgen.ts": Common, "wsgen.js": Script} {
		if n := strings.Count(text, keptBegins); n != strings.Count(text, keptEnds) || n < 5 {
			t.Errorf("%s: %d parts begin, and %d end", name, n, strings.Count(text, keptEnds))
		}
		whole, lean := Part(text, true), Part(text, false)
		if strings.Contains(whole+lean, "// wsgen:") {
			t.Errorf("%s: there is a mark in a part", name)
		}
		for _, word := range []string{"onRecovered", "onLost", "WsHistory", `"$joined"`, "#places", "#claimed"} {
			if !strings.Contains(whole, word) || strings.Contains(lean, word) {
				t.Errorf("%s: %s has to be in what is for histories, and nowhere else", name, word)
			}
		}
	}
}

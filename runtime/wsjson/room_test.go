package wsjson_test

import (
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// TestRelease: texts of any length are whole, whoever had their memory before; and a
// Writer that was released keeps no more than 64 KiB.
func TestRelease(t *testing.T) {
	var one, other wsjson.Writer
	for i, n := range []int{10, 60_000, 70_000, 70_000, 200_000, 200_000, 600_000, 3 << 20, 3 << 20, 9 << 20, 10, 10} {
		w := &one
		if i%3 == 2 {
			w = &other
		}
		text := strings.Repeat(string(rune('a'+i)), n)
		w.Reset(append(w.AvailableBuffer(), '#'))
		wsjson.WriteString(w, text)
		if want := `#"` + text + `"`; string(w.Bytes()) != want {
			t.Errorf("text %d of %d bytes became %d", i, n, len(w.Bytes()))
		}
		w.Release()
		if kept := cap(w.Bytes()); kept > 64<<10 {
			t.Errorf("behind text %d of %d bytes the Writer has %d", i, n, kept)
		}
	}
}

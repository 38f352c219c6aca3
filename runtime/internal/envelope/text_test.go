package envelope_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// TestTextEnd holds the functions that look at many bytes at once to a loop over
// bytes, for every byte at every place of texts of many lengths.
func TestTextEnd(t *testing.T) {
	lengths := []int{56, 63, 64, 65, 71, 72, 73, 96, 127, 128, 200, 1087, 1088, 1089, 1200, 2200}
	for n := range 40 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		for _, fill := range []string{"x", "ä", " ", "~"} {
			text := []byte(strings.Repeat(fill, n)[:n])
			check(t, text, 0)
			places := []int{0, 1, 7, 8, 62, 63, 64, 65, 1023, 1087, 1088, n / 2, n - 9, n - 8, n - 2, n - 1}
			for _, at := range places {
				if at < 0 || at >= n {
					continue
				}
				for _, c := range []byte{'"', '\\', 0, 1, 0x1f, ' ', '!', '#', '[', ']', 0x7f, 0x80, 0xa2, 0xdc, 0xff} {
					changed := bytes.Clone(text)
					changed[at] = c
					check(t, changed, 0)
					check(t, changed, min(n, 3))
					if at+1 < n {
						changed[at+1] = '"' // a borrow from the byte before must not hide it
						check(t, changed, 0)
					}
				}
			}
		}
	}
}

func check(t *testing.T, text []byte, from int) {
	t.Helper()
	plain := from
	for plain < len(text) && text[plain] >= ' ' && text[plain] < 0x80 && text[plain] != '"' && text[plain] != '\\' {
		plain++
	}
	end, ascii := from, true
	for end < len(text) && text[end] >= ' ' && text[end] != '"' && text[end] != '\\' {
		ascii = ascii && text[end] < 0x80
		end++
	}
	if got := envelope.PlainEnd(text, from); got != plain {
		t.Fatalf("%q from %d: PlainEnd %d, want %d", text, from, got, plain)
	}
	if got, is := envelope.TextEnd(text, from); got != end || is != ascii {
		t.Fatalf("%q from %d: TextEnd %d %v, want %d %v", text, from, got, is, end, ascii)
	}
	if got, is := envelope.StringEnd(string(text), from); got != end || is != ascii {
		t.Fatalf("%q from %d: StringEnd %d %v, want %d %v", text, from, got, is, end, ascii)
	}
}

// TestNestedLong is TestNested for data that is long enough to be looked through
// by strings.
func TestNestedLong(t *testing.T) {
	for _, fill := range []string{"x", `\"`, `\\`, "ä", `\u005d`, "]}", `","`, `"],["`} {
		for _, n := range []int{10, 100, 1000, 5000} {
			for pad := range 9 {
				text := strings.Repeat(fill, n)
				other := strings.Repeat("y]", n/3)
				data := fmt.Sprintf(`{"a":["%s"],"b":%s{"c":"%s}]"},"d":[[],{}]}`, text, strings.Repeat(" ", pad), other)
				whole := `{"event":"a","data":` + data + `,"id":7}`
				var f envelope.Frame
				if err := f.Parse([]byte(whole)); err != nil || string(f.Data) != data || string(f.ID) != "7" || f.Checked {
					t.Fatalf("%d times %s: %d bytes of %d, id %s, %v", n, fill, len(f.Data), len(data), f.ID, err)
				}
				if !strings.Contains(strings.ReplaceAll(fill, `\"`, ""), `"`) {
					f = envelope.Frame{}
					bare := `"` + text + `"`
					if err := f.Parse([]byte(`{"event":"a","data":` + bare + `,"id":7}`)); err != nil || string(f.Data) != bare || string(f.ID) != "7" {
						t.Fatalf("%d times %s on its own: %d bytes of %d, %v", n, fill, len(f.Data), len(bare), err)
					}
				}
				for _, cut := range []int{1, 2, 5, n / 2, n, len(data) - 1} {
					var f envelope.Frame
					if err := f.Parse([]byte(whole[:len(whole)-len(`,"id":7}`)-cut])); err == nil {
						t.Fatalf("%d times %s, without its last %d bytes: parsed", n, fill, cut)
					}
				}
			}
		}
	}
}

package outbox

import (
	"fmt"
	"strings"
	"testing"
)

// TestNote: a note says how many frames were lost where the newest would be, and
// is renewed there; of older ones, one note has the sum. It is never shed, and
// what is queued counts as before when all is written.
func TestNote(t *testing.T) {
	note := func(n int) []byte { return fmt.Appendf(nil, "-%d", n) }
	for _, c := range []struct{ name, do, want string }{
		{"empty", "n", "-1"},
		{"behind", "a b n", "a b -1"},
		{"once more", "a b n n n", "a b -3"},
		{"two places", "a n b n n", "a -1 b -2"},
		{"ten", "a nnnnnnnnnn n", "a -11"},
		{"older", "a b o c o", "a b -2 c"},
		{"older, nothing", "o a", "-1 a"},
		{"both", "a n b o c n o", "a -2 b c -2"},
		{"kept", "a n b c d s s s", "-1 s s s"},
		{"closed", "a n . n", "a -1"},
	} {
		var q Queue
		q.Limit(&Limits{Frames: 4, Bytes: 1000, Total: NewBudget(1 << 20)})
		q.Hold()
		for _, word := range strings.Fields(c.do) {
			switch word[0] {
			case 'n':
				for range len(word) {
					q.Note(1, false, note)
				}
			case 'o':
				q.Note(1, true, note)
			case '.':
				q.Close(nil)
				if v := q.Note(1, false, note); v != Closed {
					t.Errorf("%s: %v of a closed queue", c.name, v)
				}
			default:
				f := new(Frame)
				f.Share([]byte(word))
				q.Offer(f, "", word == "s")
				f.Settle(q.total())
			}
		}
		q.Resume()
		var got []string
		var b Batch
		for q.Take(&b, 1); b.Len() > 0; q.Next(&b, 1) {
			got = append(got, string(b.Join(nil)))
		}
		b.Settle(q.total())
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if q.frames != 0 || q.bytes != 0 || q.total().Used() != 0 {
			t.Errorf("%s: %d frames, %d bytes, %d of the total are left", c.name, q.frames, q.bytes, q.total().Used())
		}
	}
}

package hub

import (
	"math/rand/v2"
	"testing"
)

// TestIndex: however connections come and go, the index says what a map would
// say.
func TestIndex(t *testing.T) {
	var x index
	want := map[uint64]*Member{}
	last := rand.Uint64() >> 40 << 40 // as a Server counts
	var live []*Member
	for step := range 200_000 {
		// Waves: the crowd grows to thousands and shrinks to nothing.
		if rising := step/20_000%2 == 0; len(live) == 0 || rand.IntN(10) < 3 == !rising {
			last++
			c := &Member{ID: last}
			if x.get(c.ID) != nil {
				t.Fatal("found before it was added")
			}
			x.add(c)
			want[c.ID] = c
			live = append(live, c)
		} else {
			i := rand.IntN(len(live))
			c := live[i]
			live[i] = live[len(live)-1]
			live = live[:len(live)-1]
			x.remove(c)
			delete(want, c.ID)
			if x.get(c.ID) != nil {
				t.Fatal("found after it was removed")
			}
		}
		if x.len != len(want) {
			t.Fatalf("%d are counted of %d", x.len, len(want))
		}
		if step%1000 == 0 {
			for id, c := range want {
				if x.get(id) != c {
					t.Fatalf("%v is lost in step %d", id, step)
				}
			}
		}
	}
	for _, c := range live {
		x.remove(c)
	}
	if len(x.slots) > minIndex {
		t.Errorf("%d slots are kept for nobody", len(x.slots))
	}
}

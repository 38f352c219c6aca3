package ws

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestSessionIndex: the index holds what a map holds, whatever comes and goes, also
// where many keys begin alike; and its memory goes with the crowd.
func TestSessionIndex(t *testing.T) {
	const steps = 6_000
	for _, spread := range []uint64{1 << 62, 64} {
		r := rand.New(rand.NewPCG(1, spread))
		var x sessionIndex
		model := map[sessionKey]*sessionEntry{}
		var keys []sessionKey
		check := func(key sessionKey) {
			t.Helper()
			if got := x.get(&key); got != model[key] {
				t.Fatalf("%x: %p, want %p", key, got, model[key])
			}
		}
		for i := range steps {
			if coming := i < steps/2; len(keys) == 0 || r.IntN(10) < 3 != coming {
				e := new(sessionEntry)
				binary.LittleEndian.PutUint64(e.key[:], r.Uint64N(spread))
				binary.LittleEndian.PutUint64(e.key[8:], uint64(i))
				x.add(e)
				model[e.key] = e
				keys = append(keys, e.key)
			} else {
				at := r.IntN(len(keys))
				gone := model[keys[at]]
				x.remove(gone)
				x.remove(gone) // it is not there any more
				delete(model, keys[at])
				keys[at] = keys[len(keys)-1]
				keys = keys[:len(keys)-1]
				check(gone.key)
			}
			if len(keys) > 0 {
				check(keys[r.IntN(len(keys))])
			}
			if x.len != len(model) || len(x.slots) < x.len*4/3 || len(x.slots) > max(minSessionIndex, 8*x.len+8) {
				t.Fatalf("%d of %d in %d slots", x.len, len(model), len(x.slots))
			}
		}
		for _, key := range keys {
			check(key)
		}
	}
}

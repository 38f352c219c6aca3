package gotype_test

import (
	"go/types"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// TestTrail checks that a walk goes into each type once, until it is told to forget
// it, whether it has seen few types or many.
func TestTrail(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 15, 16, 17, 100} {
		list := make([]types.Type, n)
		w := gotype.NewTrail(t.Context())
		for i := range list {
			list[i] = types.NewSlice(types.Typ[types.Int])
			if !w.In(list[i]) {
				t.Fatalf("type %d of %d is taken for another", i, n)
			}
			w.Out(list[i])
		}
		for i, typ := range list {
			if w.In(typ) {
				t.Errorf("the walk goes into type %d of %d again", i, n)
			}
			if w.Forget(typ); !w.In(typ) {
				t.Errorf("type %d of %d is not forgotten", i, n)
			}
		}
	}
}

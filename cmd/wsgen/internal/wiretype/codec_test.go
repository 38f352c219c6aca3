package wiretype_test

import (
	"go/types"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// TestCodecMembers checks that a struct's codec has the members of its shape, in the
// same order: those that encoding/json writes.
func TestCodecMembers(t *testing.T) {
	t.Parallel()
	s := load(t)
	table := wiretype.New(t.Context(), same)
	shapes := table.Shapes(s)
	found := 0
	for _, name := range s.pkg.Scope().Names() {
		obj, ok := s.pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		codec := table.Of(obj.Type()).Codec()
		if codec == nil || codec.Kind != model.CodecStruct {
			continue
		}
		shape := shapes.Shape(obj.Type().Underlying(), wiretype.Out)
		if len(shape.Fields) != len(codec.Members) {
			t.Errorf("%s has %d members, and its codec %d", name, len(shape.Fields), len(codec.Members))
			continue
		}
		for i, m := range codec.Members {
			if last := m.Path[len(m.Path)-1]; m.Field.Name != shape.Fields[i].Name || last != m.Field {
				t.Errorf("%s: member %d is %s, and of the codec %s", name, i, shape.Fields[i].Name, m.Field.Name)
			}
			if shape.Fields[i].Optional != (m.Embedded || len(m.When) > 0) {
				t.Errorf("%s.%s: whether it may be absent is %v, and the codec's conditions are %v", name, m.Field.Name, shape.Fields[i].Optional, m.When)
			}
		}
		found += len(codec.Members)
	}
	if found < 20 {
		t.Errorf("only %d members were compared", found)
	}
}

// TestCodecKeys checks that types have one key exactly if they are one.
func TestCodecKeys(t *testing.T) {
	t.Parallel()
	s := load(t)
	table := wiretype.New(t.Context(), same)
	key := func(expr string) string { return table.Key(s.typ(t, expr)) }
	for _, c := range [][2]string{
		{"[]Point", "[]Point"}, {"map[string][]*Color", "map[string][]*Color"}, {"[]byte", "[]uint8"}, {"[3]rune", "[3]int32"}, {"*struct{ A any }", "*struct{ A any }"},
	} {
		if a, b := key(c[0]), key(c[1]); a != b {
			t.Errorf("%s has the key %s, and %s %s", c[0], a, c[1], b)
		}
	}
	seen := map[string]string{}
	for _, expr := range []string{"Point", "*Point", "[]Point", "[2]Point", "[3]Point", "map[string]Point", "map[Color]Point", "Color", "string", "struct{ A int }", "struct{ A int `json:\"a\"` }"} {
		if other, ok := seen[key(expr)]; ok {
			t.Errorf("%s and %s have one key", expr, other)
		}
		seen[key(expr)] = expr
	}
}

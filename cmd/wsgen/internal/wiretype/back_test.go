package wiretype_test

import (
	"encoding/json"
	"go/types"
	"math/big"
	"testing"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// seeded is a type with its name in the samples, and what comes back of it.
type seeded struct {
	name string
	into func() any
	back model.Back
}

func seed[T any](name string, back model.Back) seeded {
	return seeded{name, func() any { return new(T) }, back}
}

// TestSampleAndBack checks that encoding/json takes the sample of a type, and that
// what it makes of that comes back as Back says.
func TestSampleAndBack(t *testing.T) {
	t.Parallel()
	s := load(t)
	for _, c := range []seeded{
		seed[string]("string", model.BackSame),
		seed[any]("any", model.BackSame),
		seed[*[]uint8]("*[]uint8", model.BackSame),
		seed[map[int8]float32]("map[int8]float32", model.BackSame),
		seed[Color]("Color", model.BackSame),
		seed[map[Level]Color]("map[Level]Color", model.BackSame),
		seed[Tree]("Tree", model.BackSame),
		seed[Page[Page[Text]]]("Page[Page[Text]]", model.BackSame),
		seed[Alone]("Alone", model.BackSame),
		seed[Twins]("Twins", model.BackSame),
		seed[struct {
			A *bool `json:",string"`
			B [300]Point
		}]("struct{ A *bool `json:\",string\"`; B [300]Point }", model.BackSame),
		seed[Everything]("Everything", model.BackCoded),
		seed[time.Time]("Everything{}.At", model.BackCoded),
		seed[*big.Int]("Everything{}.Big", model.BackCoded),
		seed[[]Texter]("[]Texter", model.BackCoded),
		seed[map[Texter]Own]("map[Texter]Own", model.BackCoded),
		seed[OnlyIn]("OnlyIn", model.BackAny),
		seed[[]OnlyOut]("[]OnlyOut", model.BackAny),
		seed[struct{ A map[string]OnlyOut }]("struct{ A map[string]OnlyOut }", model.BackAny),
	} {
		typ := s.typ(t, c.name)
		if got := wiretype.New(t.Context(), same).Back(typ); got != c.back {
			t.Errorf("%s comes back as %d, want %d", c.name, got, c.back)
		}
		sample := wiretype.Sample(s.shapes(t).Shape(typ, wiretype.In))
		var texts [2]string
		for i, text := 0, sample; i < 2; i++ {
			v := c.into()
			if err := json.Unmarshal([]byte(text), v); err != nil {
				if i == 0 || c.back != model.BackAny {
					t.Errorf("%s is not made of %s: %v", c.name, text, err)
				}
				break
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			texts[i], text = string(b), string(b)
		}
		if (texts[0] == texts[1]) != (c.back != model.BackAny) {
			t.Errorf("%s: %s comes back as\n%s\nand then as\n%s", c.name, sample, texts[0], texts[1])
		}
	}
}

// TestBackOfOtherBuilds checks that nothing is promised of a type that another
// build declares otherwise, but of those of Go.
func TestBackOfOtherBuilds(t *testing.T) {
	t.Parallel()
	s := load(t)
	varies := func(t types.Type, methods ...string) bool {
		_, named := t.(*types.Named)
		return named && len(methods) > 0
	}
	for name, want := range map[string]model.Back{
		"int": model.BackSame, "[]Point": model.BackAny, "Everything{}.At": model.BackCoded, "Everything{}.Took": model.BackSame,
	} {
		if got := wiretype.New(t.Context(), varies).Back(s.typ(t, name)); got != want {
			t.Errorf("%s comes back as %d, want %d", name, got, want)
		}
	}
}

// TestSampleEnds checks that a sample does not grow with what a type may hold.
func TestSampleEnds(t *testing.T) {
	t.Parallel()
	shape := &model.Shape{Kind: model.ShapeBool}
	for range 40 {
		shape = &model.Shape{Kind: model.ShapeTuple, Len: 1 << 40, Elem: shape}
	}
	if text := wiretype.Sample(shape); len(text) > 4000 || !json.Valid([]byte(text)) {
		t.Errorf("a sample of %d bytes: %.100s", len(text), text)
	}
}

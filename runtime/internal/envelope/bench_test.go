package envelope_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// BenchmarkParse takes messages apart of which no two are alike, as those of a
// crowd are: the branches that the last one took say nothing of the next.
func BenchmarkParse(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(most int) string { return strings.Repeat("hello there, ", 8)[:1+random.IntN(most)] }
	frames := make([][]byte, 512)
	for i := range frames {
		frames[i] = fmt.Appendf(nil, `{"event":%q,"id":%d,"data":{"author":%q,"text":%q,"room":%q,"tags":[%q,%q],"n":%d}}`,
			text(12), i, text(12), text(80), text(12), text(6), text(9), random.IntN(1_000_000))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var f envelope.Frame
		if err := f.Parse(frames[i%len(frames)]); err != nil {
			b.Fatal(err)
		}
	}
}

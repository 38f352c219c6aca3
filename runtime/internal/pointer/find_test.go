package pointer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/pointer"
)

// marked is the string that a text must not contain, as far as these tests go.
const marked = `"\u0021wrong"`

// has returns a function that reports whether there is something marked, and
// counts the bytes that it is shown.
func has(shown *int) func([]byte) bool {
	return func(part []byte) bool {
		*shown += len(part)
		return json.Valid(part) && bytes.Contains(part, []byte(marked))
	}
}

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		`M`:                            ``,
		` M `:                          ``,
		`{}`:                           ``,
		`{"a":M}`:                      `/a`,
		`{"a":{"b":[1,[],[2,M,3],M]}}`: `/a/b/2/1`,
		` { "a" : [ 1 , { } , M ] } `:  `/a/2`,
		`[["]\"",M]]`:                  `/0/1`,
		`{"a":1,"":M}`:                 `/`,
		`{"a/b":{"~":M}}`:              `/a~1b/~0`,
		`{"a.b":[{"\u00e9\n":M}]}`:     "/a.b/0/é\n",
		`{"M":1,"a":{},"b":"x"}`:       `/!wrong`,
		`{"M":{"x":1,"y":[2]}}`:        `/!wrong`,
		`[` + strings.Repeat(`[1,{"k":"v"}],`, 9000) + `[1,{"k":M}]]`:         `/9000/1/k`,
		`[` + strings.Repeat(`[`, 12) + `M` + strings.Repeat(`],2`, 12) + `]`: strings.Repeat("/0", 13),
		strings.Repeat(`{"a":1,"b":[`, 6) + `M` + strings.Repeat(`]}`, 6):     strings.Repeat("/b/0", 6),
	} {
		text = strings.NewReplacer(`"M"`, marked, `M`, marked).Replace(text)
		shown := 0
		got, value := pointer.Find([]byte(text), has(&shown))
		if got != want {
			t.Errorf("%.80s: %.200q, want %.200q", text, got, want)
		}
		if want != "" && !strings.Contains(want, "!") && string(value) != marked {
			t.Errorf("%.80s: the value is %.80s", text, value)
		}
		if most := price(text); shown > most {
			t.Errorf("%.80s: shown %d bytes, of %d", text, shown, most)
		}
	}
}

// price returns how many bytes a search may decode.
func price(text string) int { return 4*len(text) + 48*256 }

// TestFindAround: a fault that is not one value's has the pointer of the value
// around it. So has a fault that is not found within the bounds.
func TestFindAround(t *testing.T) {
	both := func(part []byte) bool {
		return bytes.Contains(part, []byte(`"from":9`)) && bytes.Contains(part, []byte(`"to":1`))
	}
	if got, value := pointer.Find([]byte(`[[{}],{"in":{"from":9,"by":2,"to":1}},7]`), both); got != "/1/in" || string(value) != `{"from":9,"by":2,"to":1}` {
		t.Errorf("%q %s", got, value)
	}
	shown := 0
	deep := strings.Repeat(`{"a":[1,2,3],"in":`, 3000) + marked + strings.Repeat(`}`, 3000)
	if got, _ := pointer.Find([]byte(deep), has(&shown)); strings.ReplaceAll(got, "/in", "") != "" || shown > price(deep) {
		t.Errorf("%.200q, shown %d bytes", got, shown)
	}
	long := `{"a":[{"` + strings.Repeat("k", 2000) + `":` + marked + `}]}`
	if got, _ := pointer.Find([]byte(long), has(&shown)); got != "/a/0" {
		t.Errorf("%.200q", got)
	}
	if got, _ := pointer.Find([]byte(`{"a":[1,2]}`), func([]byte) bool { return false }); got != "" {
		t.Errorf("%q", got)
	}
}

// FuzzFind: wherever in a text the mark is, it is found within the bounds, down
// to seven levels.
func FuzzFind(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint16(20))
	f.Add(uint64(2), uint8(1), uint16(500))
	f.Add(uint64(3), uint8(9), uint16(200))
	f.Fuzz(func(t *testing.T, seed uint64, depth uint8, size uint16) {
		g := grower{rand: rand.New(rand.NewPCG(seed, 0)), left: int(size % 2000), deepest: int(depth % 8)}
		g.value("", 0)
		if len(g.places) == 0 {
			return
		}
		at := g.places[g.rand.IntN(len(g.places))]
		text := g.text.String()
		text = text[:at.from] + marked + text[at.to:]
		shown := 0
		got, _ := pointer.Find([]byte(text), has(&shown))
		if got != at.path {
			t.Errorf("%s\n%q, want %q", text, got, at.path)
		}
		if shown > price(text) {
			t.Errorf("%s\nshown %d bytes of %d", text, shown, len(text))
		}
	})
}

// grower writes JSON, and notes where its scalars are.
type grower struct {
	rand    *rand.Rand
	text    strings.Builder
	left    int // values
	deepest int
	places  []place
}

type place struct {
	path     string
	from, to int
}

func (g *grower) value(path string, depth int) {
	g.left--
	g.space()
	kind := g.rand.IntN(4)
	if depth >= g.deepest || g.left <= 0 || depth > 0 && kind >= 2 {
		from := g.text.Len()
		g.text.WriteString([]string{"1", "-2.5e3", "true", "null", `"[{,:\"\\"`, `""`, "[]", "{}"}[g.rand.IntN(8)])
		g.places = append(g.places, place{path, from, g.text.Len()})
		g.space()
		return
	}
	g.text.WriteByte("[{"[kind%2])
	for i := range g.rand.IntN(8) {
		if i > 0 {
			g.text.WriteByte(',')
		}
		if kind%2 == 0 {
			g.value(fmt.Sprint(path, "/", i), depth+1)
			continue
		}
		name := []string{"a", "/b", "~", "c.d", "[0]", "é", "\"", ""}[i]
		quoted, _ := json.Marshal(name)
		g.space()
		g.text.Write(quoted)
		g.space()
		g.text.WriteByte(':')
		g.value(path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), depth+1)
	}
	g.space()
	g.text.WriteByte("]}"[kind%2])
	g.space()
}

func (g *grower) space() {
	for range g.rand.IntN(10) / 8 {
		g.text.WriteByte(" \n\t\r"[g.rand.IntN(4)])
	}
}

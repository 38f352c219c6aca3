package schema_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// roots is how many payload types a package has.
const roots = 24

// author writes a package with payload types at random.
type author struct {
	*rand.Rand
	declared strings.Builder // types that others refer to
	structs  []string        // those that can be embedded, without a form of their own
	known    []string        // all that may stand anywhere
	keys     []string        // those of maps
	loose    bool            // the type that is being written takes strings that are no value of it
}

// parts are types of all kinds that encoding/json has a rule for. loose ones take
// strings, or arrays, that no schema can tell from others.
const parts = `
type Word string

type Count int16

type Color string

const (
	Red   Color = "red"
	Green Color = "green"
)

type Mode string

const (
	Off Mode = ""
	On  Mode = "on"
)

type Level int8

const (
	Low  Level = -1
	Zero Level = 0
	High Level = 1
)

type Odd uint16

const (
	One   Odd = 1
	Three Odd = 3
)

type Names []string

type Index map[string]int

type Triple [3]int

type Text struct{ s string }

func (t Text) MarshalText() ([]byte, error)  { return []byte(t.s), nil }
func (t *Text) UnmarshalText(b []byte) error { t.s = string(b); return nil }

type ByPointer struct{ S string }

func (t *ByPointer) MarshalText() ([]byte, error) { return []byte(t.S), nil }
func (t *ByPointer) UnmarshalText(b []byte) error { t.S = string(b); return nil }

type Out int

func (Out) MarshalText() ([]byte, error) { return []byte("out"), nil }

type Own struct{}

func (Own) MarshalJSON() ([]byte, error) { return []byte("[1,null]"), nil }
func (*Own) UnmarshalJSON([]byte) error  { return nil }

type Tree struct {
	Value    int
	Children []Tree
	ByName   map[string]*Tree ` + "`json:\",omitempty\"`" + `
}

type Chain []Chain

type Page[T any] struct {
	Items []T
	Next  *Page[T] ` + "`json:\"next,omitempty\"`" + `
}

type base struct {
	ID   int64
	Same string
}

type Base struct {
	base
	Kind Color
}

type Twin struct {
	base
	Odd Odd
}

// Größe has a name that no address has.
type Größe struct{ Höhe int }

// Marked writes itself, and reads a byte.
type Marked byte

func (m Marked) MarshalText() ([]byte, error) { return []byte{'a' + byte(m)%26}, nil }

type Other struct {
	Same string ` + "`json:\"Same\"`" + `
	Only bool
}
`

// write writes the package. looseRoots are the numbers of the types that take
// strings which are no value of them.
func (a *author) write(name string) (text string, looseRoots map[int]bool) {
	a.known = strings.Fields("bool string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32 float64 any " +
		"Größe *Größe Word Count Color Mode Level Odd Names Index Triple Text *Text ByPointer *ByPointer Out Own *Own Tree Chain Page[int] Page[*Color] Base Other Twin []Marked " +
		"json.RawMessage time.Time *time.Time time.Duration *big.Int big.Int")
	a.keys = strings.Fields("string int int8 uint16 Word Color Level Text time.Time")
	a.structs = strings.Fields("base Base Twin Other *Base *Other Tree *Tree Text Color Word")
	looseRoots = map[int]bool{}
	var methods strings.Builder
	for i := range roots {
		a.loose = false
		body := a.structType(3)
		fmt.Fprintf(&a.declared, "type Root%d %s\n\n", i, body)
		fmt.Fprintf(&methods, "//ws:subscribe r%[1]d\nfunc (g *Gateway) R%[1]d(v Root%[1]d) Root%[1]d { return v }\n\n", i)
		looseRoots[i] = a.loose
		if !a.loose && a.IntN(3) == 0 {
			ref := fmt.Sprintf("Root%d", i)
			a.known = append(a.known, ref, "*"+ref, "[]"+ref)
		}
	}
	return "package " + name + "\n\nimport (\n\t\"encoding/json\"\n\t\"math/big\"\n\t\"time\"\n)\n\n" +
		"var _ json.Number\nvar _ big.Int\nvar _ time.Time\n\n//ws:gateway /fuzz\ntype Gateway struct{}\n\n" +
		methods.String() + parts + "\n" + a.declared.String(), looseRoots
}

// typ is a type, with others in it up to a depth.
func (a *author) typ(deep int) string {
	if deep == 0 || a.IntN(2) == 0 {
		switch a.IntN(12) {
		case 0:
			a.loose = true
			return "[]byte"
		case 1:
			a.loose = true
			return "json.Number"
		}
		known := a.known[a.IntN(len(a.known))]
		a.loose = a.loose || known == "[]Marked"
		return known
	}
	switch a.IntN(6) {
	case 0:
		return "*" + a.typ(deep-1)
	case 1:
		elem := a.typ(deep - 1)
		if elem == "uint8" {
			a.loose = true
		}
		return "[]" + elem
	case 2:
		return fmt.Sprintf("[%d]%s", a.IntN(4), a.typ(deep-1))
	case 3:
		return "map[" + a.keys[a.IntN(len(a.keys))] + "]" + a.typ(deep-1)
	case 4:
		return "Page[" + a.typ(0) + "]"
	}
	return a.structType(deep - 1)
}

// structType is a struct with fields at random, of which some annul each other.
func (a *author) structType(deep int) string {
	var out strings.Builder
	out.WriteString("struct {\n")
	used := map[string]bool{}
	for range a.IntN(4) {
		embedded := a.structs[a.IntN(len(a.structs))]
		name := strings.TrimPrefix(embedded, "*")
		if used[name] || name == "Text" && a.IntN(4) > 0 {
			continue
		}
		used[name] = true
		out.WriteString("\t" + embedded + a.tag(name, true) + "\n")
	}
	for range a.IntN(6) {
		name := []string{"A", "B", "C", "D", "Same", "Only", "ID", "Ünicode", "lower"}[a.IntN(9)]
		if used[name] {
			continue
		}
		used[name] = true
		out.WriteString("\t" + name + " " + a.typ(deep) + a.tag(name, false) + "\n")
	}
	out.WriteString("}")
	return out.String()
}

// tag is one for a field, or none.
func (a *author) tag(name string, embedded bool) string {
	if a.IntN(3) == 0 || embedded && a.IntN(2) == 0 {
		return ""
	}
	word := []string{"", "", strings.ToLower(name), "x", "Same", "-", "a.b", `o\"dd`}[a.IntN(8)]
	if embedded && word == "Same" {
		word = ""
	}
	for _, option := range []string{"omitempty", "omitzero", "string", "nothing"} {
		if a.IntN(4) == 0 {
			word += "," + option
			if option == "string" {
				a.loose = true // what stands in the string is not looked at
			}
		}
	}
	if word == "-" && a.IntN(2) == 0 {
		word = "-,"
	}
	return " `json:\"" + word + "\"`"
}

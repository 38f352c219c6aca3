package wiretype_test

import (
	"encoding/json"
	"math/big"
	"time"
)

// This file is compiled into the test, and the test reads it as source, too. So
// the answers of wiretype about these types are compared with what encoding/json
// does with their values.

// Color is what a lamp shows.
type Color string

// The colors.
const (
	Red   Color = "red"
	Green Color = "green"
)

type Level int8

const (
	Low  Level = -1
	High Level = 1
)

type Text string

type Point struct {
	X, Y float64
	Name Text `json:"name,omitempty"`
	//lint:ignore U1000 it never travels, which is what it is here for
	note string //nolint:unused // it never travels
}

type Tree struct {
	Value    int              `json:"value"`
	Children []Tree           `json:"children"`
	ByName   map[string]*Tree `json:"byName,omitempty"`
}

type Page[T any] struct {
	Items []T `json:"items"`
	Next  *T  `json:"next"`
}

type Base struct {
	ID   int64  `json:"id,string"`
	Kind Color  `json:"kind"`
	Same string `json:"same"`
}

type Other struct {
	Same string `json:"same"`
	Only bool   `json:"only"`
}

type deep struct{ Below int }

type middle struct {
	deep
	Above int
}

// Everything has a field for each rule.
type Everything struct {
	Base
	*Other
	middle
	Color  Color            `json:"color"`
	Level  Level            `json:"level"`
	Levels map[Level]string `json:"levels"`
	Names  []string         `json:"names"`
	Bytes  []byte           `json:"bytes"`
	Triple [3]uint16        `json:"triple"`
	None   [0]int           `json:"none,omitempty"`
	Whole  struct{}         `json:"whole,omitempty"`
	Zero   Point            `json:"zero,omitzero"`
	Point  *Point           `json:"point"`
	Maybe  *Point           `json:"maybe,omitempty"`
	At     time.Time        `json:"at"`
	Took   time.Duration    `json:"took"`
	Number json.Number      `json:"number"`
	Raw    json.RawMessage  `json:"raw"`
	Big    *big.Int         `json:"big"`
	Any    any              `json:"any"`
	Ratio  float32          `json:",omitempty"`
	Quoted *bool            `json:"quoted,string"`
	//lint:ignore SA5008 this is how a member is called -
	Dash int `json:"-,"`
	Gone int `json:"-"`
	//lint:ignore SA5008 a name that encoding/json does not take, so the member has the field's
	Odd     int `json:"o\"dd"`
	Tagged  int `json:"DASH"`
	Literal struct {
		A int
	} `json:"literal"`
	Text  Texter `json:"text"`
	Own   Own    `json:"own"`
	Pages Page[Page[Text]]
}

// Texter is a text both ways.
type Texter struct{ s string }

func (t Texter) MarshalText() ([]byte, error)  { return []byte(t.s), nil }
func (t *Texter) UnmarshalText(b []byte) error { t.s = string(b); return nil }

// Own writes whatever it wants.
type Own struct{}

func (Own) MarshalJSON() ([]byte, error)  { return []byte(`[1,{"a":null}]`), nil }
func (*Own) UnmarshalJSON(b []byte) error { return nil }

// Twins annul each other's members.
type Twins struct {
	Left
	Right
}

type Left struct {
	Both int
	L    int `json:"Tagged"`
}

type Right struct {
	Both   int
	Tagged int
	Once   int
}

// Alone embeds a type that is no struct, and an instance.
type Alone struct {
	Color
	Page[int]
}

// OnlyIn has a method for one way, and reads what it would not write.
type OnlyIn struct{ N int }

func (o *OnlyIn) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	o.N = len(s)
	return nil
}

// OnlyOut has one for the other way.
type OnlyOut int

func (OnlyOut) MarshalText() ([]byte, error) { return []byte("one"), nil }

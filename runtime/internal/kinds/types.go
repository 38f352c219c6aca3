package kinds

import (
	"encoding/json"
	"math/big"
	"net/url"
	"time"
)

// Scalars are of declared types, or of Go's.
type (
	Color  string
	Level  uint8
	Switch bool
	Ratio  float32
)

// Scalars has a member of each scalar.
type Scalars struct {
	String   string
	Color    Color `json:"color"`
	Bool     bool  `json:"bool"`
	Switch   Switch
	Int      int
	Int8     int8
	Int16    int16
	Int32    rune
	Int64    int64
	Uint     uint
	Level    Level
	Byte     byte
	Uint16   uint16
	Uint32   uint32
	Uint64   uint64
	Float32  float32
	Ratio    Ratio
	Float64  float64 `json:"float64"`
	Duration time.Duration
	Time     time.Time
	Raw      json.RawMessage
	Bytes    []byte
	Hash     Hash
	Point    Point
	None     struct{} `json:"none"`
	Inner    struct {
		A int
		B []struct{ C string }
	} `json:"inner"`
}

// Hash is bytes of a declared type.
type Hash []byte

// Point is a small struct.
type Point struct {
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Name string  `json:"name,omitempty"`
}

// Quotes has numbers and booleans in strings.
type Quotes struct {
	Int     int           `json:"int,string"`
	Level   Level         `json:"level,string"`
	Bool    bool          `json:"bool,string"`
	Float32 float32       `json:"float32,string"`
	Float64 float64       `json:"float64,omitempty,string"`
	Wait    time.Duration `json:"wait,string,omitzero"`
	ID      *int64        `json:"id,string"`
	Sure    *Switch       `json:"sure,omitempty,string"`
	Size    *uint         `json:"size,string,omitzero"`
}

// Pointers has pointers to everything.
type Pointers struct {
	String *string            `json:"string"`
	Color  *Color             `json:"color"`
	Int    **int              `json:"int"`
	Float  ***float64         `json:"float"`
	Time   *time.Time         `json:"time"`
	Raw    *json.RawMessage   `json:"raw"`
	Bytes  *[]byte            `json:"bytes"`
	Point  *Point             `json:"point"`
	Deep   **Point            `json:"deep"`
	Slice  *[]int             `json:"slice"`
	Array  *[2]int            `json:"array"`
	Map    *map[string]*Point `json:"map"`
	Any    *any               `json:"any"`
}

// Path is a slice of a declared type.
type Path []Point

// Grid is an array of arrays.
type Grid [2][3]int

// Slices has slices and arrays of everything.
type Slices struct {
	Strings  []string          `json:"strings"`
	Colors   []Color           `json:"colors"`
	Ints     []int             `json:"ints"`
	Levels   []Level           `json:"levels"`
	Floats   []float64         `json:"floats"`
	Bools    []bool            `json:"bools"`
	Times    []time.Time       `json:"times"`
	Raws     []json.RawMessage `json:"raws"`
	Blobs    [][]byte          `json:"blobs"`
	Path     Path              `json:"path"`
	Pointers []*Point          `json:"pointers"`
	Deep     [][][]int         `json:"deep"`
	Maps     []map[string]int  `json:"maps"`
	Any      []any             `json:"any"`
	Array    [3]Point          `json:"array"`
	Vector   [4]byte           `json:"vector"`
	Nothing  [0]int            `json:"nothing"`
	Grid     Grid              `json:"grid"`
	Lists    [2][]Point        `json:"lists"`
	Grids    []Grid            `json:"grids"`
	Voids    []struct{}        `json:"voids"`
}

// Table is a map of a declared type, with keys of another.
type Table map[Color]Path

// Maps has maps of everything.
type Maps struct {
	Strings  map[string]string          `json:"strings"`
	Colors   map[Color]Color            `json:"colors"`
	Ints     map[string]int             `json:"ints"`
	Points   map[string]Point           `json:"points"`
	Pointers map[string]*Point          `json:"pointers"`
	Table    Table                      `json:"table"`
	Deep     map[string]map[Color][]int `json:"deep"`
	Blobs    map[string][]byte          `json:"blobs"`
	Times    map[string]time.Time       `json:"times"`
	Raws     map[string]json.RawMessage `json:"raws"`
	Grids    map[string]Grid            `json:"grids"`
	Set      map[string]struct{}        `json:"set"`
	Any      map[string]any             `json:"any"`
	ByNumber map[int]string             `json:"byNumber"`
	ByLevel  map[Level]Point            `json:"byLevel"`
	ByText   map[Text]int               `json:"byText"`
	Quiet    map[string]Quiet           `json:"quiet"`
	Loud     map[string]Loud            `json:"loud"`
}

// Empties leaves out what is empty.
type Empties struct {
	String  string          `json:"string,omitempty"`
	Color   Color           `json:"color,omitempty"`
	Bool    bool            `json:"bool,omitempty"`
	Int     int             `json:"int,omitempty"`
	Level   Level           `json:"level,omitempty"`
	Float   float64         `json:"float,omitempty"`
	Time    time.Time       `json:"time,omitempty"`
	Raw     json.RawMessage `json:"raw,omitempty"`
	Bytes   []byte          `json:"bytes,omitempty"`
	Slice   []Point         `json:"slice,omitempty"`
	Map     map[string]int  `json:"map,omitempty"`
	Pointer *Point          `json:"pointer,omitempty"`
	Point   Point           `json:"point,omitempty"`
	Array   [2]int          `json:"array,omitempty"`
	Nothing [0]int          `json:"nothing,omitempty"`
	Any     any             `json:"any,omitempty"`
	Quiet   Quiet           `json:"quiet,omitempty"`
	Numbers map[int]int     `json:"numbers,omitempty"`
	Last    string          `json:"last"`
}

// Zeros leaves out what is zero.
type Zeros struct {
	First   string          `json:"first"`
	String  string          `json:"string,omitzero"`
	Bool    bool            `json:"bool,omitzero"`
	Float   float64         `json:"float,omitzero"`
	Time    time.Time       `json:"time,omitzero"`
	Raw     json.RawMessage `json:"raw,omitzero"`
	Slice   []Point         `json:"slice,omitzero"`
	Map     map[string]int  `json:"map,omitempty,omitzero"`
	Pointer *Point          `json:"pointer,omitzero"`
	Point   Point           `json:"point,omitzero"`
	Array   [2]Point        `json:"array,omitzero"`
	Any     any             `json:"any,omitzero"`
	Even    Even            `json:"even,omitzero"`
	Odd     Odd             `json:"odd,omitzero"`
	Evens   *Even           `json:"evens,omitzero"`
	Odds    *Odd            `json:"odds,omitempty,omitzero"`
	Both    Even            `json:"both,omitempty,omitzero"`
}

// Even is zero if it is odd.
type Even int

// IsZero has a value.
func (e Even) IsZero() bool { return e%2 != 0 }

// Odd is zero if it is even.
type Odd struct{ N int }

// IsZero wants a pointer.
func (o *Odd) IsZero() bool { return o.N%2 == 0 }

// Embeds has members of embedded structs, by encoding/json's rules.
type Embeds struct {
	Base
	*Extra
	inner
	Color              // a member of the name of its type
	*Level             // so is this
	Point  `json:"at"` // and this, by its tag
	First
	Second
	Name string `json:"name"` // hides that of Base
}

// Base is embedded.
type Base struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Deeper
}

// Deeper is embedded by what is embedded.
type Deeper struct {
	Depth int  `json:"depth"`
	ID    bool `json:"id"` // hidden
	*Bottom
}

// Bottom is embedded by a pointer, below.
type Bottom struct {
	Bottom []int `json:"bottom,omitempty"`
}

// Extra is embedded by a pointer.
type Extra struct {
	Note  string         `json:"note"`
	Count map[string]int `json:"count,omitempty"`
}

type inner struct {
	Inside *Point `json:"inside"`
}

// First has the name Twice as Second does, so none becomes a member, and the name
// Once without a tag.
type First struct {
	Twice int
	Once  int
}

// Second has the name Once in a tag, which wins.
type Second struct {
	Twice int
	Other string `json:"Once"`
}

// Foreign has what only encoding/json can do, beside what it need not do.
type Foreign struct {
	ID      string          `json:"id"`
	Any     any             `json:"any"`
	Number  json.Number     `json:"number,omitempty"`
	Text    Text            `json:"text"`
	Quiet   Quiet           `json:"quiet"`
	Loud    Loud            `json:"loud"`
	Louds   []Loud          `json:"louds"`
	PLoud   *Loud           `json:"ploud"`
	Big     *big.Int        `json:"big"`
	URL     url.URL         `json:"url"`
	Address uintptr         `json:"address"`
	Page    Pages[Point]    `json:"page"`
	ByInt   map[int64]Point `json:"byInt"`
	Bytes   []Level         `json:"bytes"`
	Last    []Point         `json:"last"`
}

// Pages is generic.
type Pages[T any] struct {
	Items []T `json:"items"`
}

// Text writes itself as text.
type Text struct{ S string }

// MarshalText has a value.
func (t Text) MarshalText() ([]byte, error) { return []byte("<" + t.S + ">"), nil }

// UnmarshalText sets it.
func (t *Text) UnmarshalText(text []byte) error { t.S = string(text); return nil }

// Quiet writes itself by a method of the value.
type Quiet struct{ N int }

// MarshalJSON has a value.
func (q Quiet) MarshalJSON() ([]byte, error) { return json.Marshal([]int{q.N}) }

// UnmarshalJSON sets it.
func (q *Quiet) UnmarshalJSON(text []byte) error {
	var list []int
	err := json.Unmarshal(text, &list)
	if len(list) > 0 {
		q.N = list[0]
	}
	return err
}

// Loud writes itself by a method of the pointer, and nothing but that.
type Loud struct{ N int }

// MarshalJSON wants a pointer.
func (l *Loud) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]int{"loud": l.N}) }

// Names has names that are hard to tell apart, and some that are hard to write.
type Names struct {
	Int16   int    `json:"int16"`
	INT16   int    `json:"Int16"`
	Umlaut  string `json:"größe"`
	Slash   string `json:"a/b c:@#1"`
	Skipped string `json:"-"`
	K       string `json:"k"`
	S       string `json:"s"`
	Plain   string
	_       int
}

// Tree reaches itself in many ways.
type Tree struct {
	Name   string           `json:"name"`
	Kids   []Tree           `json:"kids,omitempty"`
	Next   *Tree            `json:"next,omitempty"`
	ByName map[string]*Tree `json:"byName,omitempty"`
	Branch *Branch          `json:"branch,omitempty"`
}

// Branch reaches Tree.
type Branch struct {
	Trees [2]*Tree `json:"trees"`
	Any   any      `json:"any,omitempty"`
}

// Found is what Named got.
type Found struct {
	Point Point
	List  []Color
	Extra any
	More  *Pointers
	On    bool
}

package wsjson_test

import (
	"encoding/json"
	"math"
	"time"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// kinds has what the payloads have not: fields in quotes, types that reach
// themselves, arrays, and small numbers.
type kinds struct {
	On      bool              `json:"on,string"`
	Tiny    int8              `json:"tiny,string"`
	Port    *uint16           `json:"port,string,omitempty"`
	Ratio   float32           `json:"ratio,string"`
	Share   float64           `json:"share,string"`
	Small   float32           `json:"small"`
	Key     opaque            `json:"key,omitempty"`
	Raw     json.RawMessage   `json:"raw,omitempty"`
	Any     any               `json:"any"`
	Octets  [3]byte           `json:"octets"`
	Pair    [2]knot           `json:"pair"`
	Tree    *knot             `json:"tree,omitempty"`
	ByLevel map[level][]int16 `json:"by_level"`
	When    *time.Time        `json:"when"`
	None    struct{}          `json:"none"`
	Text    []string          `json:"text"`
}

type (
	opaque []byte
	level  string
)

// knot reaches itself in every way.
type knot struct {
	Name string          `json:"name,omitempty"`
	Next *knot           `json:"next,omitempty"`
	Kids []knot          `json:"kids,omitempty"`
	Ways map[string]knot `json:"ways,omitempty"`
}

func newKinds() kinds {
	port, when := uint16(8080), time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 5400))
	return kinds{
		On: true, Tiny: -7, Port: &port, Ratio: 0.3, Share: 1e-9, Small: math.MaxFloat32, Key: opaque("key"),
		Raw: json.RawMessage(`[1,{"a":"\u2028"}]`), Any: []any{"x", 1.5, nil}, Octets: [3]byte{1, 2, 255},
		Pair:    [2]knot{{Name: "left"}, {Kids: []knot{{Name: "kid"}, {}}}},
		Tree:    &knot{Next: &knot{Name: "next", Ways: map[string]knot{"a": {Name: "b"}, "ä\n": {}}}},
		ByLevel: map[level][]int16{"low": {1, -2}, "none": nil, "empty": {}}, When: &when,
		Text: []string{"", "plain", "a\nb", "größe", "日本語", "😀", "\u2028", "\x00\x1f\x7f\"\\/"},
	}
}

func readKinds(r *wsjson.Reader, v *kinds) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "on":
			wsjson.QuotedBool(r, &v.On)
		case "tiny":
			wsjson.QuotedInt(r, &v.Tiny)
		case "port":
			if r.Null() {
				v.Port = nil
			} else {
				if v.Port == nil {
					v.Port = new(uint16)
				}
				wsjson.QuotedUint(r, v.Port)
			}
		case "ratio":
			wsjson.QuotedFloat32(r, &v.Ratio)
		case "share":
			wsjson.QuotedFloat64(r, &v.Share)
		case "small":
			wsjson.ReadFloat32(r, &v.Small)
		case "key":
			wsjson.ReadBytes(r, &v.Key)
		case "raw":
			wsjson.ReadRaw(r, &v.Raw)
		case "any":
			e := v.Any
			wsjson.ReadStd(r, &e)
			v.Any = e
		case "octets":
			readOctets(r, &v.Octets)
		case "pair":
			readPair(r, &v.Pair)
		case "tree":
			readKnotPointer(r, &v.Tree)
		case "by_level":
			readByLevel(r, &v.ByLevel)
		case "when":
			readTime(r, &v.When)
		case "none":
			for more := r.Object(); more; more = r.More() {
				r.Skip()
			}
		case "text":
			readStrings(r, &v.Text)
		default:
			r.Skip("on", "tiny", "port", "ratio", "share", "small", "key", "raw", "any", "octets", "pair", "tree", "by_level", "when", "none", "text")
		}
	}
}

func readOctets(r *wsjson.Reader, v *[3]byte) {
	if r.Null() {
		return
	}
	i := 0
	for more := r.Array(); more; more = r.Elem() {
		if i == len(v) {
			r.Odd()
			return
		}
		wsjson.ReadUint(r, &v[i])
		i++
	}
	clear(v[i:])
}

func readPair(r *wsjson.Reader, v *[2]knot) {
	if r.Null() {
		return
	}
	i := 0
	for more := r.Array(); more; more = r.Elem() {
		if i == len(v) {
			r.Odd()
			return
		}
		readKnot(r, &v[i])
		i++
	}
	clear(v[i:])
}

func readKnot(r *wsjson.Reader, v *knot) {
	if !r.Enter() {
		return
	}
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "name":
			wsjson.ReadString(r, &v.Name)
		case "next":
			readKnotPointer(r, &v.Next)
		case "kids":
			readKids(r, &v.Kids)
		case "ways":
			readWays(r, &v.Ways)
		default:
			r.Skip("name", "next", "kids", "ways")
		}
	}
	r.Leave()
}

func readKnotPointer(r *wsjson.Reader, v **knot) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = new(knot)
	}
	readKnot(r, *v)
}

func readKids(r *wsjson.Reader, v *[]knot) {
	if r.Null() {
		*v = nil
		return
	}
	if !r.Enter() {
		return
	}
	r.Require(*v == nil)
	s := []knot{}
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		var e knot
		readKnot(r, &e)
		if cap(s) == 0 {
			s = make([]knot, 0, r.Guess(start, 56))
		}
		s = append(s, e)
	}
	*v = s
	r.Leave()
}

func readWays(r *wsjson.Reader, v *map[string]knot) {
	if r.Null() {
		*v = nil
		return
	}
	if !r.Enter() {
		return
	}
	if *v == nil {
		*v = make(map[string]knot)
	}
	for more := r.Object(); more; more = r.More() {
		key := r.Key()
		var e knot
		readKnot(r, &e)
		(*v)[key] = e
	}
	r.Leave()
}

func readByLevel(r *wsjson.Reader, v *map[level][]int16) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = make(map[level][]int16)
	}
	for more := r.Object(); more; more = r.More() {
		key := level(r.Key())
		var e []int16
		readShorts(r, &e)
		(*v)[key] = e
	}
}

func readShorts(r *wsjson.Reader, v *[]int16) {
	if r.Null() {
		*v = nil
		return
	}
	r.Require(*v == nil)
	s := []int16{}
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		var e int16
		wsjson.ReadInt(r, &e)
		if cap(s) == 0 {
			s = make([]int16, 0, r.Guess(start, 2))
		}
		s = append(s, e)
	}
	*v = s
}

func writeKinds(w *wsjson.Writer, v *kinds) {
	w.Lit(`{"on":`)
	wsjson.QuoteBool(w, v.On)
	w.Lit(`,"tiny":`)
	wsjson.QuoteInt(w, v.Tiny)
	if v.Port != nil {
		w.Lit(`,"port":`)
		wsjson.QuoteUint(w, *v.Port)
	}
	w.Lit(`,"ratio":`)
	wsjson.QuoteFloat32(w, v.Ratio)
	w.Lit(`,"share":`)
	wsjson.QuoteFloat64(w, v.Share)
	w.Lit(`,"small":`)
	wsjson.WriteFloat32(w, v.Small)
	if len(v.Key) != 0 {
		w.Lit(`,"key":`)
		wsjson.WriteBytes(w, v.Key)
	}
	if len(v.Raw) != 0 {
		w.Lit(`,"raw":`)
		wsjson.WriteRaw(w, v.Raw)
	}
	w.Lit(`,"any":`)
	wsjson.WriteStd(w, &v.Any)
	w.Lit(`,"octets":[`)
	for i := range v.Octets {
		if i > 0 {
			w.Lit(",")
		}
		wsjson.WriteUint(w, v.Octets[i])
	}
	w.Lit(`],"pair":[`)
	for i := range v.Pair {
		if i > 0 {
			w.Lit(",")
		}
		writeKnot(w, &v.Pair[i])
	}
	w.Lit(`]`)
	if v.Tree != nil {
		w.Lit(`,"tree":`)
		writeKnot(w, v.Tree)
	}
	w.Lit(`,"by_level":`)
	writeByLevel(w, v.ByLevel)
	w.Lit(`,"when":`)
	if v.When == nil {
		w.Null()
	} else {
		wsjson.WriteTime(w, *v.When)
	}
	w.Lit(`,"none":{},"text":`)
	writeStrings(w, v.Text)
	w.Lit("}")
}

func writeKnot(w *wsjson.Writer, v *knot) {
	if !w.Enter() {
		return
	}
	w.Lit("{")
	if v.Name != "" {
		w.Member(`"name":`)
		wsjson.WriteString(w, v.Name)
	}
	if v.Next != nil {
		w.Member(`"next":`)
		writeKnot(w, v.Next)
	}
	if len(v.Kids) != 0 {
		w.Member(`"kids":[`)
		for i := range v.Kids {
			if i > 0 {
				w.Lit(",")
			}
			writeKnot(w, &v.Kids[i])
		}
		w.Lit("]")
	}
	if len(v.Ways) != 0 {
		w.Member(`"ways":{`)
		keys := wsjson.Keys(w, v.Ways)
		for _, key := range keys {
			wsjson.WriteKey(w, key)
			e := v.Ways[key]
			writeKnot(w, &e)
		}
		w.Done(keys)
		w.Lit("}")
	}
	w.Lit("}")
	w.Leave()
}

func writeByLevel(w *wsjson.Writer, v map[level][]int16) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit("{")
	keys := wsjson.Keys(w, v)
	for _, key := range keys {
		wsjson.WriteKey(w, key)
		wsjson.WriteSlice(w, v[level(key)], wsjson.WriteInt[int16])
	}
	w.Done(keys)
	w.Lit("}")
}

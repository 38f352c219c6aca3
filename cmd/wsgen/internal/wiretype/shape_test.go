package wiretype_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// samples is the package of the types in samples_test.go.
type samples struct {
	fset *token.FileSet
	pkg  *types.Package
}

func (samples) Override(*types.TypeName) (wiretype.Override, bool) {
	return wiretype.Override{}, false
}
func (samples) Examples(*types.TypeName) []string          { return nil }
func (samples) Doc(types.Object) model.Doc                 { return model.Doc{} }
func (samples) Whole(pkg *types.Package) *types.Package    { return pkg }
func (s samples) Position(pos token.Pos) token.Position    { return s.fset.Position(pos) }
func (s samples) typ(t *testing.T, name string) types.Type { return lookup(t, s.pkg, name) }
func free(string) bool                                     { return false }
func same(types.Type, ...string) bool                      { return false }
func (s samples) shapes(t *testing.T) *wiretype.Shapes {
	return wiretype.New(t.Context(), same).Shapes(s)
}

func load(t *testing.T) samples {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "samples_test.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", nil)}
	pkg, err := conf.Check("example.com/samples", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return samples{fset, pkg}
}

func lookup(t *testing.T, pkg *types.Package, expr string) types.Type {
	t.Helper()
	tv, err := types.Eval(token.NewFileSet(), pkg, token.NoPos, expr)
	if err != nil {
		t.Fatal(err)
	}
	return tv.Type
}

// TestShapeHoldsWhatJSONWrites checks that encoding/json writes a value as the
// shape of its type says, to the member, and leaves out none that has to be there.
func TestShapeHoldsWhatJSONWrites(t *testing.T) {
	t.Parallel()
	s := load(t)
	yes := true
	full := Everything{
		Base: Base{1, Red, "x"}, Other: &Other{"y", true}, middle: middle{deep{1}, 2}, Color: Green, Level: High,
		Levels: map[Level]string{Low: "low"}, Names: []string{"a"}, Bytes: []byte("abc"), Zero: Point{X: 1}, Point: &Point{Name: "n"},
		Maybe: &Point{}, At: time.Unix(0, 0), Took: time.Second, Number: "1.5", Raw: json.RawMessage(`{}`), Big: big.NewInt(1 << 40),
		Any: []int{1}, Ratio: 0.5, Quoted: &yes, Dash: 1, Gone: 1, Text: Texter{"t"},
		Pages: Page[Page[Text]]{Items: []Page[Text]{{}}, Next: &Page[Text]{Items: []Text{"x"}}},
	}
	for name, values := range map[string][]any{
		"Everything": {Everything{Number: "0"}, full}, "*Everything": {(*Everything)(nil), &full},
		"Tree":       {Tree{}, Tree{Children: []Tree{{Value: 1}}, ByName: map[string]*Tree{"a": nil, "b": {}}}},
		"Page[Tree]": {Page[Tree]{}, Page[Tree]{[]Tree{{}}, &Tree{}}}, "Page[*Color]": {Page[*Color]{}, Page[*Color]{Items: []*Color{nil}}},
		"[]Color": {[]Color{Red, Green}, []Color(nil)}, "map[Color]Level": {map[Color]Level{Red: Low}},
		"Twins": {Twins{}}, "Alone": {Alone{}, Alone{Red, Page[int]{Items: []int{1}}}},
		"[2][]byte": {[2][]byte{}}, "uint64": {uint64(1 << 63)}, "any": {nil, 1, "x"}, "struct{ A *int }": {struct{ A *int }{}},
	} {
		shapes := s.shapes(t)
		shape := shapes.Shape(s.typ(t, name), wiretype.Out)
		shapes.Defs(free)
		for _, v := range values {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var data any
			d := json.NewDecoder(strings.NewReader(string(text)))
			d.UseNumber()
			if err := d.Decode(&data); err != nil {
				t.Fatal(err)
			}
			if why := fits(shape, data); why != "" {
				t.Errorf("%s: %s\n%s", name, why, text)
			}
		}
	}
}

// fits says why data is not what a shape says, or "".
func fits(s *model.Shape, data any) string {
	if data == nil {
		if s.Null {
			return ""
		}
		return "null where there is none"
	}
	text, isText := data.(string)
	if s.Quoted {
		plain := *s
		plain.Quoted = false
		var inner any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if !isText || d.Decode(&inner) != nil {
			return fmt.Sprintf("%v is not quoted", data)
		}
		return fits(&plain, inner)
	}
	number, isNumber := data.(json.Number)
	list, isList := data.([]any)
	object, isObject := data.(map[string]any)
	bad := func() string { return fmt.Sprintf("%v is of another kind than %d", data, s.Kind) }
	switch s.Kind {
	case model.ShapeAny:
		return ""
	case model.ShapeRef:
		if s.Def.Shape.Null || s.Def.Sent == nil || s.Def.Shape.Kind == model.ShapeRef {
			return "the shape of " + s.Def.Go
		}
		return fits(s.Def.Sent, data)
	case model.ShapeBool:
		if _, ok := data.(bool); !ok {
			return bad()
		}
	case model.ShapeString:
		if !isText {
			return bad()
		}
	case model.ShapeInteger:
		if _, err := strconv.ParseFloat(number.String(), 64); !isNumber || err != nil || strings.Contains(number.String(), ".") {
			return bad()
		}
	case model.ShapeNumber:
		if !isNumber {
			return bad()
		}
	case model.ShapeEnum:
		if !slices.ContainsFunc(s.Values, func(v model.Value) bool { return isText && v.Text == text || isNumber && v.Int == number.String() }) && text != "" && number != "0" {
			return fmt.Sprintf("%v is no value of the enum", data)
		}
	case model.ShapeArray, model.ShapeTuple:
		if !isList || s.Kind == model.ShapeTuple && int64(len(list)) != s.Len {
			return bad()
		}
		for _, item := range list {
			if why := fits(s.Elem, item); why != "" {
				return why
			}
		}
	case model.ShapeMap:
		if !isObject {
			return bad()
		}
		for key, item := range object {
			if why := fitsKey(s.Key, key) + fits(s.Elem, item); why != "" {
				return why
			}
		}
	case model.ShapeObject:
		if !isObject {
			return bad()
		}
		return fitsObject(s, object)
	}
	return ""
}

func fitsKey(s *model.Shape, key string) string {
	if s.Kind == model.ShapeRef {
		s = s.Def.Shape
	}
	if _, err := strconv.ParseInt(key, 10, 64); err == nil && (s.Kind == model.ShapeInteger || s.Kind == model.ShapeEnum && s.Format != "") {
		return ""
	}
	return fits(s, key)
}

func fitsObject(s *model.Shape, object map[string]any) string {
	known := map[string]bool{}
	for _, m := range s.Fields {
		known[m.Name] = true
		value, there := object[m.Name]
		switch {
		case !there && !m.Optional:
			return "the member " + m.Name + " is not there"
		case there:
			if why := fits(m.Shape, value); why != "" {
				return m.Name + ": " + why
			}
		}
	}
	for name := range object {
		if !known[name] {
			return "a member " + name + " that nothing tells of"
		}
	}
	return ""
}

// TestShape has types and their shapes, written out.
func TestShape(t *testing.T) {
	t.Parallel()
	s := load(t)
	for _, c := range []struct{ typ, want string }{
		{"string", "string"},
		{"*string", "string?"},
		{"[]byte", "string:byte?"},
		{"[]string", "[string]?"},
		{"[4]int32", "[4 integer:int32]"},
		{"map[int]bool", "{integer:int: boolean}?"},
		{"any", "any?"},
		{"error", "any?"},
		{"float32", "number:float"},
		{"Text", "string"},
		{"Color", "Color"},
		{"*Color", "Color?"},
		{"Page[[]byte]", "PageBytes"},
		{"Page[Page[*Tree]]", "PagePageTree"},
		{"Page[map[string]int]", "PageIntMap"},
		{"struct{ A Color; B *int `json:\",omitempty\"`; C []int `json:\",omitempty\"` }", "{A Color, B? integer:int, C? [integer:int]}"},
		{"Texter", "string"},
		{"map[string]Own", "{string: any?}?"},
	} {
		shapes := s.shapes(t)
		shape := shapes.Shape(s.typ(t, c.typ), wiretype.Out)
		shapes.Defs(free)
		if got := written(shape); got != c.want {
			t.Errorf("%s is %s, want %s", c.typ, got, c.want)
		}
	}
}

// TestDefs checks that a declared type is described once, whatever uses it, and
// goes all the ways that the types which refer to it go.
func TestDefs(t *testing.T) {
	t.Parallel()
	s := load(t)
	shapes := s.shapes(t)
	shapes.Shape(s.typ(t, "Tree"), wiretype.In)
	shapes.Shape(s.typ(t, "[]Page[Tree]"), wiretype.Out)
	shapes.Shape(s.typ(t, "*Level"), wiretype.In)
	var got []string
	for _, def := range shapes.Defs(free) {
		got = append(got, fmt.Sprint(def.Name, " ", def.Go, " ", def.Taken != nil, def.Sent != nil, " ", written(def.Shape)))
	}
	want := []string{
		"Tree wiretype_test.Tree true true {value integer:int, children [Tree]?, byName? {string: Tree?}}",
		"PageTree wiretype_test.Page[wiretype_test.Tree] false true {items [Tree]?, next Tree?}",
		"Level wiretype_test.Level true false enum:int8(-1, 1)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// written is a shape as a test reads it.
func written(s *model.Shape) string {
	text := ""
	switch s.Kind {
	case model.ShapeRef:
		text = s.Def.Name
	case model.ShapeArray:
		text = "[" + written(s.Elem) + "]"
	case model.ShapeTuple:
		text = fmt.Sprintf("[%d %s]", s.Len, written(s.Elem))
	case model.ShapeMap:
		text = "{" + written(s.Key) + ": " + written(s.Elem) + "}"
	case model.ShapeObject:
		var members []string
		for _, m := range s.Fields {
			name := m.Name
			if m.Optional {
				name += "?"
			}
			members = append(members, name+" "+written(m.Shape))
		}
		text = "{" + strings.Join(members, ", ") + "}"
	default:
		text = []string{"any", "boolean", "string", "integer", "number", "", "", "", "", "enum"}[s.Kind]
		if s.Format != "" {
			text += ":" + s.Format
		}
		if len(s.Values) > 0 {
			var values []string
			for _, v := range s.Values {
				values = append(values, v.Text+v.Int)
			}
			text += "(" + strings.Join(values, ", ") + ")"
		}
	}
	if s.Null {
		text += "?"
	}
	return text
}

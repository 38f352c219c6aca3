package emit

import (
	"go/token"
	"reflect"
	"testing"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// TestDigestOfEveryField changes every value of a package, at any depth. The
// digest has to change each time, to one that no other change leads to, and to be
// the old one when the value is.
func TestDigestOfEveryField(t *testing.T) {
	full := &model.Package{}
	fill(reflect.ValueOf(full).Elem(), 0)
	prog := &model.Program{Packages: []*model.Package{full}}
	was := digests(prog.Packages)[0]
	seen := map[string]string{was: "nothing"}
	note := func(what string) {
		now := digests(prog.Packages)[0]
		if other, ok := seen[now]; ok {
			t.Errorf("%s leads to the digest of %s", what, other)
		}
		seen[now] = what
	}
	fields := map[string]bool{}
	vary(reflect.ValueOf(full).Elem(), "", func(path string, field reflect.StructField) {
		fields[field.Name] = true
		note(path)
	})
	if again := digests(prog.Packages)[0]; again != was {
		t.Error("changed back, the package has another digest")
	}
	for _, want := range []string{"Scope", "Line", "Timeout", "JSON", "Quoted", "Len", "Dir", "Tag", "Foreign", "OwnNewPush"} {
		if !fields[want] {
			t.Errorf("field %s was not varied", want)
		}
	}
}

// TestDigestKeepsApart checks that neighbouring values are not taken for other
// ones with the same text.
func TestDigestKeepsApart(t *testing.T) {
	seen := map[string]int{}
	for i, pkg := range []*model.Package{
		{},
		{Path: "ab", Name: "c"},
		{Path: "a", Name: "bc"},
		{GoPackage: model.GoPackage{Scope: []string{}}},
		{GoPackage: model.GoPackage{Scope: []string{""}}},
		{GoPackage: model.GoPackage{Scope: []string{"a"}, TestScope: []string{"b"}}},
		{GoPackage: model.GoPackage{Scope: []string{"a", "b"}}},
		{GoPackage: model.GoPackage{TestScope: []string{"a", "b"}}},
		{GoPackage: model.GoPackage{Dir: "\xff"}},
		{GoPackage: model.GoPackage{Dir: "\xfe"}},
		{App: &model.App{}},
		{Gateways: []*model.Gateway{{}}},
		{Gateways: []*model.Gateway{{Pos: token.Position{Line: 1}}}},
		{Gateways: []*model.Gateway{{Handlers: []*model.Handler{{Timeout: time.Second}}}}},
		{Gateways: []*model.Gateway{{Handlers: []*model.Handler{{Timeout: time.Minute}}}}},
	} {
		d := digests([]*model.Package{pkg})[0]
		if other, ok := seen[d]; ok {
			t.Errorf("packages %d and %d have one digest", other, i)
		}
		seen[d] = i
	}
}

// fill gives everything in v a value. Types that hold themselves end where deep
// says so.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		if !deep(v.Type().Elem(), depth) {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if !deep(v.Type().Elem(), depth) {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1)
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			fill(f, depth+1)
		}
	}
}

// deep reports whether fill leaves out a value of type t at this depth.
func deep(t reflect.Type, depth int) bool {
	return depth > 8 && (t == reflect.TypeFor[model.TypeRef]() || t == reflect.TypeFor[model.Field]())
}

// vary changes each value in v alone, tells note, and changes it back.
func vary(v reflect.Value, path string, note func(path string, field reflect.StructField)) {
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		path := path + "." + field.Name
		vary1(f, func() { note(path, field) })
		for f.Kind() == reflect.Pointer || f.Kind() == reflect.Slice && f.Len() > 0 {
			if f.Kind() == reflect.Slice {
				f = f.Index(0)
			} else if f = f.Elem(); !f.IsValid() {
				break
			}
		}
		if f.IsValid() && f.Kind() == reflect.Struct {
			vary(f, path, note)
		}
	}
}

func vary1(f reflect.Value, note func()) {
	was := reflect.ValueOf(f.Interface())
	switch f.Kind() {
	case reflect.String:
		f.SetString(f.String() + "x")
	case reflect.Bool:
		f.SetBool(!f.Bool())
	case reflect.Int, reflect.Int64:
		f.SetInt(f.Int() + 1)
	case reflect.Uint8:
		f.SetUint(f.Uint() + 1)
	case reflect.Pointer, reflect.Slice:
		if f.IsNil() {
			return
		}
		f.SetZero()
	default:
		return
	}
	note()
	f.Set(was)
}

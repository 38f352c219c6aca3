package tsclient

import (
	"slices"
	"strconv"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// long is the length from which on an array of one length is written as a list.
const long = 16

// typing writes types: what the server sends, since whoever sends all of it is
// understood, too.
type typing struct {
	// bare says that members of objects in place have no comments.
	bare bool

	// lazy says that the type leads to itself by maps and lists only. TypeScript
	// resolves the arguments of an alias at once, and so finds a circle in Record.
	lazy bool
}

func (t typing) of(s *model.Shape) typed {
	one := t.plain(s)
	if !s.Null || one.text == "unknown" || one.text == "null" {
		return one
	}
	return union(append(one.alternatives(), literal("null")))
}

// plain is the type of a shape without null.
func (t typing) plain(s *model.Shape) typed {
	if s.Quoted {
		return keyword("string")
	}
	switch s.Kind {
	case model.ShapeBool:
		return keyword("boolean")
	case model.ShapeString:
		return keyword("string")
	case model.ShapeInteger, model.ShapeNumber:
		return keyword("number")
	case model.ShapeArray:
		return array(t.of(s.Elem))
	case model.ShapeTuple:
		if s.Len > long {
			return array(t.of(s.Elem))
		}
		return tuple(t.of(s.Elem), int(s.Len))
	case model.ShapeMap:
		return t.dictionary(s)
	case model.ShapeObject:
		var members []doc
		for _, m := range s.Fields {
			inner := typing{bare: t.bare}.member(m.Name, m.Optional, m.Shape)
			if !t.bare {
				inner = join(commented(comment{Doc: m.Doc, note: note(m.Shape)}), inner)
			}
			members = append(members, inner)
		}
		return object(members)
	case model.ShapeEnum:
		return enum(s)
	case model.ShapeRef:
		return named(s.Def.Name)
	case model.ShapeAny:
	}
	return keyword("unknown")
}

// member is a member of an object, without what ends it.
func (t typing) member(name string, optional bool, s *model.Shape) doc {
	return join(text(memberName(name, optional)), t.of(s).behind())
}

// memberName is its name, as far as its colon.
func memberName(name string, optional bool) string {
	if optional {
		return key(name) + "?:"
	}
	return key(name) + ":"
}

// integers is the type of keys that are integers. A number is one, and so is its text,
// which of large ones is more exact.
const integers = "number | `${number}`"

// dictionary is the type of a map.
func (t typing) dictionary(s *model.Shape) typed {
	elem, k := t.of(s.Elem), s.Key
	if k.Kind == model.ShapeRef {
		k = k.Def.Shape
	}
	values := k.Kind == model.ShapeEnum && k.Values[0].Int == ""
	name := keyword("string")
	switch {
	case values:
		name = t.plain(s.Key)
	case k.Kind == model.ShapeInteger || k.Kind == model.ShapeEnum:
		name = literal(integers)
	}
	switch {
	case t.lazy && values:
		return object([]doc{join(text("[key in "), name.argument(), text("]?:"), elem.behind())})
	case t.lazy:
		return object([]doc{join(text("[key: "), name.doc, text("]:"), elem.behind())})
	case values:
		return generic("Partial", generic("Record", name, elem))
	}
	return generic("Record", name, elem)
}

// exact is the bound of integers that a number of TypeScript holds.
const exact = 1 << 53

// enum is the type of a scalar with constants.
func enum(s *model.Shape) typed {
	var all []typed
	seen := map[string]bool{}
	for _, v := range s.Values {
		if n, err := strconv.ParseInt(v.Int, 10, 64); v.Int != "" && (err != nil || n >= exact || n <= -exact) {
			return keyword("number")
		}
		if value := ofValue(v); !seen[value] {
			seen[value] = true
			all = append(all, literal(value))
		}
	}
	return union(all)
}

func ofValue(v model.Value) string {
	if v.Int != "" {
		return v.Int
	}
	return quote(v.Text)
}

// anyOf is the type of data that may be any of these shapes; of none it is as said.
func (t typing) anyOf(shapes []*model.Shape, none string) typed {
	var all []typed
	for _, s := range shapes {
		one := keyword(none)
		if s != nil {
			one = t.of(s)
		}
		if one.text == "unknown" {
			return one
		}
		all = append(all, one.alternatives()...)
	}
	distinct := all[:0]
	for _, one := range all {
		if !slices.ContainsFunc(distinct, func(other typed) bool { return render(0, other.doc) == render(0, one.doc) }) {
			distinct = append(distinct, one)
		}
	}
	slices.SortStableFunc(distinct, func(a, b typed) int { return last(a) - last(b) })
	return union(distinct)
}

// last is 1 for what stands behind all others.
func last(t typed) int {
	if t.text == "null" || t.text == "void" {
		return 1
	}
	return 0
}

// circles reports whether a declared type leads to itself without an object
// between.
func circles(def *model.Def) bool {
	seen := map[*model.Def]bool{}
	var leads func(s *model.Shape) bool
	leads = func(s *model.Shape) bool {
		switch {
		case s == nil || s.Kind == model.ShapeObject:
			return false
		case s.Kind != model.ShapeRef:
			return leads(s.Elem) || leads(s.Key)
		case s.Def == def:
			return true
		case seen[s.Def]:
			return false
		}
		seen[s.Def] = true
		return leads(s.Def.Shape)
	}
	return leads(def.Shape)
}

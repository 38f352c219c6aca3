package resolve

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// promoted warns of a struct whose JSON an embedded type decides about: the
// method is promoted, and encoding/json calls it for the whole.
func (m *members) promoted(t types.Type) {
	elem := deref(t)
	s, ok := elem.Underlying().(*types.Struct)
	if !ok || !m.ours(elem, s) {
		return
	}
	_, index, _ := types.LookupFieldOrMethod(types.NewPointer(elem), false, nil, m.coder(elem))
	if len(index) < 2 {
		return // the method is its own
	}
	by := s.Field(index[0])
	var lost []string
	for i := range s.NumFields() {
		f := s.Field(i)
		if f != by && (f.Exported() || f.Embedded()) && f.Name() != "_" && reflect.StructTag(s.Tag(i)).Get("json") != "-" {
			lost = append(lost, f.Name())
		}
	}
	if len(lost) == 0 {
		return
	}
	verb := "travels"
	if len(lost) > 1 {
		verb = "travel"
	}
	where, _ := m.r.field(by)
	m.r.warn(diag.PromotedCoder, where,
		fmt.Sprintf("%s never %s: %s has the methods of the embedded %s, and encoding/json has them make the JSON of the whole", and(lost), verb, structName(elem), by.Name()),
		fmt.Sprintf("give the embedded %s a field name, or keep the others from JSON on purpose, with json:\"-\"", by.Name()))
}

// coder is the method by which encoding/json writes or reads a value of t.
func (m *members) coder(t types.Type) string {
	switch {
	case m.read && decodesJSON(t):
		return "UnmarshalJSON"
	case m.read:
		return "UnmarshalText"
	case marshals(t, "MarshalJSON"):
		return "MarshalJSON"
	}
	return "MarshalText"
}

// ours reports whether the fields of a struct are the user's to mend: it is
// declared in the module, or written out there, and not by a tool.
func (m *members) ours(t types.Type, s *types.Struct) bool {
	if obj := named(t); obj != nil {
		return m.r.inModule(obj.Pkg()) && !m.r.isGenerated(obj)
	}
	return s.NumFields() > 0 && m.r.inModule(s.Field(0).Pkg())
}

// structName is a struct as a message names it.
func structName(t types.Type) string {
	if obj := named(t); obj != nil {
		return obj.Name()
	}
	return "a struct without a name"
}

// and joins words: a, b and c.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// promotedMember is a member that a struct has of what it embeds.
type promotedMember struct {
	v      *types.Var
	by     *types.Var // the embedded field of the outermost struct that it comes by
	tagged bool
}

// layerOf is one embedded struct on the way down.
type layerOf struct {
	s  *types.Struct
	by *types.Var
}

// annulled warns of members that a struct has twice of what it embeds: Go takes
// such a selector for ambiguous, and encoding/json leaves both out. It looks
// into the structs level by level, as encoding/json does: what is further up
// hides what is below.
func (m *members) annulled(t types.Type, s *types.Struct) {
	taken, seen := map[string]bool{}, map[any]bool{identity(t): true}
	for i := range s.NumFields() {
		if name, _, ok := memberOf(s, i); ok {
			taken[name] = true
		}
	}
	var pairs []*annulment
	level := embeddedIn([]layerOf{{s, nil}}, seen)
	for len(level) > 0 && m.ctx.Err() == nil {
		found, names := map[string][]promotedMember{}, []string(nil)
		for _, l := range level {
			for i := range l.s.NumFields() {
				name, tagged, ok := memberOf(l.s, i)
				if !ok || taken[name] {
					continue
				}
				if found[name] == nil {
					names = append(names, name)
				}
				found[name] = append(found[name], promotedMember{l.s.Field(i), l.by, tagged})
			}
		}
		for _, name := range names {
			taken[name] = true
			pairs = annul(pairs, name, found[name])
		}
		level = embeddedIn(level, seen)
	}
	for _, a := range pairs {
		where, _ := m.r.field(a.second.by)
		m.r.warn(diag.DuplicateMember, where,
			fmt.Sprintf("%s has the %s %s of %s and of %s, so encoding/json leaves out %s", structName(t), plural(len(a.names), "member"), and(a.names), a.first.by.Name(), a.second.by.Name(), a.lost()),
			fmt.Sprintf("give %s a field of its own that is called so, or one of them another name", structName(t)),
			m.r.related(a.first.pos(m.r), "the one"), m.r.related(a.second.pos(m.r), "the other"))
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// annulment is what two embedded structs take from each other.
type annulment struct {
	first, second promotedMember // of the first name
	names         []string
	untagged      bool // only the one is lost whose tag does not name it; else both are
}

func (a annulment) lost() string {
	if a.untagged {
		return "the one whose tag does not name it"
	}
	return "both"
}

// annul adds a member to pairs, unless it comes by one field only: then it is
// warned of there.
func annul(pairs []*annulment, name string, all []promotedMember) []*annulment {
	second, tagged := -1, 0
	for i, f := range all {
		if f.by != all[0].by && second < 0 {
			second = i
		}
		if f.tagged {
			tagged++
		}
	}
	if second < 0 {
		return pairs
	}
	untagged := tagged == 1
	for _, p := range pairs {
		if p.first.by == all[0].by && p.second.by == all[second].by && p.untagged == untagged {
			p.names = append(p.names, name)
			return pairs
		}
	}
	return append(pairs, &annulment{all[0], all[second], []string{name}, untagged})
}

func (f promotedMember) pos(r *resolver) span { name, _ := r.field(f.v); return name }

// embeddedIn are the structs that those of a level embed, without those of
// levels above. A struct that stands twice in the new level is there twice.
func embeddedIn(level []layerOf, seen map[any]bool) []layerOf {
	var next []layerOf
	var now []any
	for _, l := range level {
		for i := range l.s.NumFields() {
			f := l.s.Field(i)
			name, _, _ := strings.Cut(reflect.StructTag(l.s.Tag(i)).Get("json"), ",")
			t := deref(f.Type())
			s, ok := t.Underlying().(*types.Struct)
			if !f.Embedded() || !ok || validName(name) || name == "-" || seen[identity(t)] {
				continue
			}
			by := l.by
			if by == nil {
				by = f
			}
			now, next = append(now, identity(t)), append(next, layerOf{s, by})
		}
	}
	for _, id := range now {
		seen[id] = true
	}
	return next
}

// memberOf is the member that the i-th field of s becomes, by encoding/json's
// rules; a struct that is embedded becomes none, but its fields do.
func memberOf(s *types.Struct, i int) (name string, tagged, ok bool) {
	f := s.Field(i)
	tag := reflect.StructTag(s.Tag(i)).Get("json")
	_, isStruct := deref(f.Type()).Underlying().(*types.Struct)
	if tag == "-" || !f.Exported() && !(f.Embedded() && isStruct) {
		return "", false, false
	}
	name, _, _ = strings.Cut(tag, ",")
	if validName(name) {
		return name, true, true
	}
	return f.Name(), false, !f.Embedded() || !isStruct
}

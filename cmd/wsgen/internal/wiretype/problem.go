package wiretype

import (
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// Mistake is a kind of Problem.
type Mistake uint8

// The mistakes. encoding/json passes over all of them in silence.
const (
	UnreadTag      Mistake = iota // Field: its tag has json, and encoding/json does not understand it
	UnfitName                     // Field: encoding/json does not take the name in its tag
	NamedAsOption                 // Field: its tag calls the member as an option is called
	UnknownOption                 // Field: Word is no option
	OmitsNoStruct                 // Field: omitempty does nothing to a struct
	OmitsNoArray                  // Field: nor to an array that is not empty
	QuotesNothing                 // Field: the option string does nothing
	NeverTravel                   // Fields: they are unexported
	Unsettable                    // Field: an embedded pointer that encoding/json cannot set
	TwoOfOneName                  // Fields: two that have one name
	TwoOfOneMember                // Fields: two embedded ones that have members of one name
)

// Problem is a part of a struct that does not do on the wire what its declaration
// says.
type Problem struct {
	Mistake Mistake
	Field   *Field
	Fields  []*Field
	Word    string
	// Members are the names, if the mistake is TwoOfOneMember, and From are the two
	// fields that the first of them comes from. Untagged says that only the field
	// whose tag does not name the member is lost; else both are.
	Members  []string
	From     [2]*types.Var
	Untagged bool
}

// KnownOptions are the options of a tag that encoding/json knows.
func KnownOptions() []string { return []string{"omitempty", "omitzero", "string"} }

// Problems are those of the struct that t is, if values go that way.
func (t *Type) Problems(w Way) []Problem {
	if t.structure() == nil {
		return nil
	}
	if t.problems[w] == nil {
		found := append(t.ofFields(w), t.ofEmbedded()...)
		t.problems[w] = &found
	}
	return *t.problems[w]
}

// ofFields looks at each field of a struct.
func (t *Type) ofFields(w Way) (all []Problem) {
	names := map[string]*Field{}
	var lost []*Field
	for _, f := range t.Fields() {
		switch {
		case f.Omitted || f.unknown():
			continue
		case !f.Var.Exported() && !(f.Var.Embedded() && f.embeds()):
			lost = append(lost, f)
			continue
		case f.Var.Embedded():
			if w == In && f.unsettable(t.table) {
				all = append(all, Problem{Mistake: Unsettable, Field: f})
			}
			continue
		}
		all = append(all, t.ofTag(f)...)
		if first, twice := names[f.Name]; twice {
			all = append(all, Problem{Mistake: TwoOfOneName, Fields: []*Field{first, f}})
		} else {
			names[f.Name] = f
		}
	}
	// Nobody expects a lock to travel.
	lost = slices.DeleteFunc(lost, func(f *Field) bool { return isLock(f.Var.Type()) })
	if len(lost) > 0 {
		all = append(all, Problem{Mistake: NeverTravel, Fields: lost})
	}
	return all
}

// ofTag looks at the tag of a field.
func (t *Type) ofTag(f *Field) (all []Problem) {
	if f.Unread {
		all = append(all, Problem{Mistake: UnreadTag, Field: f})
	}
	if f.Unfit != "" {
		all = append(all, Problem{Mistake: UnfitName, Field: f})
	}
	if f.Tagged && slices.Contains(KnownOptions(), f.Name) && len(f.Options) == 0 && !strings.EqualFold(f.Name, f.Var.Name()) {
		all = append(all, Problem{Mistake: NamedAsOption, Field: f})
	}
	for _, o := range f.Options {
		if o != "" && !slices.Contains(KnownOptions(), o) {
			all = append(all, Problem{Mistake: UnknownOption, Field: f, Word: o})
		}
		switch u := f.Var.Type().Underlying().(type) {
		case *types.Struct:
			if o == "omitempty" {
				all = append(all, Problem{Mistake: OmitsNoStruct, Field: f})
			}
		case *types.Array:
			if o == "omitempty" && u.Len() > 0 {
				all = append(all, Problem{Mistake: OmitsNoArray, Field: f})
			}
		}
		if o == "string" && !f.quotes(t.table, In, Out) {
			all = append(all, Problem{Mistake: QuotesNothing, Field: f})
		}
	}
	return all
}

// unsettable reports whether data cannot be decoded into an embedded pointer:
// it is unexported, and encoding/json would have to set it.
func (f *Field) unsettable(table *Table) bool {
	elem, pointer := gotype.Pointee(f.Var.Type())
	return pointer && !f.Var.Exported() && table.Of(elem).Coder(In) == "" && hasExported(elem)
}

// hasExported reports whether t is a struct with an exported field.
func hasExported(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Exported() {
			return true
		}
	}
	return false
}

// isLock reports whether t is of package sync, such as sync.Mutex.
func isLock(t types.Type) bool {
	obj := gotype.Named(gotype.Deref(t))
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == "sync"
}

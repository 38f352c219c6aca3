package resolve

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// onWire warns of fields that do not do on the wire what their declaration
// says: encoding/json passes over all of this in silence. It tells of the types
// of this module that a payload t, which stands at where, is made of.
func (r *resolver) onWire(t types.Type, where span, way wiretype.Way) {
	r.json.Walk(t, way, func(at *wiretype.Type, via *wiretype.Field) bool {
		here, from := where, r.owner.Types
		if via != nil {
			here, from = r.fieldSpan(via.Var), via.Var.Pkg()
		}
		if elem, ok := at.Go.Underlying().(*types.Map); ok && at.Coder(way) == "" {
			if way == wiretype.Out {
				r.unaddressed(elem.Elem(), here, from)
			}
			return true
		}
		if at.Coder(way) != "" {
			r.promoted(r.json.Of(gotype.Deref(at.Go)), way)
			if way == wiretype.In {
				r.setsCopy(at)
			}
			return false
		}
		if !r.mendable(at.Go) {
			return false
		}
		for _, p := range at.Problems(way) {
			r.problem(at.Go, p)
		}
		return true
	})
}

// mendable reports whether the fields of a struct are the user's to mend: it is
// declared in the module, or written out there, and not by a tool.
func (r *resolver) mendable(t types.Type) bool {
	if obj := gotype.Named(t); obj != nil {
		return r.inModule(obj.Pkg()) && !r.isGenerated(obj)
	}
	s := t.Underlying().(*types.Struct)
	return s.NumFields() > 0 && r.inModule(s.Field(0).Pkg())
}

// problem warns of what is wrong about a struct t.
func (r *resolver) problem(t types.Type, p wiretype.Problem) {
	switch p.Mistake {
	case wiretype.NeverTravel:
		r.lost(t, p.Fields)
	case wiretype.Unsettable:
		v := p.Field.Var
		r.warn(diag.EmbeddedPointer, nameSpan(v), fmt.Sprintf("data with a field of %[2]s cannot be read into %[1]s: encoding/json cannot set the embedded *%[2]s, which is unexported", structName(t), v.Name()),
			"embed "+v.Name()+" by value, or export it")
	case wiretype.TwoOfOneName:
		r.twoOfOneName(t, p.Fields[0], p.Fields[1])
	case wiretype.TwoOfOneMember:
		r.twoOfOneMember(t, p)
	default:
		r.tagProblem(p)
	}
}

// tagProblem warns of what is wrong about the tag of a field.
func (r *resolver) tagProblem(p wiretype.Problem) {
	f, tag := p.Field, r.tagSpan(p.Field.Var)
	switch p.Mistake {
	case wiretype.UnreadTag:
		r.warn(diag.BadTag, tag, "this tag names no member: encoding/json does not understand it, and takes the field's name",
			repaired(f.Tag, camel.Lower(f.Var.Name())))
	case wiretype.UnfitName:
		r.warn(diag.BadTag, tag, fmt.Sprintf("this tag names no member: encoding/json does not take the name %q, and takes the field's", f.Unfit),
			fmt.Sprintf("letters, digits and most punctuation are taken, quotes and backslashes not: `json:%q`", camel.Lower(f.Var.Name())))
	case wiretype.NamedAsOption:
		r.warn(diag.UnknownTagOption, tag, fmt.Sprintf("this tag calls the member %s", f.Name), diag.Paste("an option stands behind a comma", withJSON(f.Tag, ","+f.Name)))
	case wiretype.UnknownOption:
		if near := directive.Closest(strings.ToLower(p.Word), wiretype.KnownOptions()); near != "" {
			r.warn(diag.UnknownTagOption, tag, fmt.Sprintf("the option %s of this tag has no effect", p.Word), meantOption(f, p.Word, near))
		}
	case wiretype.OmitsNoStruct:
		r.warn(diag.OmitsNothing, tag, "omitempty does nothing here: a struct is never empty for encoding/json",
			diag.Paste("make the field a pointer, or write", withOption(f, "omitempty", "omitzero")))
	case wiretype.OmitsNoArray:
		r.warn(diag.OmitsNothing, tag, fmt.Sprintf("omitempty does nothing here: an array of %d is never empty for encoding/json", f.Var.Type().Underlying().(*types.Array).Len()),
			diag.Paste("make the field a slice, or write", withOption(f, "omitempty", "omitzero")))
	case wiretype.QuotesNothing:
		r.warn(diag.UnknownTagOption, tag, "the option string of this tag has no effect: it puts strings, numbers and booleans in quotes, and nothing else", "remove it")
	}
}

// meantOption is the help for an unknown option of a tag that is like a known one.
func meantOption(f *wiretype.Field, unknown, near string) string {
	if _, basic := gotype.Deref(f.Var.Type()).Underlying().(*types.Basic); near == "string" && !basic {
		return "remove it: string is for fields of strings, numbers and booleans"
	}
	return diag.Meant(withOption(f, unknown, near))
}

// withOption is the tag of f with one option in the place of another; it has
// each once.
func withOption(f *wiretype.Field, old, option string) string {
	json, _ := reflect.StructTag(f.Tag).Lookup("json")
	name, _, _ := strings.Cut(json, ",")
	parts := []string{name}
	for _, o := range f.Options {
		if o == old {
			o = option
		}
		if o != "" && !slices.Contains(parts[1:], o) {
			parts = append(parts, o)
		}
	}
	return withJSON(f.Tag, strings.Join(parts, ","))
}

// lost warns of the fields of one type that never travel.
func (r *resolver) lost(t types.Type, fields []*wiretype.Field) {
	var names []string
	for _, f := range fields {
		names = append(names, f.Var.Name())
	}
	text := fmt.Sprintf("the field %s of %s never travels", names[0], structName(t))
	help := "export it, or say that it stays here: `json:\"-\"`"
	if len(names) > 1 {
		text = fmt.Sprintf("the fields %s of %s never travel", and(names), structName(t))
		help = "export them, or say of each that it stays here: `json:\"-\"`"
	}
	r.warn(diag.LostField, r.fieldSpan(fields[0].Var), text+": encoding/json leaves out what is unexported", help)
}

// twoOfOneName warns of two fields with one name on the wire.
func (r *resolver) twoOfOneName(t types.Type, first, second *wiretype.Field) {
	lost := "both fields"
	if first.Tagged != second.Tagged {
		lost = first.Var.Name()
		if first.Tagged {
			lost = second.Var.Name()
		}
	}
	r.warn(diag.DuplicateMember, r.fieldSpan(second.Var), fmt.Sprintf("two fields of %s are called %s in JSON, so encoding/json leaves out %s", structName(t), second.Name, lost),
		"give one of them another name", r.related(r.fieldSpan(first.Var), "the other field"))
}

// twoOfOneMember warns of two embedded fields that have members of one name.
func (r *resolver) twoOfOneMember(t types.Type, p wiretype.Problem) {
	first, second := p.Fields[0].Var, p.Fields[1].Var
	lost := "both"
	if p.Untagged {
		lost = "the one whose tag does not name it"
	}
	r.warn(diag.DuplicateMember, r.fieldSpan(second),
		fmt.Sprintf("%s has the %s %s of %s and of %s, so encoding/json leaves out %s", structName(t), plural(len(p.Members), "member"), and(p.Members), first.Name(), second.Name(), lost),
		fmt.Sprintf("give %s a field of its own that is called so, or one of them another name", structName(t)),
		r.related(r.fieldSpan(p.From[0]), "the one"), r.related(r.fieldSpan(p.From[1]), "the other"))
}

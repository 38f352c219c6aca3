package resolve

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// onWire warns of fields that do not do on the wire what their declaration
// says: encoding/json passes over all of this in silence. It looks at the types
// of this module that a payload t, which stands at where, is made of; read says
// that t is decoded.
func (r *resolver) onWire(t types.Type, where span, read bool) {
	own := encodes
	if read {
		own = func(t types.Type) bool { return decodesJSON(t) || decodesText(t) }
	}
	(&members{trail: r.trail(), r: r, own: own, read: read, at: where, from: r.owner.Types}).walk(t)
}

// members is one walk over the types that a payload is made of.
type members struct {
	*trail
	r    *resolver
	own  func(types.Type) bool
	read bool
	at   span           // where the type that is looked at stands,
	from *types.Package // and in which package
}

func (m *members) walk(t types.Type) {
	if !m.in(t) {
		return
	}
	defer m.out(t)
	if m.own(t) {
		m.promoted(t)
		m.setsCopy(t)
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		m.walk(u.Elem())
	case *types.Slice:
		m.walk(u.Elem())
	case *types.Array:
		m.walk(u.Elem())
	case *types.Map:
		m.unaddressed(u.Elem())
		m.walk(u.Elem())
	case *types.Struct:
		if m.ours(t, u) {
			m.fields(t, u)
			m.annulled(t, u)
		}
	}
}

// inModule reports whether pkg is of the module that wsgen runs in.
func (r *resolver) inModule(pkg *types.Package) bool { return r.src.InModule(pkg) }

// member is one field of a struct, and what its tag makes of it.
type member struct {
	v       *types.Var
	name    string // on the wire
	tagged  bool   // the name is the tag's
	options []string
	r       *resolver
}

// pos is where the field stands: looked for once there is something to say.
func (f member) pos() span { name, _ := f.r.field(f.v); return name }

// Pos and End make a field a span, which is looked for as late.
func (f member) Pos() token.Pos { return f.pos().Pos() }
func (f member) End() token.Pos { return f.pos().End() }

// tag is where its tag stands, or the field if its syntax was not read.
func (f member) tag() span { _, tag := f.r.field(f.v); return tag }

func (m *members) fields(t types.Type, s *types.Struct) {
	names := map[string]member{}
	var lost []member
	for i := range s.NumFields() {
		v := s.Field(i)
		tag := s.Tag(i)
		json, ok := reflect.StructTag(tag).Lookup("json")
		if json == "-" || v.Name() == "_" || invalid(v.Type()) {
			continue
		}
		if v.Embedded() {
			lost = append(lost, m.embedded(t, v, json)...)
			continue
		}
		f := member{v: v, name: v.Name(), r: m.r}
		switch {
		case !v.Exported():
			lost = append(lost, f)
			continue
		case !ok && strings.Contains(strings.ToLower(tag), "json:"):
			m.r.warn(diag.BadTag, f.tag(), "this tag names no member: encoding/json does not understand it, and takes the field's name",
				repaired(tag, lowerCamel(v.Name())))
		}
		name, options, _ := strings.Cut(json, ",")
		if validName(name) {
			f.name, f.tagged = name, true
		} else if name != "" {
			m.r.warn(diag.BadTag, f.tag(), fmt.Sprintf("this tag names no member: encoding/json does not take the name %q, and takes the field's", name),
				fmt.Sprintf("letters, digits and most punctuation are taken, quotes and backslashes not: `json:%q`", lowerCamel(v.Name())))
		}
		if options != "" {
			f.options = strings.Split(options, ",")
		}
		m.options(f, tag)
		if first, twice := names[f.name]; twice {
			m.twice(t, first, f)
		} else {
			names[f.name] = f
		}
		m.walkField(v)
	}
	m.lost(t, lost)
}

// walkField looks into the type of a field.
func (m *members) walkField(v *types.Var) {
	at, from := m.at, m.from
	m.at, m.from = member{v: v, r: m.r}, v.Pkg()
	m.walk(v.Type())
	m.at, m.from = at, from
}

// lost warns of the fields of one type that never travel. A lock among them
// nobody expects to.
func (m *members) lost(t types.Type, fields []member) {
	fields = slices.DeleteFunc(fields, func(f member) bool { return isLock(f.v.Type()) })
	if len(fields) == 0 {
		return
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.v.Name())
	}
	text := fmt.Sprintf("the field %s of %s never travels", names[0], structName(t))
	if len(names) > 1 {
		text = fmt.Sprintf("the fields %s of %s never travel", and(names), structName(t))
	}
	help := "export it, or say that it stays here: `json:\"-\"`"
	if len(names) > 1 {
		help = "export them, or say of each that it stays here: `json:\"-\"`"
	}
	m.r.warn(diag.LostField, fields[0].pos(), text+": encoding/json leaves out what is unexported", help)
}

// isLock reports whether t is of package sync, such as sync.Mutex.
func isLock(t types.Type) bool {
	obj := named(deref(t))
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == "sync"
}

// embedded looks into what a struct embeds, and returns it if it never travels:
// an unexported type that is no struct.
func (m *members) embedded(t types.Type, v *types.Var, tag string) []member {
	elem, pointer := pointee(v.Type())
	if _, ok := elem.Underlying().(*types.Struct); !ok && !v.Exported() {
		return []member{{v: v, r: m.r}}
	}
	if m.read && pointer && !v.Exported() && !m.own(elem) && hasExported(elem) {
		m.r.warn(diag.EmbeddedPointer, nameSpan(v), fmt.Sprintf("data with a field of %[2]s cannot be read into %[1]s: encoding/json cannot set the embedded *%[2]s, which is unexported", structName(t), v.Name()),
			"embed "+v.Name()+" by value, or export it")
	}
	m.walkField(v)
	return nil
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

// options warns of tag options that do nothing.
func (m *members) options(f member, tag string) {
	known := []string{"omitempty", "omitzero", "string"}
	if slices.Contains(known, f.name) && f.tagged && len(f.options) == 0 && !strings.EqualFold(f.name, f.v.Name()) {
		m.r.warn(diag.UnknownTagOption, f.tag(), fmt.Sprintf("this tag calls the member %s", f.name), diag.Paste("an option stands behind a comma", withJSON(tag, ","+f.name)))
	}
	for _, o := range f.options {
		switch near := directive.Closest(strings.ToLower(o), known); {
		case slices.Contains(known, o), near == "" && o != "":
		case o == "":
		default:
			m.r.warn(diag.UnknownTagOption, f.tag(), fmt.Sprintf("the option %s of this tag has no effect", o), f.option(tag, o, near))
		}
		switch u := f.v.Type().Underlying().(type) {
		case *types.Struct:
			if o == "omitempty" {
				m.r.warn(diag.OmitsNothing, f.tag(), "omitempty does nothing here: a struct is never empty for encoding/json",
					diag.Paste("make the field a pointer, or write", f.withOption(tag, o, "omitzero")))
			}
		case *types.Array:
			if o == "omitempty" && u.Len() > 0 {
				m.r.warn(diag.OmitsNothing, f.tag(), fmt.Sprintf("omitempty does nothing here: an array of %d is never empty for encoding/json", u.Len()),
					diag.Paste("make the field a slice, or write", f.withOption(tag, o, "omitzero")))
			}
		}
		if o == "string" && !quotes(f.v.Type()) {
			m.r.warn(diag.UnknownTagOption, f.tag(), "the option string of this tag has no effect: it puts strings, numbers and booleans in quotes, and nothing else", "remove it")
		}
	}
}

// option is the help for an unknown option of a tag that is like a known one.
func (f member) option(tag, unknown, near string) string {
	if _, basic := deref(f.v.Type()).Underlying().(*types.Basic); near == "string" && !basic {
		return "remove it: string is for fields of strings, numbers and booleans"
	}
	return diag.Meant(f.withOption(tag, unknown, near))
}

// withOption is the tag of f with one option in the place of another; it has
// each once.
func (f member) withOption(tag, old, option string) string {
	json, _ := reflect.StructTag(tag).Lookup("json")
	name, _, _ := strings.Cut(json, ",")
	parts := []string{name}
	for _, o := range f.options {
		if o == old {
			o = option
		}
		if o != "" && !slices.Contains(parts[1:], o) {
			parts = append(parts, o)
		}
	}
	return withJSON(tag, strings.Join(parts, ","))
}

// twice warns of two fields with one name on the wire.
func (m *members) twice(t types.Type, first, second member) {
	lost := "both fields"
	if first.tagged != second.tagged {
		lost = first.v.Name()
		if first.tagged {
			lost = second.v.Name()
		}
	}
	m.r.warn(diag.DuplicateMember, second.pos(), fmt.Sprintf("two fields of %s are called %s in JSON, so encoding/json leaves out %s", structName(t), second.name, lost),
		"give one of them another name", m.r.related(first.pos(), "the other field"))
}

// field is where a field and its tag stand; the tag is the field if it has
// none. Export data knows lines only, so the file is read again for a type that
// comes from there.
func (r *resolver) field(v *types.Var) (name, tag span) {
	name, tag = nameSpan(v), nameSpan(v)
	where := r.position(v.Pos())
	file := r.parsed(v.Pos(), where.Filename)
	if file == nil {
		return name, tag
	}
	ast.Inspect(file, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		ids := field.Names
		if id := typeName(field.Type); v.Embedded() && len(ids) == 0 && id != nil {
			ids = []*ast.Ident{id}
		}
		for _, id := range ids {
			if id.Name == v.Name() && r.position(id.Pos()).Line == where.Line {
				name, tag = id, id
				if field.Tag != nil {
					tag = field.Tag
				}
			}
		}
		return true
	})
	return name, tag
}

// typeName is the identifier that an embedded field, or a receiver, names its type
// by, or nil.
func typeName(x ast.Expr) *ast.Ident {
	for {
		switch t := x.(type) {
		case *ast.ParenExpr:
			x = t.X
		case *ast.StarExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		case *ast.SelectorExpr:
			return t.Sel
		case *ast.Ident:
			return t
		default:
			return nil
		}
	}
}

// isGenerated reports whether obj is declared in a file that a tool wrote, as
// protoc does: nobody could act on a warning there.
func (r *resolver) isGenerated(obj *types.TypeName) bool {
	file := r.parsed(obj.Pos(), r.position(obj.Pos()).Filename)
	return file != nil && ast.IsGenerated(file)
}

// parsed is the syntax of the file that pos is in.
func (r *resolver) parsed(pos token.Pos, name string) *ast.File {
	for _, p := range r.src.Packages {
		if f := fileAt(p, pos); f != nil {
			return f
		}
	}
	return r.src.File(name)
}

// warn reports what does not stop the run.
func (r *resolver) warn(code diag.Code, where span, message, help string, related ...diag.Related) {
	r.report(code, where, message, help, related...)
	r.list[len(r.list)-1].Warning = true
}

// opaque warns of a payload that says nothing about itself.
func (r *resolver) opaque(t types.Type, where span) {
	if u, ok := deref(t).Underlying().(*types.Interface); ok && u.Empty() {
		r.warn(diag.AnyPayload, where, "any says nothing about the data: whatever comes is taken, and no client can know what to send or to expect",
			"name a type; json.RawMessage says that the data is opaque on purpose")
	}
}

// validator warns of a method Validate that is not the one that wsgen calls.
func (r *resolver) validator(t types.Type, where span) {
	sig := method(deref(t), "Validate")
	if sig == nil || types.IsInterface(deref(t)) || sig.Params().Len() == 0 && onlyError(sig) {
		return
	}
	r.warn(diag.ValidateForm, where, fmt.Sprintf("Validate is not called: it is %s", types.TypeString(sig, types.RelativeTo(nil))),
		"wsgen calls Validate() error once the payload is read; give this one another name")
}

// unlocked warns of a state that calls change at once.
func (r *resolver) unlocked(m *bound) {
	for i := range m.sig.Params().Len() {
		obj := named(deref(m.sig.Params().At(i).Type()))
		if obj == nil || !r.isState(obj) || locks(obj) {
			continue
		}
		_, typ := m.param(i)
		r.warn(diag.ParallelState, typ, fmt.Sprintf("%s runs in parallel, and its calls share *%s without a lock", m.fn.Name(), obj.Name()),
			"give "+obj.Name()+" a sync.Mutex or atomic fields and use them, or let the handler run serially", r.related(nameSpan(obj), obj.Name()+" is declared here"))
	}
}

// locks reports whether a struct has something of package sync or sync/atomic.
func locks(obj *types.TypeName) bool {
	s, ok := obj.Type().Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if startsZero(deref(f.Type())) {
			return true
		}
	}
	return false
}

// pathValues warns of names that a method asks the path for, and that are not
// in it.
func (r *resolver) pathValues(g *gateway, m *bound) {
	if m.decl.Body == nil || g.model.Path == "" {
		return
	}
	asked := map[string]bool{} // parameters that have PathValue
	for v := range m.sig.Params().Variables() {
		if name, ok := runtimeType(v.Type()); ok && name == "Client" || isPointer(v.Type(), "net/http", "Request") {
			asked[v.Name()] = true
		}
	}
	names := wildcards(g.model.Path)
	ast.Inspect(m.decl.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "PathValue" {
			return true
		}
		x, isIdent := sel.X.(*ast.Ident)
		lit, isLit := call.Args[0].(*ast.BasicLit)
		if !isIdent || !isLit || lit.Kind != token.STRING || !asked[x.Name] {
			return true
		}
		name := strings.Trim(lit.Value, "\"`")
		if slices.Contains(names, name) {
			return true
		}
		help := "the path has no wildcard"
		var related []diag.Related
		if arg := g.directive.Args[0]; len(names) == 0 && token.IsIdentifier(name) {
			help = diag.Paste("the path has no wildcard; write it as", spell(strings.TrimSuffix(arg.Value, "/")+"/{"+name+"}"))
			related = append(related, r.related(value(arg), "the path"))
		} else if len(names) > 0 {
			help = "its wildcards are " + strings.Join(names, ", ")
			if near := directive.Closest(name, names); near != "" {
				help = diag.Meant(strconv.Quote(near))
			}
		}
		r.warn(diag.NoPathValue, lit, fmt.Sprintf("the path %s of %s has no {%s}, so this is always empty", g.model.Path, g.obj.Name(), name), help, related...)
		return true
	})
}

// wildcards are the names in a ServeMux path.
func wildcards(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok && name != "$}" {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."))
		}
	}
	return names
}

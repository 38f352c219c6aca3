package resolve

import (
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// clashes reports what p declares under a name that wsgen needs. Constructors
// of namespaces, pushes and asks may be the user's own, if they fit.
func (r *resolver) clashes(p *pkg) {
	names := r.generated(p)
	for _, push := range p.model.Pushes {
		if obj := p.src.Types.Scope().Lookup("New" + push.Name); obj != nil && r.makes(p, obj, push.Name, "") {
			push.OwnNew = true
			delete(names, "New"+push.Name)
		}
		if obj := p.src.Types.Scope().Lookup("New" + push.Name + "Push"); obj != nil && r.makes(p, obj, push.Name, "Push") {
			push.OwnNewPush = true
			delete(names, "New"+push.Name+"Push")
		}
	}
	for _, ask := range p.model.Asks {
		constructor := "New" + ask.Name + "Ask"
		if obj := p.src.Types.Scope().Lookup(constructor); obj != nil && r.makes(p, obj, ask.Name, "Ask") {
			ask.OwnNewAsk = true
			delete(names, constructor)
		}
		if obj, ok := p.src.Types.Scope().Lookup(ask.Name + "Ask").(*types.TypeName); ok && (p.isPush(obj) || p.has(obj, "namespace")) {
			r.report(diag.NameClash, nameSpan(obj), fmt.Sprintf("wsgen declares New%[1]sAsk for the ask interface %[1]s and for %[1]sAsk", ask.Name), "rename one of them")
		}
	}
	marked, _ := p.marked("namespace")
	for _, obj := range marked {
		delete(names, "New"+obj.Name()) // constructor has judged it, or there is more to say about its type
	}
	for _, push := range p.model.Pushes {
		if obj := p.src.Types.Scope().Lookup(push.Name + "Push"); obj != nil && p.isPush(obj) {
			r.report(diag.NameClash, nameSpan(obj), fmt.Sprintf("wsgen declares New%[1]sPush for the push interface %[1]s and for %[1]sPush", push.Name), "rename one of them")
		}
		if obj, ok := p.src.Types.Scope().Lookup(push.Name + "Presence").(*types.TypeName); ok && push.Presence() != nil && (p.isPush(obj) || p.has(obj, "namespace")) {
			r.report(diag.NameClash, nameSpan(obj), fmt.Sprintf("wsgen declares New%[1]sPresence for the push interface %[1]s and for %[1]sPresence", push.Name), "rename one of them")
		}
	}
	r.importedAs(p, names)
	copies := map[string]bool{} // files that wsgen wrote, and somebody renamed
	for _, n := range slices.Sorted(maps.Keys(names)) {
		obj := p.src.Types.Scope().Lookup(n)
		if pos, ok := p.src.TestNames[n]; ok && obj == nil {
			r.report(diag.NameClash, at{pos, pos + token.Pos(len(n))}, fmt.Sprintf("wsgen declares %s for %s, and a test of the package declares it, too", n, names[n]), "rename the test's")
		}
		if obj == nil {
			continue
		}
		if file := r.src.Fset.Position(obj.Pos()).Filename; copies[file] || r.src.Wrote(file) {
			if !copies[file] {
				r.report(diag.NameClash, nameSpan(obj), fmt.Sprintf("wsgen wrote %s, under another name, and declares all of it in the file that it writes now", filepath.Base(file)), "remove this file")
			}
			copies[file] = true
			continue
		}
		help := "rename yours"
		if n == "WireSet" {
			help = "rename yours, and let it have the generated one as a part"
		}
		r.report(diag.NameClash, nameSpan(obj), fmt.Sprintf("wsgen declares %s for %s, and the package declares it already", n, names[n]), help)
	}
	r.shadows(p)
}

// importedAs reports imports that have a name which wsgen declares in the
// package: Go has one of the two in all files of a package.
func (r *resolver) importedAs(p *pkg, names map[string]string) {
	for _, f := range p.src.Files {
		for _, spec := range f.Imports {
			name := importName(spec, r.importedBy(spec))
			if names[name] == "" {
				continue
			}
			var where span = spec.Path
			if spec.Name != nil {
				where = spec.Name
			}
			r.report(diag.NameClash, where, fmt.Sprintf("wsgen declares %s for %s, and this file imports a package by that name", name, names[name]), "import it by another name")
		}
	}
}

func (p *pkg) isPush(obj types.Object) bool {
	t, ok := obj.(*types.TypeName)
	return ok && p.has(t, "push")
}

// shadows reports what p declares under a name of Go's own that generated code
// uses: Go allows that, and generated code would mean the user's.
func (r *resolver) shadows(p *pkg) {
	if len(p.gateways)+len(p.model.Pushes)+len(p.model.Asks)+len(p.model.Namespaces) == 0 && p.app == nil {
		return // nothing is generated
	}
	for _, name := range p.src.Types.Scope().Names() {
		if types.Universe.Lookup(name) == nil || slices.Contains(unused(), name) {
			continue
		}
		obj := p.src.Types.Scope().Lookup(name)
		r.report(diag.NameClash, nameSpan(obj), "the package declares "+name+", and what wsgen generates needs Go's own", "rename yours")
	}
}

// unused are predeclared names that generated code has no use for.
func unused() []string {
	return []string{
		"append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "iota", "len", "make",
		"max", "min", "print", "println", "real", "recover",
	}
}

// makes reports whether fn is a provider of the push or ask interface name, or, if
// through is not empty, of that type of the runtime's of it: ws.Push, ws.Ask.
func (r *resolver) makes(p *pkg, fn types.Object, name, through string) bool {
	f, ok := fn.(*types.Func)
	if !ok || f.Signature().Results().Len() == 0 {
		return false
	}
	t := f.Signature().Results().At(0).Type()
	e := p.src.Types.Scope().Lookup(name).Type()
	if through == "" {
		return provides(fn, e)
	}
	n, ok := types.Unalias(t).(*types.Named)
	if rt, isRuntime := gotype.Runtime(t); !ok || !isRuntime || rt != through || n.TypeArgs().Len() != 1 || !types.Identical(n.TypeArgs().At(0), e) {
		return false
	}
	return provides(fn, t)
}

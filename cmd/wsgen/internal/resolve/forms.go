package resolve

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// Form is what a type of another module, which writes its own JSON, is in it: a
// setting says what //ws:type would.
type Form struct {
	Name     string         // import path and name
	Type     string         // as Go writes it, of predeclared names
	Format   string         // "" is that of Type
	Pos, End token.Position // no line: it is a flag
}

// forms resolves what settings say of types, and returns their mistakes.
func (r *resolver) forms(all []Form) (list diag.List) {
	for _, f := range all {
		message, help := r.form(f)
		if message != "" {
			list = append(list, diag.Diagnostic{Code: diag.BadTypeDirective, Pos: f.Pos, End: f.End, Message: message, Help: help})
		}
	}
	return list
}

// form resolves one of them. It returns a message and help if there is a mistake. A
// package that no annotated one imports is none in a run that does not cover all of
// them.
func (r *resolver) form(f Form) (message, help string) {
	dot := strings.LastIndexByte(f.Name, '.')
	path, name := f.Name[:dot], f.Name[dot+1:]
	pkg, err := r.src.Import(path)
	if err != nil || pkg == nil {
		if slices.ContainsFunc(r.src.Packages, func(p *source.Package) bool { return !p.Requested }) {
			return "", ""
		}
		return "no package with directives imports " + path + ", not even indirectly", "correct the import path, or remove the setting"
	}
	obj, _ := pkg.Scope().Lookup(name).(*types.TypeName)
	switch {
	case obj == nil || !obj.Exported():
		return fmt.Sprintf("package %s has no type %s", path, name), "name one that it has, or remove the setting"
	case obj.IsAlias():
		return f.Name + " is another name for a type", "name the type itself"
	case r.inModule(pkg):
		return f.Name + " is a type of this module", diag.Paste("say above its declaration what it is", strings.TrimSpace("//ws:type "+f.Type))
	case wiretype.Known(obj.Type()):
		return f.Name + " is known to wsgen", "remove the setting"
	}
	if at := r.json.Of(obj.Type()); at.Coder(wiretype.In) == "" && at.Coder(wiretype.Out) == "" {
		return f.Name + " has no method for its JSON, so encoding/json writes what it is declared as", "remove the setting"
	}
	tv, err := types.Eval(r.src.Fset, nil, token.NoPos, f.Type)
	switch {
	case err != nil || !tv.IsType() || gotype.Invalid(tv.Type):
		return f.Type + " is no type of Go's own", "write one without names of packages, such as string, or []string"
	case r.json.Lacks(tv.Type, wiretype.Out) || r.json.Lacks(tv.Type, wiretype.In):
		return f.Type + " has no form in JSON", "write a type that encoding/json reads and writes, such as string"
	}
	r.ownForms[gotype.Key(obj)] = wiretype.Override{Type: tv.Type, Format: f.Format}
	return "", ""
}

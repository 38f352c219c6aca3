package resolve

import (
	"go/ast"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// show writes a type for a message, as a file of package from would.
func (r *resolver) show(t types.Type, from *types.Package) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == from {
			return ""
		}
		if strings.HasSuffix(p.Path(), "wsgen/runtime") {
			return "ws"
		}
		return p.Name()
	})
}

// write writes a type as the file of s does: for what a user is to paste there.
func (r *resolver) write(t types.Type, s scope) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == s.pkg.Path() {
			return ""
		}
		return r.nameIn(s.file, p)
	})
}

// nameIn is what a file calls a package, or would if it imported that.
func (r *resolver) nameIn(file *ast.File, p *types.Package) string {
	if file == nil {
		return p.Name()
	}
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err != nil || path != p.Path() || spec.Name == nil || spec.Name.Name == "_" {
			continue
		}
		return strings.Trim(spec.Name.Name, ".")
	}
	return p.Name()
}

// ws is what a file calls the runtime, and the import that it lacks for that.
func (r *resolver) ws(file *ast.File) (name string, imports []string) {
	if file == nil {
		return "ws", nil
	}
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && path == model.RuntimePath && (spec.Name == nil || spec.Name.Name != "_" && spec.Name.Name != ".") {
			if spec.Name != nil {
				return spec.Name.Name, nil
			}
			return "ws", nil
		}
	}
	return "ws", []string{importLine("ws", model.RuntimePath)}
}

func importLine(name, importPath string) string {
	if path.Base(importPath) == name {
		return "import " + strconv.Quote(importPath)
	}
	return "import " + name + " " + strconv.Quote(importPath)
}

// needsContext is the import line for a file that lacks context.
func needsContext(file *ast.File) []string {
	if file != nil && slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"context"` && s.Name == nil }) {
		return nil
	}
	return []string{importLine("context", "context")}
}

// whole returns pkg with its whole scope, which a package that others import
// indirectly does not have.
func (r *resolver) whole(pkg *types.Package) *types.Package {
	if full, err := r.src.Import(pkg.Path()); err == nil && full != nil {
		return full
	}
	return pkg
}

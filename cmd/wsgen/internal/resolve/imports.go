package resolve

import (
	"go/ast"
	"go/build"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func isType(obj types.Object) bool { _, ok := obj.(*types.TypeName); return ok }

// imported returns the package that file knows as name, with its whole scope.
func (r *resolver) imported(file *ast.File, name string) *types.Package {
	for _, spec := range file.Imports {
		if spec.Name != nil && spec.Name.Name != name {
			continue
		}
		if pkg := r.importedBy(spec); pkg != nil && importName(spec, pkg) == name {
			return pkg
		}
	}
	return nil
}

// importedBy is the package of an import line, with its whole scope, or nil.
func (r *resolver) importedBy(spec *ast.ImportSpec) *types.Package {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return nil
	}
	pkg, err := r.src.Import(path)
	if err != nil {
		return nil
	}
	return pkg
}

// importName is the name of a package in the file of an import line.
func importName(spec *ast.ImportSpec, pkg *types.Package) string {
	switch {
	case spec.Name != nil:
		return spec.Name.Name
	case pkg != nil:
		return pkg.Name()
	}
	return ""
}

// dotImported is what name is in a package that the file imports with a dot.
func (r *resolver) dotImported(file *ast.File, name string, fits func(types.Object) bool) types.Object {
	for _, spec := range file.Imports {
		if spec.Name == nil || spec.Name.Name != "." {
			continue
		}
		if pkg := r.importedBy(spec); pkg != nil && ast.IsExported(name) {
			if obj := pkg.Scope().Lookup(name); obj != nil && fits(obj) {
				return obj
			}
		}
	}
	return nil
}

// pathOf is the import path that a package of some name most likely has: the
// runtime's, the one of this module that is called so, or one of the standard
// library.
func (r *resolver) pathOf(qualifier, name string) string {
	if qualifier == "ws" {
		return model.RuntimePath
	}
	var own []string
	for _, p := range r.src.Paths() {
		if path.Base(p) == qualifier {
			own = append(own, p)
		}
	}
	if len(own) == 1 {
		return own[0]
	}
	for _, p := range []string{qualifier, "encoding/" + qualifier, "net/" + qualifier, "math/" + qualifier, "sync/" + qualifier} {
		if !token.IsIdentifier(qualifier) || !ast.IsExported(name) {
			break
		}
		if info, err := os.Stat(filepath.Join(build.Default.GOROOT, "src", filepath.FromSlash(p))); err == nil && info.IsDir() && len(own) == 0 {
			return p
		}
	}
	return ""
}

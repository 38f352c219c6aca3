package resolve

import (
	"go/types"
	"path/filepath"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// This file finds directives above methods of interfaces, which may be of packages
// that were not parsed.

// markOf is the directive of this name above a method of an interface, in this module
// or another; nil if there is none.
func (r *resolver) markOf(fn *types.Func, name string) *directive.Directive {
	ds := r.foreignMarks(fn)
	if home := r.home(fn); home != nil {
		ds = home.onFunc[fn.Origin()]
	}
	for _, d := range ds {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// markSpan is where a directive above a method stands. One of a package that was not
// parsed is reported at fallback.
func (r *resolver) markSpan(fn *types.Func, d *directive.Directive, fallback span) span {
	if r.home(fn) == nil {
		return fallback
	}
	return head(d)
}

// foreignMarks are the directives above a method of an interface in a package
// of which we only have export data.
func (r *resolver) foreignMarks(fn *types.Func) (ds []*directive.Directive) {
	if fn.Pkg() == nil || r.home(fn) != nil {
		return nil
	}
	file, at := filepath.Base(r.position(fn.Pos()).Filename), r.position(fn.Pos()).Line
	for _, f := range r.src.Syntax(fn.Pkg().Path()) {
		found, _ := directive.File(f, r.src.Fset, r.table)
		for _, d := range found {
			if d.Site.Place != directive.InterfaceMethod || d.Site.Field.Names[0].Name != fn.Name() {
				continue
			}
			if where := r.position(d.Site.Field.Pos()); where.Line == at && filepath.Base(where.Filename) == file {
				ds = append(ds, d)
			}
		}
	}
	return ds
}

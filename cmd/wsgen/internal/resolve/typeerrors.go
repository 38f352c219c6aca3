package resolve

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// typeErrorsOf puts together what Go says in parts: all but the first begin
// with a tab.
func typeErrorsOf(errs []types.Error) []typeError {
	var all []typeError
	for _, e := range errs {
		if strings.HasPrefix(e.Msg, "\t") && len(all) > 0 {
			last := &all[len(all)-1]
			last.more = append(last.more, e)
		} else {
			all = append(all, typeError{Error: e})
		}
	}
	return all
}

// broken reports whether s has a type error of the user's own.
func (r *resolver) broken(s span) bool {
	for _, p := range r.pkgs {
		for _, e := range p.errors {
			if e.inside(s) && !r.ours(p, e) {
				return true
			}
		}
	}
	return false
}

func (r *resolver) typeError(p *pkg, e typeError) {
	file := fileAt(p.src, e.Pos)
	where := at{e.Pos, e.Pos}
	if id := identAt(p, e.Pos); id != nil {
		where.end = id.End()
	} else if file != nil {
		for _, s := range file.Imports {
			if !inside(e.Pos, s) {
				continue
			}
			if r.noFolder(s) {
				return
			}
			where = at{s.Path.Pos(), s.Path.End()}
		}
	}
	if name, ok := undeclared(e.Msg); ok {
		if broken := p.brokenImports(file); len(broken) > 0 && qualifies(file, e.Pos) {
			for _, e := range broken { // one of them has a package that is called so
				r.typeError(p, e)
			}
			return
		}
		r.undefined(p, file, where, name)
		return
	}
	if p.declaredTwice(e) {
		r.twice(p, where, e)
		return
	}
	code, message, help := r.complaint(e.Msg)
	if code == diag.MissingModule {
		r.reportOnce(code, message, where, message, help)
		return
	}
	var related []diag.Related
	for _, m := range e.more {
		related = append(related, r.related(at{m.Pos, m.Pos}, strings.TrimSpace(m.Msg)))
	}
	r.report(code, where, message, help, related...)
}

// undeclared is the name in an error of Go's that says that it is not declared.
func undeclared(said string) (name string, ok bool) {
	if name, ok = strings.CutPrefix(said, "undefined: "); ok {
		return name, true
	}
	if name, ok = strings.CutPrefix(said, "undefined array length "); ok {
		name, _, _ = strings.Cut(name, " ")
	}
	return name, ok
}

// brokenImports are the errors in the import lines of a file.
func (p *pkg) brokenImports(file *ast.File) []typeError {
	return slices.DeleteFunc(slices.Clone(p.errors), func(e typeError) bool { return file == nil || !importAt(file, e.Pos) })
}

// declaredTwice reports whether e is about a name with two declarations.
func (p *pkg) declaredTwice(e typeError) bool {
	return slices.ContainsFunc(e.more, func(m types.Error) bool { return strings.HasPrefix(m.Msg, "\tother declaration of ") }) ||
		strings.HasPrefix(e.Msg, "method ") && strings.Contains(e.Msg, " already declared")
}

// twice reports a name with two declarations, the other one beside it.
func (r *resolver) twice(p *pkg, where span, e typeError) {
	message, _, _ := strings.Cut(e.Msg, " already declared at ")
	if message != e.Msg {
		message += " already declared"
	}
	var related []diag.Related
	for _, m := range e.more {
		related = append(related, r.related(at{m.Pos, m.Pos}, "the other declaration"))
	}
	if other := p.otherMethod(e.Pos); other != nil && len(related) == 0 {
		related = append(related, r.related(other.Name, "the other declaration"))
	}
	r.report(diag.DeclaredTwice, where, message, "rename one of them, or remove it", related...)
}

// otherMethod is the method of the same type that is called like the one at
// pos, or nil.
func (p *pkg) otherMethod(pos token.Pos) *ast.FuncDecl {
	var methods []*ast.FuncDecl
	for _, f := range p.src.Files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && len(fn.Recv.List) > 0 {
				methods = append(methods, fn)
			}
		}
	}
	for _, m := range methods {
		if m.Name.Pos() != pos {
			continue
		}
		for _, other := range methods {
			if other != m && other.Name.Name == m.Name.Name && receiver(other) == receiver(m) {
				return other
			}
		}
	}
	return nil
}

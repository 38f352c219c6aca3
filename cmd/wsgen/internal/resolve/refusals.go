package resolve

import (
	"cmp"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// refusals are the codes that some declaration says it refuses with.
type refusals struct {
	closed bool // there are no others
	codes  []refusal
}

// refusal is one of them.
type refusal struct {
	model.Refusal
	obj *types.Const // nil: it is written out
}

// place orders those of one code: a constant comes first.
func (c refusal) place() int {
	if c.obj != nil {
		return 0
	}
	return 1
}

// declares says what a handler refuses with: all that stands above it, its gateway,
// and the gateways that it is promoted from.
func (r *resolver) declares(g *gateway, m *bound, h *model.Handler) {
	all := r.refusals(m.ds, m.scope, g.pkg.src.Types)
	all.add(g.refusals)
	for _, l := range m.under {
		all.add(l.refusals)
	}
	slices.SortStableFunc(all.codes, func(a, b refusal) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), a.place()-b.place())
	})
	all.codes = slices.CompactFunc(all.codes, func(a, b refusal) bool { return a.Code == b.Code })
	m.refusals = all
	h.Closed = all.closed
	for _, c := range all.codes {
		h.Errors = append(h.Errors, c.Refusal)
	}
}

func (set *refusals) add(more refusals) {
	set.closed = set.closed || more.closed
	set.codes = append(set.codes, more.codes...)
}

// refusals resolves the //ws:errors directives of ds, which were written in s, for
// generated code of package from.
func (r *resolver) refusals(ds []*directive.Directive, s scope, from *types.Package) (set refusals) {
	for _, d := range ds {
		if d.Name != "errors" {
			continue
		}
		set.closed = true
		for _, a := range d.Args {
			c, ok := r.refusalAt(s, a, from)
			switch {
			case !ok:
			case slices.Contains(directive.EveryCall(), c.Code):
				r.warn(diag.CommonCode, value(a), fmt.Sprintf("%s need not be declared: every call may be refused with it", a.Value), "remove it")
			default:
				set.codes = append(set.codes, c)
			}
		}
	}
	return set
}

// travels is what a code may be as it travels.
var travels = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// refusalAt resolves one argument: a constant, or a code that is written out. A
// constant comes first, since it may begin with a small letter.
func (r *resolver) refusalAt(s scope, a directive.Arg, from *types.Package) (refusal, bool) {
	obj := r.inScope(s, a.Value)
	if obj != nil && isCode(obj) {
		c := obj.(*types.Const)
		found := refusal{model.Refusal{Code: constant.StringVal(c.Val())}, c}
		if c.Pkg().Path() != model.RuntimePath { // whose constants never change
			found.Const = constOf(c, from)
		}
		return found, true
	}
	qualifier, name, qualified := strings.Cut(a.Value, ".")
	switch {
	case travels.MatchString(a.Value) && !isStringConst(obj): // such a constant was meant, and is none
		return refusal{Refusal: model.Refusal{Code: a.Value}}, true
	case obj != nil:
		r.report(diag.BadErrorCode, value(a), a.Value+" is no constant of type ws.Code", "give it that type, or write another name",
			r.related(nameSpan(obj), obj.Name()+" is declared here"))
	case token.IsIdentifier(qualifier) && (!qualified || token.IsIdentifier(name)):
		r.lookup(s, a, sought{"ws.Code constant", token.CONST, isCode}, isCode) // tells why there is none
	default:
		help := "a code has small letters, digits and _, and begins with a letter"
		if meant := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(a.Value)); travels.MatchString(meant) {
			help = diag.Meant(meant)
		}
		r.report(diag.BadErrorCode, value(a), a.Write()+" is neither a constant of type ws.Code nor a code", help)
	}
	return refusal{}, false
}

// inScope is what name, or pkg.name, is where a directive stands; nil: nothing that
// it may name.
func (r *resolver) inScope(s scope, name string) types.Object {
	in := s.pkg
	if qualifier, rest, qualified := strings.Cut(name, "."); qualified {
		if in, name = r.imported(s.file, qualifier), rest; in == nil || !token.IsExported(name) {
			return nil
		}
		return in.Scope().Lookup(name)
	}
	if obj := in.Scope().Lookup(name); obj != nil {
		return obj
	}
	return r.dotImported(s.file, name, isCode)
}

// isCode reports whether o is a constant of type ws.Code.
func isCode(o types.Object) bool {
	c, ok := o.(*types.Const)
	return ok && gotype.Is(c.Type(), model.RuntimePath, "Code") && c.Val().Kind() == constant.String
}

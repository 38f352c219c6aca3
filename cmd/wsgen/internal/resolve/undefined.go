package resolve

import (
	"cmp"
	"go/ast"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// namedPlaces is how many further uses of a name are shown.
const namedPlaces = 3

// undefined notes the use of a name that is not declared.
func (r *resolver) undefined(p *pkg, file *ast.File, where span, name string) {
	key := p.src.Path + "." + name
	if qualifier, word, ok := strings.Cut(name, "."); ok && file != nil {
		if in := r.imported(file, qualifier); in != nil {
			key = in.Path() + "." + word
		}
	}
	m := r.missing[key]
	if m == nil {
		m = &missing{owner: r.owner, message: "undefined: " + name}
		r.missing[key] = m
	}
	if r.owner.Requested {
		m.owner = r.owner
	}
	if !slices.ContainsFunc(m.uses, func(u use) bool { return u.where.Pos() == where.Pos() }) {
		m.uses = append(m.uses, use{p, file, where, name})
	}
}

// tellMissing reports each name that is not declared, at its first use.
func (r *resolver) tellMissing() {
	for _, m := range r.missing {
		slices.SortFunc(m.uses, func(a, b use) int {
			pa, pb := r.position(a.where.Pos()), r.position(b.where.Pos())
			return cmp.Or(cmp.Compare(pa.Filename, pb.Filename), cmp.Compare(pa.Offset, pb.Offset))
		})
		var related []diag.Related
		for i, u := range m.uses[1:] {
			if i == namedPlaces {
				related[i-1].Message += ", and in " + more(len(m.uses)-1-namedPlaces)
				break
			}
			related = append(related, r.related(u.where, "it is used here, too"))
		}
		first := m.uses[0]
		r.owner = m.owner
		r.report(diag.TypeError, first.where, m.message, r.spelling(first), related...)
	}
}

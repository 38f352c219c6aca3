package wiretype

import (
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Back says what comes back of a value of typ that was decoded, encoded, and
// decoded again. A type that another build may declare otherwise promises
// nothing, unless it is of Go's library.
func (t *Table) Back(typ types.Type) model.Back {
	b := &back{Trail: gotype.NewTrail(t.ctx), table: t, least: model.BackSame}
	b.into(typ)
	return b.least
}

// back is one run of Back.
type back struct {
	*gotype.Trail
	table *Table
	least model.Back
}

func (b *back) into(typ types.Type) {
	typ = types.Unalias(typ)
	if b.least == model.BackAny || !b.In(typ) {
		return
	}
	defer b.Out(typ)
	at := b.table.Of(typ)
	in, out := at.Coder(In), at.Coder(Out)
	switch {
	case !ofGo(typ) && b.table.varies(typ, Coders()...), (in == "") != (out == ""), at.Unaddressed() != "":
		b.least = model.BackAny
		return
	case in != "":
		b.least = min(b.least, model.BackCoded)
		return
	}
	switch u := typ.Underlying().(type) {
	case *types.Pointer:
		b.into(u.Elem())
	case *types.Slice:
		b.into(u.Elem())
	case *types.Array:
		b.into(u.Elem())
	case *types.Map:
		b.into(u.Key())
		b.into(u.Elem())
	case *types.Struct:
		for _, f := range at.Fields() {
			if f.travels() {
				b.into(f.Var.Type())
			}
		}
	}
}

// ofGo reports whether typ is declared in the standard library. The first element
// of the path of any other package has a dot, as the go command tells.
func ofGo(typ types.Type) bool {
	named := gotype.Named(typ)
	if named == nil || named.Pkg() == nil {
		return false
	}
	first, _, _ := strings.Cut(named.Pkg().Path(), "/")
	return !strings.Contains(first, ".")
}

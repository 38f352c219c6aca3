// Package wiretype says what encoding/json makes of a Go type: how it is read
// and written, and which members it has. It finds the parts that have no form in
// JSON, and those that do not do on the wire what their declaration says. No
// other package looks at struct tags or at MarshalJSON and its like for that.
//
// It looks at each type once, however many payloads that is in.
package wiretype

import (
	"context"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// Way is the direction in which values go.
type Way uint8

// The ways.
const (
	In  Way = iota // they are decoded: clients send them
	Out            // they are encoded: clients get them
)

// Varies reports whether another build of the program may have another type in
// the place of t, or a declared type with other methods of these names.
type Varies func(t types.Type, methods ...string) bool

// Table is what is known of the types of one program. It is not safe for
// concurrent use.
type Table struct {
	ctx    context.Context
	varies Varies
	known  map[any]*Type // by gotype.Identity
}

// New makes a table. Walks of it end with ctx.
func New(ctx context.Context, varies Varies) *Table {
	return &Table{ctx: ctx, varies: varies, known: map[any]*Type{}}
}

// Type is what is known of one Go type.
type Type struct {
	Go types.Type

	table    *Table
	coders   [2]*string // by Way
	fields   []*Field
	problems [2]*[]Problem // by Way
}

// Of returns what is known of typ.
func (t *Table) Of(typ types.Type) *Type {
	key := gotype.Identity(typ)
	known := t.known[key]
	if known == nil {
		known = &Type{Go: typ, table: t}
		t.known[key] = known
	}
	return known
}

// structure is the struct that t is, or nil.
func (t *Type) structure() *types.Struct {
	s, _ := t.Go.Underlying().(*types.Struct)
	return s
}

// Walk visits the types that encoding/json comes to from typ, once each: those
// that read or write themselves, structs, and maps. via is the innermost field
// that leads to the type, or nil. visit says of a struct whether its fields are
// followed.
func (t *Table) Walk(typ types.Type, w Way, visit func(at *Type, via *Field) bool) {
	(&walk{gotype.NewTrail(t.ctx), t, w, visit}).into(typ, nil)
}

// walk is one run of Walk.
type walk struct {
	*gotype.Trail
	table *Table
	way   Way
	visit func(at *Type, via *Field) bool
}

func (w *walk) into(typ types.Type, via *Field) {
	if !w.In(typ) {
		return
	}
	defer w.Out(typ)
	at := w.table.Of(typ)
	if at.Coder(w.way) != "" {
		w.visit(at, via)
		return
	}
	switch u := typ.Underlying().(type) {
	case *types.Pointer:
		w.into(u.Elem(), via)
	case *types.Slice:
		w.into(u.Elem(), via)
	case *types.Array:
		w.into(u.Elem(), via)
	case *types.Map:
		w.visit(at, via)
		w.into(u.Elem(), via)
	case *types.Struct:
		if !w.visit(at, via) {
			return
		}
		for _, f := range at.Fields() {
			if f.travels() {
				w.into(f.Var.Type(), f)
			}
		}
	}
}

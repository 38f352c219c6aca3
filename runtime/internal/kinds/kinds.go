// Package kinds is a gateway of every kind of type that encoding/json knows, with
// the file that wsgen generates for it. Its tests hold that to encoding/json.
package kinds

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/payload"
)

//go:generate go run github.com/wsgen/wsgen/cmd/wsgen .

// Kinds answers with what it got, read and written by generated code.
//
//ws:gateway /kinds
type Kinds struct{ Echo }

// Std does the same with encoding/json.
//
//ws:gateway /kinds/std codec=std
type Std struct{ Echo }

// Echo has a handler for each type.
type Echo struct{}

// Telemetry is a payload as programs send it.
//
//ws:subscribe telemetry
func (Echo) Telemetry(v payload.Telemetry) payload.Telemetry { return v }

// Order is a payload as programs send it.
//
//ws:subscribe order
func (Echo) Order(v payload.Order) payload.Order { return v }

// Page is a payload as programs send it.
//
//ws:subscribe page
func (Echo) Page(v payload.Page) payload.Page { return v }

// Scalars has a member of each scalar.
//
//ws:subscribe scalars
func (Echo) Scalars(v Scalars) Scalars { return v }

// Quotes has numbers and booleans in strings.
//
//ws:subscribe quotes
func (Echo) Quotes(v Quotes) Quotes { return v }

// Pointers has pointers to everything.
//
//ws:subscribe pointers
func (Echo) Pointers(v Pointers) Pointers { return v }

// Slices has slices and arrays of everything.
//
//ws:subscribe slices
func (Echo) Slices(v Slices) Slices { return v }

// Maps has maps of everything.
//
//ws:subscribe maps
func (Echo) Maps(v Maps) Maps { return v }

// Empties leaves out what is empty.
//
//ws:subscribe empties
func (Echo) Empties(v Empties) Empties { return v }

// Zeros leaves out what is zero.
//
//ws:subscribe zeros
func (Echo) Zeros(v Zeros) Zeros { return v }

// Embeds has members of embedded structs.
//
//ws:subscribe embeds
func (Echo) Embeds(v Embeds) Embeds { return v }

// Foreign has what only encoding/json can do.
//
//ws:subscribe foreign
func (Echo) Foreign(v Foreign) Foreign { return v }

// Names has names that are hard to tell apart.
//
//ws:subscribe names
func (Echo) Names(v Names) Names { return v }

// Tree has a type that reaches itself.
//
//ws:subscribe tree
func (Echo) Tree(v Tree) Tree { return v }

// Rows is a slice at the top.
//
//ws:subscribe rows
func (Echo) Rows(v []Point) []Point { return v }

// Table is a map at the top.
//
//ws:subscribe table
func (Echo) Table(v Table) Table { return v }

// Grid is an array at the top.
//
//ws:subscribe grid
func (Echo) Grid(v Grid) Grid { return v }

// Maybe is a pointer at the top.
//
//ws:subscribe maybe
func (Echo) Maybe(v *Point) *Point { return v }

// Named has parameters of many kinds.
//
//ws:subscribe named
func (Echo) Named(point Point, list []Color, extra any, more *Pointers, on bool) Found {
	return Found{point, list, extra, more, on}
}

// Stream has the elements of a slice one by one.
//
//ws:subscribe stream
func (Echo) Stream(v []Maps) iter.Seq[Maps] { return slices.Values(v) }

// Loose has values of no kind one by one.
//
//ws:subscribe loose
func (Echo) Loose(v []any) iter.Seq[any] { return slices.Values(v) }

// Failing has pointers one by one, up to the first that is nil.
//
//ws:subscribe failing
func (Echo) Failing(v []*Scalars) iter.Seq2[*Scalars, error] { return upToNil(v) }

// LooseFailing is Failing for values of no kind.
//
//ws:subscribe failing.loose
func (Echo) LooseFailing(v []*any) iter.Seq2[*any, error] { return upToNil(v) }

func upToNil[T any](v []*T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for _, p := range v {
			if p == nil {
				yield(p, errNil)
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

var errNil = errors.New("kinds: it is nil")

// Sent has what comes through a channel.
//
//ws:subscribe sent
func (Echo) Sent(v []Foreign) <-chan Foreign {
	sent := make(chan Foreign, len(v))
	for i := range v {
		sent <- v[i]
	}
	close(sent)
	return sent
}

// Questions have answers of several kinds.
//
//ws:ask
type Questions interface {
	Maps(ctx context.Context) (Maps, error)
	Foreign(ctx context.Context) (Foreign, error)
	Rows(ctx context.Context) ([]Point, error)
	Maybe(ctx context.Context) (*Point, error)
	Any(ctx context.Context) (any, error)
}

// Package diag is how wsgen tells a user what is wrong: one Diagnostic type,
// its permanent codes, and the printers that draw it.
package diag

import (
	"cmp"
	"go/token"
	"slices"
)

// Diagnostic is one mistake in the user's source.
type Diagnostic struct {
	Code    Code           // permanent: WS001
	Pos     token.Position // first byte; Filename absolute; Line 0: no position
	End     token.Position // one past the last byte; zero: a single caret
	Message string         // what is wrong, lower case, no final period
	Help    string         // what to do about it; may have several lines; "" if Message says it
	Related []Related      // other places that matter: the first of two clashing events
	Warning bool           // does not stop the run
}

// Related is a second position of a Diagnostic.
type Related struct {
	Pos     token.Position
	Message string
}

// Code is a diagnostic's permanent name, such as WS007.
type Code string

// List is a set of diagnostics.
type List []Diagnostic

// Sort orders by file, line, column, code and message, and drops duplicates.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Pos.Filename, b.Pos.Filename),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(l, func(a, b Diagnostic) bool {
		return a.Code == b.Code && a.Pos == b.Pos && a.Message == b.Message
	})
}

// HasErrors reports whether any of l stops the run.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return !d.Warning })
}

// Package directive reads //ws: comments: it finds them in a file, splits their
// arguments with exact positions, and holds the table of which directives there
// are, where each may stand and what it takes. It knows syntax only.
package directive

import (
	"go/ast"
	"go/token"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// Directive is one directive that the table knows, in a place where it may
// stand, with arguments that fit the table.
type Directive struct {
	Name    string    // subscribe
	Pos     token.Pos // of the comment
	NamePos token.Pos // of the name, behind the colon
	End     token.Pos // one past the last byte
	Args    []Arg     // positional arguments, in order
	Options []Arg     // key=value, each key once, in order
	Site    Site
	Broken  bool // an argument could not be read: nothing can be said to be missing
}

// Arg is one argument.
type Arg struct {
	Key   string    // "" for a positional argument
	Value string    // unquoted
	Pos   token.Pos // of the argument, its key included
	Val   token.Pos // of the value; its quote if it has one
	End   token.Pos
}

// Option returns the value given for key.
func (d *Directive) Option(key string) (Arg, bool) {
	for _, o := range d.Options {
		if o.Key == key {
			return o, true
		}
	}
	return Arg{}, false
}

// Site is the declaration that a directive stands above.
type Site struct {
	Place Place
	File  *ast.File
	Type  *ast.TypeSpec // Type, and the interface of an InterfaceMethod
	Func  *ast.FuncDecl // Method
	Field *ast.Field    // InterfaceMethod
}

// Problem is a mistake in a comment.
type Problem struct {
	Code     diag.Code
	Pos, End token.Pos
	Message  string
	Help     string
	Other    token.Pos // the first of two that clash, or none
}

// Parse splits a comment that has the exact form of a directive. Mistakes in
// its arguments are problems, and the Directive has the arguments without mistakes.
func Parse(c *ast.Comment) (*Directive, []Problem) { return parse(c, Table()) }

func parse(c *ast.Comment, table []Spec) (*Directive, []Problem) {
	rest := c.Text[len(prefix):]
	n := strings.IndexAny(rest, " \t\r")
	if n < 0 {
		n = len(rest)
	}
	d := &Directive{
		Name:    rest[:n],
		Pos:     c.Slash,
		NamePos: c.Slash + token.Pos(len(prefix)),
		End:     c.Slash + token.Pos(len(strings.TrimRight(c.Text, " \t\r"))),
	}
	if spec, ok := lookup(table, d.Name); ok && spec.Takes == TakesJSON {
		if text := strings.Trim(rest[n:], " \t\r"); text != "" {
			at := d.End - token.Pos(len(text))
			d.Args = []Arg{{Value: text, Pos: at, Val: at, End: d.End}}
		}
		return d, nil
	}
	args, problems := split(rest[n:], d.NamePos+token.Pos(n))
	for _, a := range args {
		if a.Key == "" {
			d.Args = append(d.Args, a)
		} else {
			d.Options = append(d.Options, a)
		}
	}
	d.Broken = len(problems) > 0
	return d, problems
}

package directive

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// File returns the directives of f, which was parsed with comments, in source
// order, and everything in its comments that is meant as a directive but is none.
// The table is Table(): whoever reads many files makes it once.
func File(f *ast.File, fset *token.FileSet, table []Spec) ([]*Directive, []Problem) {
	at := spots(f, fset)
	var (
		found    []*Directive
		problems []Problem
	)
	for _, g := range f.Comments {
		first := map[string]*Directive{}
		for _, c := range g.List {
			d, ps := read(c, at[g], table)
			problems = append(problems, ps...)
			if d == nil {
				continue
			}
			if earlier, ok := first[d.Name]; ok {
				if spec, _ := lookup(table, d.Name); !spec.Repeat {
					problems = append(problems, repeated(d, earlier, spec))
					continue
				}
			} else {
				first[d.Name] = d
			}
			found = append(found, d)
		}
	}
	return found, problems
}

// Outside returns a problem for every directive in f, and for everything that
// looks like one. f is a file that wsgen does not read, and why says which kind of
// file that is.
func Outside(f *ast.File, code diag.Code, why, help string) []Problem {
	var problems []Problem
	for _, g := range f.Comments {
		for _, c := range g.List {
			if kind, _, _ := classify(c.Text); kind != prose {
				problems = append(problems, Problem{
					Code: code, Pos: c.Pos(), End: end(c),
					Message: "this directive is in " + why + ", which wsgen does not read", Help: help,
				})
			}
		}
	}
	return problems
}

// Any reports whether f has a directive, or a comment that looks like one.
func Any(f *ast.File) bool {
	for _, g := range f.Comments {
		for _, c := range g.List {
			if kind, _, _ := classify(c.Text); kind != prose {
				return true
			}
		}
	}
	return false
}

func end(c *ast.Comment) token.Pos {
	return c.Slash + token.Pos(len(strings.TrimRight(c.Text, " \t\r")))
}

// read makes a directive of one comment, or problems, or neither.
func read(c *ast.Comment, at spot, table []Spec) (*Directive, []Problem) {
	kind, name, rest := classify(c.Text)
	switch kind {
	case prose:
		return nil, nil
	case miss:
		p := Problem{
			Code: diag.NearMiss, Pos: c.Pos(), End: end(c),
			Message: "this comment looks like a directive, but is none",
			Help:    "a directive begins with //ws: and a lower-case name, without spaces",
		}
		if name != "" {
			text := strings.TrimSpace(prefix + name + " " + rest)
			p.Help = diag.Paste("write it without spaces and in lower case", text)
			if o, _, _ := open([]byte(c.Text[2:])); o.odd {
				p.Help = diag.Paste("a directive is written like this", text)
			}
		}
		return nil, []Problem{p}
	}
	d, problems := parse(c, table)
	spec, ok := lookup(table, d.Name)
	if !ok {
		return nil, append(problems, unknown(d))
	}
	if p, ok := misplaced(d, spec, at); !ok {
		return nil, append(problems, p)
	}
	d.Site = at.site
	if len(problems) == 0 { // else the count may be wrong for a reason already given
		problems = counts(d, spec)
	}
	return d, append(problems, options(d, spec)...)
}

func unknown(d *Directive) Problem {
	p := Problem{
		Code: diag.UnknownDirective, Pos: d.NamePos, End: d.NamePos + token.Pos(len(d.Name)),
		Message: "there is no directive " + prefix + d.Name,
		Help:    "the directives are " + strings.Join(names(), ", "),
	}
	if near := Closest(d.Name, names()); near != "" {
		p.Help = diag.Meant(prefix + near)
	}
	if r, ok := Unseen(d.Name); ok {
		p.Message = fmt.Sprintf("a character that nobody sees is in this name: U+%04X", r)
		p.Help = "write the name in ASCII's letters, and an ordinary space behind it"
	}
	return p
}

func misplaced(d *Directive, spec Spec, at spot) (Problem, bool) {
	fits := spec.On&at.site.Place != 0
	p := Problem{Pos: d.Pos, End: d.NamePos + token.Pos(len(d.Name))}
	switch {
	case fits && !at.detached:
		return p, true
	case fits:
		p.Code = diag.Detached
		p.Message = fmt.Sprintf("a blank line separates %s%s from %s", prefix, d.Name, at.what)
		p.Help = "remove the blank line: a directive touches its declaration"
	default:
		p.Code = at.refused()
		if at.outside != "" {
			p.Message = fmt.Sprintf("%s%s has no effect %s", prefix, d.Name, at.outside)
		} else {
			p.Message = fmt.Sprintf("%s%s does not belong above %s", prefix, d.Name, at.what)
		}
		p.Help = fmt.Sprintf("it stands above %s", spec.Where)
		switch {
		case p.Code == diag.OnFunction && spec.On&Method != 0:
			p.Help += ": make the function a method of one"
		case p.Code == diag.OnGroup && spec.On&Type != 0:
			p.Help = "a group has many types: move the directive into it, directly above one"
		case p.Code == diag.InBody:
			p.Help = fmt.Sprintf("move it out of the function: it stands above %s", spec.Where)
		}
	}
	return p, false
}

// counts checks how many arguments there are.
func counts(d *Directive, spec Spec) []Problem {
	switch n := len(d.Args); {
	case n < spec.Min && !d.unquoted(spec): // else the argument looks like an option
		return []Problem{missing(d, spec)}
	case spec.Max >= 0 && n > spec.Max:
		return []Problem{tooMany(d, spec)}
	}
	return nil
}

func missing(d *Directive, spec Spec) Problem {
	p := Problem{
		Code: diag.MissingArgument, Pos: d.Pos, End: d.NamePos + token.Pos(len(d.Name)),
		Message: fmt.Sprintf("%s%s needs an argument: %s", prefix, d.Name, spec.Args),
		Help:    diag.Paste("for example", spec.Example),
	}
	if spec.Lacking != "" {
		p.Help = spec.Lacking
	}
	return p
}

// tooMany is the problem of arguments that a directive does not take. Its help
// prints the whole directive as it should be, options included.
func tooMany(d *Directive, spec Spec) Problem {
	if p, ok := apart(d, spec); ok {
		return p
	}
	p := Problem{
		Code: diag.ExtraArgument, Pos: d.Args[spec.Max].Pos, End: d.Args[len(d.Args)-1].End,
		Message: fmt.Sprintf("%s%s takes one argument", prefix, d.Name),
		Help:    "remove it",
	}
	first := d.Args[0]
	switch {
	case spec.Max == 0:
		p.Message = fmt.Sprintf("%s%s takes no argument here", prefix, d.Name)
		p.Help = diag.Paste("write it as", d.with(nil))
	case spec.Takes == TakesEvent:
		p.Help = diag.Paste("quote it if it has spaces", d.With(joined(d.Args)))
	case spec.Takes == TakesPath:
		p.Help = "a gateway has one path: write a second type for the other, which embeds this one"
		i := slices.IndexFunc(d.Args, func(a Arg) bool { return strings.HasPrefix(a.Value, "/") })
		if i > 0 { // GET /chat
			p.Code, p.Pos, p.End = diag.MethodInPath, first.Pos, first.End
			p.Message = fmt.Sprintf("%s is no part of a path: a path begins with a slash", first.Value)
			p.Help = diag.Paste("methods and hosts are for the ServeMux that the router is mounted on; write it as", d.with(&d.Args[i]))
			d.Args = d.Args[i : i+1] // else there would be more to say about the first
		}
	}
	return p
}

// apart is the problem of an option that is written with spaces around its
// equals sign.
func apart(d *Directive, spec Spec) (Problem, bool) {
	for i, a := range d.Args {
		known := slices.ContainsFunc(spec.Options, func(o OptionSpec) bool { return o.Name == a.Value })
		if !known || i+1 == len(d.Args) {
			continue
		}
		value, found := strings.CutPrefix(d.Args[i+1].Value, "=")
		switch {
		case found && value != "":
			return spaced(a.Value, value, a.Pos, d.Args[i+1].End), true
		case found && i+2 < len(d.Args):
			return spaced(a.Value, d.Args[i+2].Write(), a.Pos, d.Args[i+2].End), true
		}
	}
	return Problem{}, false
}

// With is the directive as one writes it, with arg as its argument.
func (d *Directive) With(arg string) string { return d.with(&Arg{Value: arg}) }

func (d *Directive) with(arg *Arg) string {
	words := []string{prefix + d.Name}
	if arg != nil {
		words = append(words, arg.Write())
	}
	for _, o := range d.Options {
		words = append(words, o.Write())
	}
	return strings.Join(words, " ")
}

// WithOption is the directive, which takes no argument, as one writes it with another
// value of an option.
func (d *Directive) WithOption(key, value string) string {
	words := []string{prefix + d.Name}
	for _, o := range d.Options {
		if o.Key != key {
			words = append(words, o.Write())
		}
	}
	return strings.Join(append(words, Arg{Key: key, Value: value}.Write()), " ")
}

// unquoted reports whether the event that d lacks may be what it has as an
// option: one with an equals sign, which is quoted then.
func (d *Directive) unquoted(spec Spec) bool {
	return spec.Takes == TakesEvent && len(d.Args) == 0 && slices.ContainsFunc(d.Options, func(o Arg) bool {
		return !slices.ContainsFunc(spec.Options, func(s OptionSpec) bool { return s.Name == o.Key })
	})
}

func joined(args []Arg) string {
	var words []string
	for _, a := range args {
		words = append(words, a.Value)
	}
	return strings.Join(words, " ")
}

// options checks keys and their values, and drops from d what is wrong.
func options(d *Directive, spec Spec) (problems []Problem) {
	seen := map[string]Arg{}
	d.Broken = d.Broken || d.unquoted(spec)
	d.Options = slices.DeleteFunc(d.Options, func(o Arg) bool {
		p := option(d, spec, o)
		if earlier, ok := seen[o.Key]; ok && p == nil {
			p = &Problem{
				Code: diag.RepeatedOption, Pos: o.Pos, End: o.End,
				Message: o.Key + "= is given twice", Help: "remove one of them", Other: earlier.Pos,
			}
		}
		seen[o.Key] = o
		if p != nil {
			problems = append(problems, *p)
		}
		return p != nil
	})
	return problems
}

func option(d *Directive, spec Spec, o Arg) *Problem {
	i := slices.IndexFunc(spec.Options, func(s OptionSpec) bool { return s.Name == o.Key })
	if i < 0 {
		p := &Problem{
			Code: diag.UnknownOption, Pos: o.Pos, End: o.Pos + token.Pos(len(o.Key)),
			Message: fmt.Sprintf("%s%s has no option %s", prefix, d.Name, o.Key),
		}
		var keys []string
		for _, s := range spec.Options {
			keys = append(keys, s.Name)
		}
		switch near := Closest(o.Key, keys); {
		case near != "":
			p.Help = diag.Meant(near + "=")
		case d.unquoted(spec):
			p.End = o.End
			p.Help = diag.Paste("an event with an equals sign is quoted", strconv.Quote(o.Key+"="+o.Value))
		case len(keys) > 0:
			p.Help = "its options are " + strings.Join(keys, ", ")
		default:
			p.Help = "it takes no key=value"
		}
		return p
	}
	s := spec.Options[i]
	switch {
	case slices.Contains(s.Reserved, o.Value):
		p := &Problem{
			Code: diag.NotYet, Pos: o.Pos, End: o.End,
			Message: fmt.Sprintf("%s=%s is not supported yet", o.Key, o.Value), Help: "remove it",
		}
		if len(s.Values) > 0 {
			p.Help = "possible is " + o.Key + "=" + either(s.Values)
		}
		return p
	case s.Values != nil && !slices.Contains(s.Values, o.Value):
		return &Problem{
			Code: diag.BadValue, Pos: o.Val, End: o.End,
			Message: fmt.Sprintf("%s= cannot be %s", o.Key, o.Value),
			Help:    "possible is " + either(s.Values),
		}
	}
	return nil
}

func repeated(d, earlier *Directive, spec Spec) Problem {
	p := Problem{
		Code: diag.RepeatedDirective, Pos: d.Pos, End: d.End, Other: earlier.Pos,
		Message: fmt.Sprintf("%s%s stands here twice", prefix, d.Name),
		Help:    "remove one of them",
	}
	if spec.Again != "" {
		p.Help = spec.Again
	}
	return p
}

package resolve_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// cure is one way out of a mistake, as help prints it.
type cure struct {
	d       diag.Diagnostic
	code    string
	imports []string
	to      func(e *editor, c cure)
}

// lead is words of help that say where code goes. Its group, if it has one, is
// the code, or a list of alternatives; else the code is what stands behind it.
type lead struct {
	words *regexp.Regexp
	to    func(e *editor, c cure)
}

// leads are all that help may say before code.
func leads() []lead {
	table := []struct {
		words string
		to    func(e *editor, c cure)
	}{
		{`^did you mean (.+)\?$`, over},
		{`^did you mean this`, over},
		{`^(?:take|return) ([^\s:;]+)(?:[:;].*)?$`, over},
		{`^(?:take|return)$`, over},
		{`^write it without spaces(?: and in lower case)?`, over},
		{`(?:^|mounted on; )write it as`, asWritten},
		{`^for example`, directive},
		{`^a path begins with a slash`, over},
		{`^write the path as it arrives`, over},
		{`^a space in a path is written as %20`, over},
		{`^the path has no wildcard; write it as`, overOther},
		{`^quote it if it has spaces`, directive},
		{`^an event with an equals sign is quoted`, over},
		{`^name the event that \w+ handles`, directive},
		{`^give one of them another (?:event|name)`, directive},
		{`^rename the method, or give it an event`, directive},
		{`^mark (?:it|the type|the method)`, above},
		{`^mark each method whose pushes are to be kept, or remove this`, above},
		{`^say how much is kept, above the interface`, above},
		{`^(mark it //ws:public) if`, above},
		{`or ask it here, too`, above},
		{`say that it is open on purpose`, above},
		{`^possible is (.*)`, over},
		{`, such as (.*)`, over},
		{`^a duration has a unit`, over},
		{`^name (?:it|them all)`, over},
		{`^take (?:a slice|one of them)`, over},
		{`^return it as`, over},
		{`^return a struct of both, or a stream that may fail`, over},
		{`^the handler keeps the end to send to, and closes it, and returns`, over},
		{`^the error comes last`, over},
		{`^take these parameters`, over},
		{`^return these results`, over},
		{`^add one|^declare one|^declare its method`, appended},
		{`^import it, and use it, since a comment alone does not count for Go`, appended},
		{`^add the import`, imported},
		{`^leave the field out with the tag`, tagged},
		{"or say (?:of each )?that it stays here: (`[^`]*`)", tagged},
		{`, or use the tag`, tagged},
		{`^an option stands behind a comma`, over},
		{`^make the field a (?:pointer|slice), or write`, over},
		{`^embed it`, embedded},
		{`^declare it as`, declaration},
		{`^mark the type itself, or embed it`, declaration},
		{`or write (mode=parallel) beside it`, beside},
		{`^give the method of \w+ the results (\(int, error\))`, results},
	}
	var all []lead
	for _, l := range table {
		all = append(all, lead{regexp.MustCompile(l.words), l.to})
	}
	return all
}

// read finds the code in help, and where it goes.
func read(d diag.Diagnostic) (all []cure) {
	prose, block, _ := strings.Cut(d.Help, "\n\n")
	for line := range strings.SplitSeq(prose, "\n") {
		for _, l := range leads() {
			at := l.words.FindStringSubmatchIndex(line)
			if at == nil {
				continue
			}
			code, follows := strings.CutPrefix(line[at[1]:], ":")
			switch code = strings.TrimPrefix(code, " "); {
			case len(at) > 2:
				code = strings.TrimPrefix(line[at[2]:at[3]], "mark it ")
			case !follows:
				continue // words
			case code == "":
				code = block
			}
			for _, text := range alternatives(line, code) {
				c := cure{d: d, code: text, to: l.to}
				for strings.HasPrefix(c.code, "import ") {
					first, rest, _ := strings.Cut(c.code, "\n")
					c.imports, c.code = append(c.imports, first), strings.TrimLeft(rest, "\n")
				}
				all = append(all, c)
			}
		}
	}
	return all
}

// alternatives are what a line lists: "a, b or c".
func alternatives(line, code string) []string {
	if !strings.Contains(line, "possible is ") && !strings.Contains(line, "such as ") {
		return []string{code}
	}
	code, _, _ = strings.Cut(code, ";")
	code, _, _ = strings.Cut(code, ": ")
	code, _, _ = strings.Cut(code, ", which")
	if strings.Contains(code, "(") { // error, int or (int, error)
		list, last, _ := strings.Cut(code, " or ")
		return append(strings.Split(list, ", "), last)
	}
	return strings.Split(strings.ReplaceAll(code, " or ", ", "), ", ")
}

// codeInWords is what only code has.
var codeInWords = regexp.MustCompile("did you mean|write it as|…|`|:=|//ws:\\w+ /?\\w|\\bfunc \\w|\\btype \\w+ (?:struct|interface|=)|\\bimport (?:\\w+ )?\"|\\w+\\{|\\*\\w+\\.\\w|\\w\\(\\w+ ")

// looksLikeCode reports whether help has something in it that one may want to
// paste. A list of the parameters that there are does not count.
func looksLikeCode(help string) bool {
	for _, list := range []string{
		"a handler takes context.Context, *ws.Client,", "a connect hook takes context.Context, *ws.Client,",
		"a disconnect hook takes context.Context, *ws.Client,", "a configure hook takes *ws.Options",
		"name a struct that embeds *ws.Server and is marked //ws:namespace",
	} {
		help = strings.Replace(help, list, "", 1)
	}
	return codeInWords.MatchString(help)
}

// editor collects the changes of one file.
type editor struct {
	path, text string
	edits      []edit
}

type edit struct {
	from, to int
	text     string
}

func (e *editor) put(from, to int, text string) { e.edits = append(e.edits, edit{from, to, text}) }

// result is the file with all changes. The same change by two mistakes is one.
func (e *editor) result() string {
	slices.SortStableFunc(e.edits, func(a, b edit) int { return b.from - a.from })
	text := e.text
	for i, ed := range e.edits {
		if i == 0 || ed != e.edits[i-1] {
			text = text[:ed.from] + ed.text + text[ed.to:]
		}
	}
	return text
}

// apply changes the file of e, if the cure is for that.
func (c cure) apply(e *editor) {
	c.to(e, c)
}

// here reports whether pos is in the file, and at which offset.
func (e *editor) here(pos token.Position) (offset int, ok bool) {
	if pos.Filename != e.path {
		return 0, false
	}
	lines := strings.SplitAfter(e.text, "\n")
	for _, line := range lines[:pos.Line-1] {
		offset += len(line)
	}
	return offset + pos.Column - 1, true
}

// needs adds the imports of a cure.
func (e *editor) needs(c cure) {
	if len(c.imports) == 0 {
		return
	}
	f := e.parse()
	at := int(f.Name.End()) - 1
	e.put(at, at, "\n\n"+strings.Join(c.imports, "\n"))
}

func (e *editor) parse() *ast.File {
	f, err := parser.ParseFile(token.NewFileSet(), "", e.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	return f
}

// over puts code over the range of the mistake. If code begins with text that
// stands in front of the range, such as the package of a name, it replaces that,
// too.
func over(e *editor, c cure) {
	from, ok := e.here(c.d.Pos)
	to, _ := e.here(c.d.End)
	if !ok {
		return
	}
	for n := min(len(c.code), from); n > 0; n-- {
		if part := c.code[:n]; strings.HasSuffix(e.text[:from], part) && strings.ContainsAny(part[n-1:], ":.") {
			from -= n
			break
		}
	}
	if strings.HasSuffix(c.code, "=") && e.text[to] == '=' {
		to++
	}
	e.put(from, to, c.code)
	e.needs(c)
}

// asWritten puts code where it belongs by its form: a directive over one, a
// method over its signature, all else over the range.
func asWritten(e *editor, c cure) {
	switch {
	case strings.HasPrefix(c.code, "//ws:"):
		directive(e, c)
	case regexp.MustCompile(`^\w+\(`).MatchString(c.code):
		signature(e, c)
	default:
		over(e, c)
	}
}

// overOther puts code over the word at the place shown besides.
func overOther(e *editor, c cure) {
	from, ok := e.here(c.d.Related[0].Pos)
	if !ok {
		return
	}
	to := from + strings.IndexAny(e.text[from:], " \n")
	e.put(from, to, c.code)
}

// directive puts code in the place of the comment on the mistake's line, if it
// is the same directive, else above the declaration.
func directive(e *editor, c cure) {
	at, ok := e.here(c.d.Pos)
	if !ok {
		return
	}
	start := strings.LastIndex(e.text[:at], "\n") + 1
	end := start + strings.Index(e.text[start:], "\n")
	name, _, _ := strings.Cut(c.code, " ")
	if i := strings.Index(e.text[start:end], name); i >= 0 {
		e.put(start+i, end, c.code)
		return
	}
	above(e, c)
}

// above puts code on a line of its own above the declaration that the mistake
// is in, or that is shown besides as the one to change.
func above(e *editor, c cure) {
	pos := c.d.Pos
	if len(c.d.Related) > 0 && strings.HasSuffix(c.d.Related[0].Message, " is declared here") {
		pos = c.d.Related[0].Pos
	}
	at, ok := e.here(pos)
	if !ok {
		return
	}
	ast.Inspect(e.parse(), func(n ast.Node) bool {
		if strings.HasPrefix(c.code, "//ws:event ") || c.code == "//ws:kept" {
			return false // of a method of an interface: its line
		}
		switch n := n.(type) {
		case *ast.GenDecl, *ast.FuncDecl, *ast.TypeSpec:
			if in(n, at) {
				at = int(n.Pos()) - 1
				return true
			}
		}
		return true
	})
	start := strings.LastIndex(e.text[:at], "\n") + 1
	indent := e.text[start : start+len(e.text[start:])-len(strings.TrimLeft(e.text[start:], "\t"))]
	e.put(start, start, indent+c.code+"\n")
}

func in(n ast.Node, at int) bool { return int(n.Pos())-1 <= at && at < int(n.End())-1 }

// signature puts code over a method, up to its body.
func signature(e *editor, c cure) {
	pos := c.d.Pos
	if len(c.d.Related) > 0 {
		pos = c.d.Related[0].Pos
	}
	from, ok := e.here(pos)
	if !ok {
		return
	}
	ast.Inspect(e.parse(), func(n ast.Node) bool {
		if fn, ok := n.(*ast.FuncDecl); ok && in(fn, from) {
			e.put(from, int(fn.Body.Pos())-1, c.code+" ")
		}
		return true
	})
	e.needs(c)
}

// appended puts declarations at the end of the file that the mistake is in, or
// that has what it is about.
func appended(e *editor, c cure) {
	pos := c.d.Pos
	if len(c.d.Related) > 0 && strings.HasSuffix(c.d.Related[0].Message, " is declared here") {
		pos = c.d.Related[0].Pos
	}
	if _, ok := e.here(pos); !ok {
		return
	}
	e.put(len(e.text), len(e.text), "\n"+c.code+"\n")
	e.needs(c)
}

func imported(e *editor, c cure) {
	if _, ok := e.here(c.d.Pos); ok {
		e.needs(c)
	}
}

// tagged gives the field at the mistake a tag, in the place of the one it has.
func tagged(e *editor, c cure) {
	at, ok := e.here(c.d.Pos)
	if !ok {
		return
	}
	ast.Inspect(e.parse(), func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok || !in(field, at) {
			return true
		}
		if s, ok := field.Type.(*ast.StructType); ok && in(s, at) {
			return true
		}
		if field.Tag != nil {
			e.put(int(field.Tag.Pos())-1, int(field.Tag.End())-1, c.code)
		} else {
			e.put(int(field.End())-1, int(field.End())-1, " "+c.code)
		}
		return false
	})
}

// embedded puts a field into the struct that the mistake is at.
func embedded(e *editor, c cure) {
	at, ok := e.here(c.d.Pos)
	if !ok {
		return
	}
	ast.Inspect(e.parse(), func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && in(spec, at) {
			open := int(spec.Type.(*ast.StructType).Fields.Opening)
			e.put(open, open, "\n"+c.code+"\n")
		}
		return true
	})
	e.needs(c)
}

// declaration puts code in the place of the declaration of the same type.
func declaration(e *editor, c cure) {
	if _, ok := e.here(c.d.Pos); !ok {
		return
	}
	name := strings.Fields(c.code)[1]
	ast.Inspect(e.parse(), func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == name {
			e.put(int(spec.Pos())-1, int(spec.End())-1, strings.TrimPrefix(c.code, "type "))
		}
		return true
	})
	e.needs(c)
}

// beside puts code behind the range of the mistake.
func beside(e *editor, c cure) {
	if _, ok := e.here(c.d.Pos); ok {
		at, _ := e.here(c.d.End)
		e.put(at, at, " "+c.code)
	}
}

// results gives the method shown besides its results.
func results(e *editor, c cure) {
	at, ok := e.here(c.d.Related[0].Pos)
	if !ok {
		return
	}
	ast.Inspect(e.parse(), func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok && int(field.Pos())-1 == at {
			fn := field.Type.(*ast.FuncType)
			from, to := int(fn.Params.End())-1, int(fn.Params.End())-1
			if fn.Results != nil {
				to = int(fn.Results.End()) - 1
			}
			e.put(from, to, " "+c.code)
		}
		return true
	})
}

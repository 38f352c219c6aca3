package directive

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// FuzzParse splits any text behind //ws: into arguments. Each argument stands at
// its position, and reads there as its value. Only white space may be in no
// argument and in no problem: nothing a user wrote gets lost in silence.
func FuzzParse(f *testing.F) {
	for _, spec := range Table() {
		f.Add(strings.TrimPrefix(spec.Example, prefix))
		for _, o := range spec.Options {
			f.Add(spec.Name + " /a " + o.Name + "=x")
		}
	}
	for _, s := range []string{
		"", " ", "gateway\t/a  /b", `subscribe "a b" k="c\td" ` + "`e\"f`", `x "`, `x "a"b`, "x k=", `x k="`, "x =v", "x k==v", "x é=ü k-1=\"\"", "x \r", "x k=`",
		`x "\xff"`, "x \xff\xfe", `x k='a'`, "x \u00a0y\u2003z", "x k=\"a\"\tk=\"b\"",
	} {
		f.Add(s)
	}
	const slash = token.Pos(1000)
	f.Fuzz(func(t *testing.T, rest string) {
		if strings.ContainsAny(rest, "\n\x00") {
			return // no comment has these
		}
		c := &ast.Comment{Slash: slash, Text: prefix + rest}
		d, problems := Parse(c)
		if d.Pos != slash || d.NamePos != slash+5 || !strings.HasPrefix(rest, d.Name) || strings.ContainsAny(d.Name, " \t\r") {
			t.Errorf("%q: name %q at %d", c.Text, d.Name, d.NamePos-slash)
		}
		if d.Broken != (len(problems) > 0) {
			t.Errorf("%q: Broken is %v, with %d problems", c.Text, d.Broken, len(problems))
		}
		covered := []byte(c.Text)
		cover := func(what string, pos, end token.Pos) string {
			from, to := int(pos-slash), int(end-slash)
			if from < len(prefix)+len(d.Name) || from >= to || to > len(c.Text) {
				t.Fatalf("%q: %s is at %d to %d", c.Text, what, from, to)
			}
			for i := from; i < to; i++ {
				covered[i] = ' '
			}
			return c.Text[from:to]
		}
		last := token.Pos(0)
		all := slices.Concat(d.Args, d.Options)
		slices.SortFunc(all, func(a, b Arg) int { return int(a.Pos - b.Pos) })
		for _, a := range all {
			text := cover(a.Key+" "+a.Value, a.Pos, a.End)
			if a.Pos < last {
				t.Errorf("%q: %s begins before its neighbour ends", c.Text, text)
			}
			last = a.End
			written := strings.TrimPrefix(text, a.Key+"=")
			if a.Key == "" {
				written = text
			} else if written == text || a.Val != a.Pos+token.Pos(len(a.Key)+1) {
				t.Errorf("%q: key %q of %s, value at %d", c.Text, a.Key, text, a.Val-slash)
			}
			if unquoted, err := strconv.Unquote(written); err == nil && written[0] != '\'' {
				written = unquoted
			}
			if a.Value != written {
				t.Errorf("%q: %s reads as %q", c.Text, text, a.Value)
			}
		}
		for _, p := range problems {
			from := p.Pos // of a value; its key is no problem, and comes to nothing with it
			for !isSpace(c.Text[from-slash-1]) {
				from--
			}
			cover(p.Message, from, p.End)
			if p.Code == "" || p.Message == "" || p.Help == "" {
				t.Errorf("%q: %+v", c.Text, p)
			}
		}
		if left := strings.Trim(string(covered[len(prefix)+len(d.Name):]), " \t\r"); left != "" {
			t.Errorf("%q: nothing was made of %q", c.Text, left)
		}
	})
}

// FuzzFile reads files with any comments at any place. A comment that is, or
// looks like, a directive is found, or it is a problem. No problem stands outside
// of the file.
func FuzzFile(f *testing.F) {
	const doc = "//ws:app\npackage p\n\nimport \"x\" //ws:push\n\n//ws:gateway /a\n\ntype T struct {\n\t//ws:event e\n\tF int // ws: subscribe x\n}\n\n" +
		"/*ws:guard G*/\ntype (\n\t//ws:state\n\tI interface {\n\t\t//ws:event e\n\t\tM()\n\t\t//ws:event\n\t\tx.E\n\t}\n)\n\n//ws:subscribe a b\n" +
		"//ws:subscribe const=C const=D mode=x nope=1\nfunc (T) M() {\n\t//ws:connect\n}\n\nvar v = func() { /*ws:app*/ }\n\n//Ws:public\n"
	f.Add(doc)
	f.Add("//ws:app\n\npackage p\n//ws:app\n")
	f.Add("package p //ws:app")
	f.Add("package p\n\nfunc () F() {} //ws:subscribe x\n\n//ws:subscribe x\nfunc () F()\n\n//ws:gateway\ntype = int\n")
	f.Add("package p\n//ws:guard A\n//ws:guard A\n//ws:guard\ntype A struct{ A //ws:x\n}\n//ws:frobnicate\r\n")
	f.Fuzz(func(t *testing.T, src string) {
		fset := token.NewFileSet()
		file, _ := parser.ParseFile(fset, "f.go", src, parser.ParseComments|parser.SkipObjectResolution)
		if file == nil {
			return
		}
		inside := func(ps []Problem) {
			for _, p := range ps {
				if p.Pos < file.FileStart || p.End > file.FileEnd || p.Pos > p.End || p.Code == "" || p.Message == "" {
					t.Errorf("%q: %+v", src, p)
				}
			}
		}
		found, problems := File(file, fset, Table())
		inside(problems)
		outside := Outside(file, diag.UnreadFile, "a test", "")
		inside(outside)
		if Any(file) != (len(outside) > 0) || Any(file) != (len(found)+len(problems) > 0) {
			t.Errorf("%q: Any %v, %d found, %d problems, %d outside", src, Any(file), len(found), len(problems), len(outside))
		}
		if Any(file) && !Mentioned([]byte(src)) {
			t.Errorf("%q is not mentioned", src)
		}
		for _, d := range found {
			if d.Site.Place == 0 || d.Site.File != file {
				t.Errorf("%q: %s has no site", src, d.Name)
			}
		}
	})
}

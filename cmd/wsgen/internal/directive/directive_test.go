package directive

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// show writes arguments with their offsets into the comment.
func show(d *Directive) string {
	var words []string
	for _, a := range slices.Concat(d.Args, d.Options) {
		words = append(words, fmt.Sprintf("%s=%q@%d:%d-%d", a.Key, a.Value, a.Pos-d.Pos, a.Val-d.Pos, a.End-d.Pos))
	}
	return strings.Join(words, " ")
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want, problem string }{
		{`//ws:gateway`, ``, ``},
		{`//ws:gateway /chat`, `="/chat"@13:13-18`, ``},
		{"//ws:gateway\t/chat \t", `="/chat"@13:13-18`, ``},
		{`//ws:gateway /a version=1`, `="/a"@13:13-15 version="1"@16:24-25`, ``},
		{`//ws:gateway /a?b=c`, `="/a?b=c"@13:13-19`, ``},
		{`//ws:subscribe "a b"`, `="a b"@15:15-20`, ``},
		{"//ws:subscribe `a\"b`", `="a\"b"@15:15-20`, ``},
		{`//ws:subscribe key="a b" c`, `="c"@25:25-26 key="a b"@15:19-24`, ``},
		{`//ws:subscribe ""`, `=""@15:15-17`, ``},
		{`//ws:subscribe k=""`, `k=""@15:17-19`, ``},
		{`//ws:subscribe =x`, `="=x"@15:15-17`, ``},
		{`//ws:subscribe 1=x`, `="1=x"@15:15-18`, ``},
		{`//ws:subscribe "a`, ``, `15-17 this quoted value does not end`},
		{`//ws:subscribe k="a b`, ``, `17-21 this quoted value does not end`},
		{`//ws:subscribe "a"b c`, `="c"@20:20-21`, `15-19 a quoted value ends`},
		{`//ws:subscribe k= c`, ``, `15-19 spaces separate k, its equals sign and its value`},
		{`//ws:subscribe k= l=c`, `l="c"@18:20-21`, `15-17 k= has no value`},
		{`//ws:subscribe k= "a b" c`, `="c"@24:24-25`, `15-23 spaces separate k, its equals sign and its value`},
		{`//ws:subscribe "\q"`, ``, `15-19 this quoted value`},
		{"//ws:subscribe say\u00a0mode=serial", ``, `15-31 a character that nobody sees is in this word: U+00A0`},
		{"//ws:subscribe s\u200bay mode=serial", `mode="serial"@22:27-33`, `15-21 a character that nobody sees is in this word: U+200B`},
		{"//ws:subscribe \"a\u00a0b\"", "=\"a\\u00a0b\"@15:15-21", ``},
	} {
		d, problems := Parse(&ast.Comment{Slash: 1000, Text: c.text})
		if got := show(d); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
		var said string
		for _, p := range problems {
			said += fmt.Sprintf("%d-%d %s", p.Pos-1000, p.End-1000, p.Message)
		}
		if !strings.HasPrefix(said, c.problem) || c.problem == "" && said != "" {
			t.Errorf("%s: problem %q, want %q", c.text, said, c.problem)
		}
		if d.Broken != (c.problem != "") {
			t.Errorf("%s: Broken is %v", c.text, d.Broken)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]form{
		"//ws:gateway /chat":                         exact,
		"//ws:frob":                                  exact,
		"//ws:1":                                     exact,
		"//ws:Gateway /chat":                         miss,
		"//ws:Frob":                                  miss,
		"//ws: gateway /chat":                        miss,
		"// ws:gateway /chat":                        miss,
		"//\tws:gateway /chat":                       miss,
		"// ws: gateway /chat":                       miss,
		"//WS:gateway /chat version=1":               miss,
		"// Ws:subscrib message":                     miss,
		"/*ws:gateway /chat*/":                       miss,
		"/* ws:public */":                            miss,
		"// ws:guard A B C":                          miss,
		"//ws:":                                      miss,
		"//ws: ":                                     miss,
		"/*ws:*/":                                    miss,
		"//wsgen:subscribe say":                      miss,
		"// wsgen:subscribe say":                     miss,
		"//WsGen:gateway /chat":                      miss,
		"//wsgen:frob":                               miss,
		"//ws.subscribe say":                         miss,
		"//ws subscribe say":                         miss,
		"//ws\tgateway /chat":                        miss,
		"//ws\u00a0subscribe say":                    miss,
		"//ws :subscribe say":                        miss,
		"// ws :subscribe say":                       miss,
		"//ws\t: subscribe say":                      miss,
		"//wsgen :gateway /chat":                     miss,
		"//ws;subscribe say":                         miss,
		"//ws,subscribe say":                         miss,
		"//ws-subscribe say":                         miss,
		"//ws_subscribe say":                         miss,
		"//ws/subscribe say":                         miss,
		"//ws=subscribe say":                         miss,
		"//ws|subscribe say":                         miss,
		"// @ws:subscribe say":                       miss,
		"//@ws:subscribe say":                        miss,
		"//+ws:subscribe say":                        miss,
		"// +ws:gateway /chat version=2":             miss,
		"//#ws:public":                               miss,
		"//!ws:public":                               miss,
		"///ws:subscribe say":                        miss,
		"/** ws:gateway /chat */":                    miss,
		"/*\nws:gateway /chat\n*/":                   miss,
		"//ws\uff1asubscribe say":                    miss,
		"//\u00a0ws:subscribe say":                   miss,
		"//\u200bws:subscribe say":                   miss,
		"//ws\u200b:subscribe say":                   miss,
		"//ws:\u00a0subscribe say":                   miss,
		"// ws:subscribe\u00a0say":                   miss,
		"//ws\uff1a":                                 miss,
		"// ws:":                                     prose,
		"// //ws:subscribe say":                      prose,
		"////ws:subscribe say":                       prose,
		"//\t//ws:gateway /chat":                     prose,
		"// wsgen: public":                           prose,
		"// wsgen: no //ws: directives here":         prose,
		"// wsgen writes this file":                  prose,
		"// ws.push is where events go":              prose,
		"// ws push":                                 prose,
		"//ws.NewServer(ws.Options{})":               prose,
		"//ws.Push[Events]":                          prose,
		"//ws.Connect()":                             prose,
		"//ws_state.Lock()":                          prose,
		"//ws-push frames to every client":           prose,
		"//ws;":                                      prose,
		"//ws :":                                     miss,
		"// ws : the runtime":                        prose,
		"// ws;subscribe say":                        prose,
		"//ws push frames to every client":           prose,
		"//ws":                                       prose,
		"//wsgen":                                    prose,
		"// wsHandler handles":                       prose,
		"// @ws can you look at this":                prose,
		"//ws\uff1a\u8fd9\u662f":                     prose,
		"//ws://example.com":                         prose,
		"// ws://example.com/chat":                   prose,
		"// ws: the runtime":                         prose,
		"// ws:subscribe is what marks a handler":    prose,
		"// ws: guard against the peer's slow reads": prose,
		"// ws: pushes":                              prose,
		"// see ws:gateway":                          prose,
		"// `//ws:gateway /chat` marks a struct":     prose,
		"//nolint:ws":                                prose,
		"// news:gateway":                            prose,
		"// ws:read":                                 prose,
		"//":                                         prose,
		"/**/":                                       prose,
	} {
		if got, _, _ := classify(text); got != want {
			t.Errorf("%s: form %d, want %d", text, got, want)
		}
		if want != prose && !Mentioned([]byte("package x\n\n"+text+"\n")) {
			t.Errorf("%s: not mentioned", text)
		}
	}
}

func TestMentioned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"package x":                   false,
		"//ws:gateway":                true,
		"type x struct {\n\t//ws:a\n": true,
		"\r\n//ws:a\r\n":              true,
		"//  WS:a":                    true,
		"/* ws:a */":                  true,
		"s := news:x":                 false,
		"ws: ws: ws:":                 false,
		"ws: // ws:":                  true,
		"https://ws:80":               true, // only a closer look tells
		"//wsgen:a":                   true,
		"//\u00a0@ws\uff1aa":          true,
		"// wsHandler is":             false,
		"// ws is a package":          false,
		"a / b //":                    false,
		"/":                           false,
	} {
		if got := Mentioned([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestClosest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"subscrib": "subscribe", "subscribed": "subscribe", "gatway": "gateway", "gatewya": "gateway",
		"conect": "connect", "aap": "app", "psuh": "push", "frobnicate": "", "x": "", "": "",
	} {
		if got := Closest(name, names()); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestTable checks that every line of the table can be printed on a reference
// page, and that its example is a directive which the table accepts.
func TestTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range Table() {
		if seen[s.Name] {
			t.Errorf("%s is in the table twice", s.Name)
		}
		seen[s.Name] = true
		if s.On == 0 || s.Where == "" || s.Doc == "" || !strings.HasSuffix(s.Doc, ".") || s.On.String() == "" {
			t.Errorf("%s lacks something: %+v", s.Name, s)
		}
		for _, o := range s.Options {
			if o.Name == "" || o.Doc == "" {
				t.Errorf("an option of %s lacks something: %+v", s.Name, o)
			}
		}
		d, problems := Parse(&ast.Comment{Slash: 1, Text: s.Example})
		problems = append(problems, counts(d, s)...)
		if problems = append(problems, options(d, s)...); d.Name != s.Name || len(problems) > 0 {
			t.Errorf("the example %s: %v", s.Example, problems)
		}
	}
}

func TestFileFindsSites(t *testing.T) {
	t.Parallel()
	const src = `// Package p is documented.
//
//ws:app ./a
//ws:guard G
package p

type (
	// A is in a group.
	//ws:gateway /a
	A struct{}

	//ws:push
	E interface {
		// M is an event.
		//ws:event m
		M()
	}
)

// B has a doc comment.
//
//ws:subscribe b
//ws:guard G H
//ws:guard I
func (a *A) B() {}
`
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found, problems := File(f, fset, Table())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, d := range found {
		s := d.Site
		at := "package"
		switch s.Place {
		case Type:
			at = s.Type.Name.Name
		case Method:
			at = s.Func.Name.Name
		case InterfaceMethod:
			at = s.Type.Name.Name + "." + s.Field.Names[0].Name
		}
		got = append(got, d.Name+" "+at)
	}
	want := "app package, guard package, gateway A, push E, event E.M, subscribe B, guard B, guard B"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

package goclient

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// TestMethods checks that no method for an event hides what every client has: the
// exported methods of a wsclient.Client, and the field that it is.
func TestMethods(t *testing.T) {
	files, err := filepath.Glob("../../../../../runtime/client/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no client", err)
	}
	has := methods{"Client": true}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !fn.Name.IsExported() {
				continue
			}
			if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok && star.X.(*ast.Ident).Name == "Client" {
				has[fn.Name.Name] = true
			}
		}
	}
	if got := newMethods(); !maps.Equal(got, has) {
		t.Errorf("taken are %v, and a client has %v", got, has)
	}
	m := newMethods()
	for _, c := range [][3]string{
		{"", "close", "Close_"},
		{"", "Close", "Close__"},
		{"", "a-b", "AB"},
		{"", "a_b", "AB_"},
		{"", "2fa", "X2fa"},
		{"On", "message", "OnMessage"},
		{"", "on_message", "OnMessage_"},
		{"", "history.pages", "HistoryPages"},
		{"", "ü", "Ü"},
		{"", "世", "X世"},
		{"", "-", "X"},
	} {
		if got := m.name(c[0], c[1]); got != c[2] {
			t.Errorf("%s%s is %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

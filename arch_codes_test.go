package wsgen_test

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
)

// codeList is a function that lists codes of package ws: all of them, or those that every
// call may be refused with.
type codeList struct {
	dir, name string
	all       bool
}

// The runtime lets these codes through, whatever a handler declares. The generator says the
// same of them, in texts, documents and clients, and neither half imports the other.
var (
	runtimeCodes   = codeList{dir: "runtime", name: "everyCall"}
	generatorCodes = []codeList{
		{dir: "cmd/wsgen/internal/directive", name: "EveryCall"},
		{dir: "cmd/wsgen/internal/emit/asyncapi", name: "everyCall"},
		{dir: "cmd/wsgen/internal/emit/tsclient", name: "ownCodes", all: true},
	}
)

// sameCodes finds a list of the generator's that has other codes than the runtime.
func sameCodes(all []*source) []finding {
	values := codeValues(all)
	every := slices.Sorted(maps.Values(values))
	calls, at := runtimeCodes.codes(all, values)
	if len(calls) == 0 {
		return []finding{runtimeCodes.missing(at)}
	}
	var out []finding
	for _, list := range generatorCodes {
		want := calls
		if list.all {
			want = every
		}
		got, at := list.codes(all, values)
		if len(got) == 0 {
			out = append(out, list.missing(at))
			continue
		}
		out = append(out, differ(at, list.name, want, got)...)
	}
	return out
}

func (l codeList) missing(at token.Position) finding {
	if at.Filename == "" {
		at = token.Position{Filename: l.dir, Line: 1}
	}
	return finding{at, "there is no func " + l.name + " with codes", "if it is called otherwise now, change this rule with it"}
}

// differ finds what is in one of two lists of codes only.
func differ(at token.Position, name string, want, got []string) (out []finding) {
	const cure = "have it name the codes of package ws, as runtime/error.go and runtime/declared.go do"
	for _, code := range want {
		if !slices.Contains(got, code) {
			out = append(out, finding{at, name + " lacks " + code, cure})
		}
	}
	for _, code := range got {
		if !slices.Contains(want, code) {
			out = append(out, finding{at, name + " has " + code + ", and the runtime does not", cure})
		}
	}
	return out
}

// codes returns what the function names, as texts or by constants, and where it is.
func (l codeList) codes(all []*source, values map[string]string) (codes []string, at token.Position) {
	for _, s := range written(all) {
		if s.dir != l.dir {
			continue
		}
		for _, decl := range s.file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Name.Name != l.name {
				continue
			}
			at = s.fset.Position(fn.Pos())
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					if code := values[n.Name]; code != "" {
						codes = append(codes, code)
					}
				case *ast.BasicLit:
					if code, err := strconv.Unquote(n.Value); err == nil {
						codes = append(codes, code)
					}
				}
				return true
			})
		}
	}
	return codes, at
}

// codeValues are the constants of type Code of package ws.
func codeValues(all []*source) map[string]string {
	values := map[string]string{}
	for _, s := range written(all) {
		if s.dir != "runtime" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !isName(spec.Type, "Code") || len(spec.Names) != len(spec.Values) {
				return true
			}
			for i, name := range spec.Names {
				if text, ok := spec.Values[i].(*ast.BasicLit); ok {
					values[name.Name], _ = strconv.Unquote(text.Value)
				}
			}
			return true
		})
	}
	return values
}

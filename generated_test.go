package wsgen_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "add what the newest version calls to testdata/generated/names.txt")

const namesFile = "testdata/generated/names.txt"

// TestGeneratedNames checks that generated files call the names that are listed
// for the version which they name, so a new name needs a new version. It also
// checks that the runtime still has all names listed for any version.
func TestGeneratedNames(t *testing.T) {
	listed := parseNames(text(t, namesFile))
	found := map[string]map[string]bool{} // by version
	for name, src := range generatedFiles(t) {
		version, names, err := called(name, src)
		if err != nil {
			t.Fatal(err)
		}
		if version == "" {
			continue // wire's
		}
		if found[version] == nil {
			found[version] = map[string]bool{}
		}
		maps.Copy(found[version], names)
	}
	newest := newestGenerated(found, "GeneratedV")
	has := exported(t)
	maps.Copy(found[newest], emitted(t, has))
	if found["GeneratedV1"] == nil || newest == "GeneratedV1" || found["FuzzV1"] == nil || found["ClientV1"] == nil {
		t.Fatalf("generated files of these versions were found: %v", slices.Sorted(maps.Keys(found)))
	}
	for _, kind := range []string{"GeneratedV", "FuzzV", "ClientV"} {
		namesOfNewest(t, newestGenerated(found, kind), kind, listed, found)
	}
	for version, names := range found {
		for name := range names {
			if !listed[version][name] {
				t.Errorf("files of %s call %s, which is not in %s: what adds a name needs a new version (CONTRIBUTING.md)", version, name, namesFile)
			}
		}
	}
	for version, names := range listed {
		for name := range names {
			if !has[name] {
				t.Errorf("the runtime has no %s any more, which files of %s call", name, version)
			}
		}
	}
}

// namesOfNewest checks that exactly what files of the newest version of a kind call
// is listed for that.
func namesOfNewest(t *testing.T, newest, kind string, listed, found map[string]map[string]bool) {
	t.Helper()
	if *update && listed[newest] == nil {
		listed[newest] = found[newest]
		writeNames(t, listed)
	}
	if latest := newestGenerated(listed, kind); latest != newest {
		t.Errorf("the newest version in %s is %s, and that of generated files %s", namesFile, latest, newest)
	}
	for name := range listed[newest] {
		if !found[newest][name] {
			t.Errorf("%s lists %s for %s, which no generated file calls", namesFile, name, newest)
		}
	}
}

// newestGenerated is the newest of versions of one kind: GeneratedV are those of
// ws_gen.go, FuzzV of ws_gen_test.go, ClientV of ws_client_gen.go.
func newestGenerated[V any](of map[string]V, kind string) string {
	number := func(v string) (n int) { _, _ = fmt.Sscanf(v, kind+"%d", &n); return n }
	return slices.MaxFunc(slices.Collect(maps.Keys(of)), func(a, b string) int { return number(a) - number(b) })
}

// parseNames reads "GeneratedV1: name name ..." sections.
func parseNames(text string) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	var names map[string]bool
	for _, word := range strings.Fields(text) {
		if version, ok := strings.CutSuffix(word, ":"); ok {
			names = map[string]bool{}
			all[version] = names
			continue
		}
		names[word] = true
	}
	return all
}

func writeNames(t *testing.T, all map[string]map[string]bool) {
	t.Helper()
	var b strings.Builder
	for _, version := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s:\n", version)
		for _, name := range slices.Sorted(maps.Keys(all[version])) {
			fmt.Fprintf(&b, "\t%s\n", name)
		}
	}
	if err := os.WriteFile(namesFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// versioned are the generated files that name the version of what they call.
var versioned = []string{"ws_gen.go", "ws_gen_test.go", "ws_client_gen.go"}

// generatedFiles are those of the repository, of the generator's tests, and of
// the versions before.
func generatedFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, s := range repository(t, ".") {
		if s.generated && slices.Contains(versioned, path.Base(s.path)) {
			files[s.path] = s.text
		}
	}
	for _, pattern := range []string{"cmd/wsgen/internal/pipeline/testdata/*.txtar", "cmd/wsgen/internal/pipeline/testdata/goclients/*.txtar", "runtime/testdata/generated/*.txtar"} {
		archives, err := filepath.Glob(pattern)
		if err != nil || len(archives) == 0 {
			t.Fatalf("no archives: %s: %v", pattern, err)
		}
		for _, name := range archives {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.Files {
				if slices.Contains(versioned, path.Base(f.Name)) {
					files[name+":"+f.Name] = f.Data
				}
			}
		}
	}
	return files
}

// emitters are the generator's functions whose first argument is a name, with the
// types or the package that the name may belong to.
var emitters = map[string][]string{
	"Runtime": {"ws."}, "found": {"ws."}, "c": {"ws.Call."}, "field": {"ws.Spec.", "ws.Handler."}, "Dot": {"ws.Router."},
}

// emitted lists the names that the generator can write, also those that no test of
// it has.
func emitted(t *testing.T, has map[string]bool) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, s := range written(repository(t, "cmd/wsgen/internal/emit/goserver")) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			function := ""
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				function = fun.Name
			case *ast.SelectorExpr:
				function = fun.Sel.Name
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				for _, of := range emitters[function] {
					if name := of + strings.Trim(lit.Value, `"`); has[name] && !isVersion.MatchString(name) {
						names[name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

var (
	runtimePaths = map[string]string{
		modulePath + "/runtime": "ws", modulePath + "/runtime/wsjson": "wsjson", modulePath + "/runtime/wstest": "wstest",
		modulePath + "/runtime/client": "wsclient",
	}
	isVersion = regexp.MustCompile(`^(?:ws\.(GeneratedV\d+)|wstest\.(FuzzV\d+)|wsclient\.Generated(V\d+))$`)
)

// called lists the names, methods and fields of literals that a generated file
// uses of the runtime. Its constant is left out.
func called(file string, src []byte) (version string, names map[string]bool, err error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		return "", nil, err
	}
	packages := map[string]string{} // name in the file → ours
	for _, spec := range tree.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		if ours := runtimePaths[p]; ours != "" {
			packages[path.Base(p)] = ours
			if spec.Name != nil {
				packages[spec.Name.Name] = ours
			}
		}
	}
	c := &caller{packages: packages, names: map[string]bool{}, fields: map[string]string{}}
	ast.Inspect(tree, c.visit)
	for name := range c.names {
		if m := isVersion.FindStringSubmatch(name); m != nil {
			version = m[1] + m[2]
			if m[3] != "" {
				version = "Client" + m[3] // the other one is that of ws_gen.go
			}
			delete(c.names, name)
		}
	}
	return version, c.names, nil
}

// caller collects names from a file.
type caller struct {
	packages map[string]string
	names    map[string]bool
	fields   map[string]string // parameters of the function it is in, and fields, with their types
}

func (c *caller) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Field:
		for _, name := range n.Names {
			delete(c.fields, name.Name)
			if typ := c.qualified(n.Type); typ != "" {
				c.fields[name.Name] = typ
			}
		}
	case *ast.SelectorExpr:
		if name := c.qualified(n); name != "" {
			c.names[name] = true
		} else if typ := c.typeOf(n.X); typ != "" {
			c.names[typ+"."+n.Sel.Name] = true
		}
	case *ast.CompositeLit:
		c.literal(c.qualified(n.Type), n)
	}
	return true
}

// literal notes the fields that a struct of type typ is given.
func (c *caller) literal(typ string, lit *ast.CompositeLit) {
	if slice, ok := lit.Type.(*ast.ArrayType); ok {
		for _, e := range lit.Elts {
			if of, ok := e.(*ast.CompositeLit); ok {
				c.literal(c.qualified(slice.Elt), of)
			}
		}
		return
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && typ != "" {
			if key, ok := kv.Key.(*ast.Ident); ok {
				c.names[typ+"."+key.Name] = true
			}
		}
	}
}

// qualified returns e as "ws.Name" if it is that, or a pointer to it, or an
// instance of it.
func (c *caller) qualified(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return c.qualified(e.X)
	case *ast.IndexExpr:
		return c.qualified(e.X)
	case *ast.SelectorExpr:
		if id, ok := e.X.(*ast.Ident); ok && c.packages[id.Name] != "" {
			return c.packages[id.Name] + "." + e.Sel.Name
		}
	}
	return ""
}

// typeOf returns the runtime's type that a value has whose methods are called.
func (c *caller) typeOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return c.fields[e.Name]
	case *ast.SelectorExpr:
		if typ := c.fields[e.Sel.Name]; typ == "ws.Target" {
			return typ
		}
	case *ast.CallExpr:
		if c.qualified(e.Fun) == "ws.Resultless" {
			return "ws.Target"
		}
	}
	return ""
}

// exported lists what packages ws, wsjson and wstest export, as called does. It follows
// promoted methods and aliases by name.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	has := map[string]bool{}
	for _, s := range written(repository(t, ".")) {
		pkg := runtimePaths[modulePath+"/"+s.dir]
		if pkg == "" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					has[pkg+"."+d.Name.Name] = true
				} else {
					has[pkg+"."+receiver(d).Name+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					declared(has, pkg, spec)
				}
			}
		}
	}
	for _, typ := range []string{"Reader.", "Writer."} { // aliases
		for name := range maps.Clone(has) {
			if method, ok := strings.CutPrefix(name, "wsjson."+typ); ok && has["ws."+strings.TrimSuffix(typ, ".")] {
				has["ws."+typ+method] = true
			}
		}
	}
	return has
}

func declared(has map[string]bool, pkg string, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			has[pkg+"."+name.Name] = true
		}
	case *ast.TypeSpec:
		name := pkg + "." + spec.Name.Name
		has[name] = true
		if st, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				for _, id := range f.Names {
					has[name+"."+id.Name] = true
				}
			}
		}
	}
}

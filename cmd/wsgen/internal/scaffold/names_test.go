package scaffold_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// TestEveryGatewayNameCompiles checks that the files which new writes compile, and
// so do the lines that init prints, whatever the first gateway is called. It tries
// the words of Go, those of the files themselves, and those that mean something to
// the go command or to a system.
func TestEveryGatewayNameCompiles(t *testing.T) {
	w := newPrograms(t)
	names := []string{
		"chat", "Chat", "CHAT", "my-chat", "my_chat", "-chat"[1:], "chat-", "2", "2fast", "42-x", "v2", "_", "__", "_chat", "chat_", "a", "x1",
		"chat_test", "test", "chat_linux", "chat_windows", "linux", "windows_amd64", "js", "wasm", "cgo", "C", "ignore", "tools",
		"main", "init", "internal", "vendor", "testdata", "documentation", "builtin", "unsafe", "node_modules", "cmd", "std", "all",
		"con", "NUL", "aux", "prn", "com1", "lpt9", "com", "gateway", "maingateway", "Map", "String", "go-map",
		"ws", "runtime", "wsgen", "templates", "hello", "index", "page", "web", "site", "events", "line", "push", "lobby", "roomgateway",
	}
	for k := token.BREAK; k <= token.VAR; k++ {
		names = append(names, k.String())
	}
	names = append(names, types.Universe.Names()...)
	names = append(names, w.identifiers()...)
	slices.Sort(names)
	names = slices.Compact(names)

	for _, name := range names {
		w.add(name)
	}
	w.build()
}

// programs are the programs of a test. They stand in one module, a folder each,
// because that takes the least time.
type programs struct {
	t     *testing.T
	files map[string][]byte
	count int
}

func newPrograms(t *testing.T) *programs {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	w := &programs{t: t, files: map[string][]byte{}}
	for name, head := range map[string]string{
		"go.mod": "module example.com/all\n\nrequire github.com/wsgen/wsgen v0.1.0\n\nreplace github.com/wsgen/wsgen => " + filepath.ToSlash(root) + "\n",
		"go.sum": "",
	} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		w.files[name] = append([]byte(head), bytes.TrimPrefix(text, []byte("module github.com/wsgen/wsgen\n"))...)
	}
	// The test has to look at the runtime itself: go test takes a cached result
	// unless a file that the test has looked at is another one.
	err = filepath.WalkDir(filepath.Join(root, "runtime"), func(_ string, _ fs.DirEntry, err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// identifiers are all that the program of a project uses.
func (w *programs) identifiers() (names []string) {
	files, err := scaffold.Project(scaffold.Data{Module: "example.com/x", Name: "x", First: scaffold.First{Path: "x", Package: "x"}})
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), "main.go", files["main.go"], 0)
	if err != nil {
		w.t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// add makes a program whose first gateway is called name. It is that of a
// project, but serves its own gateway only, and has the lines of init besides.
func (w *programs) add(name string) {
	first, err := scaffold.NewFirst(name)
	if err != nil {
		w.t.Error(err)
		return
	}
	folder := fmt.Sprintf("n%03d", w.count)
	w.count++
	data := scaffold.Data{Module: "example.com/all/" + folder, Name: folder, First: first}
	files, err := scaffold.Project(data)
	if err != nil {
		w.t.Fatal(err)
	}
	delete(files, "go.mod")
	for path, text := range files {
		if filepath.Ext(path) != ".go" {
			continue
		}
		if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
			w.t.Errorf("%s: %s is not formatted: %v\n%s", name, path, err, text)
		}
	}
	files["main.go"] = bytes.Replace(files["main.go"], []byte("//ws:app\n"), []byte("//ws:app ./"+first.Package+"\n"), 1)
	lines, err := scaffold.Serve(data)
	if err != nil {
		w.t.Fatal(err)
	}
	imports, statements, _ := bytes.Cut(lines, []byte("\n)\n"))
	files["pasted.go"] = fmt.Appendf(nil, "package main\n\nimport \"net/http\"\n\n%s\n)\n\nfunc _(mux *http.ServeMux) {\n%s}\n", imports, statements)
	for path, text := range files {
		w.files[folder+"/"+path] = text
	}
}

// build has wsgen write the generated files, and checks everything as a compiler does.
// To start one for each package would take minutes.
func (w *programs) build() {
	dir := w.t.TempDir()
	if err := new(scaffold.Undo).Write(dir, w.files); err != nil {
		w.t.Fatal(err)
	}
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-trimpath", "GOPROXY=off", "GOTOOLCHAIN=local")
	result, err := pipeline.Run(w.t.Context(), pipeline.Options{Dir: dir, Env: env}, output.Disk{})
	if err != nil || len(result.Diagnostics) > 0 {
		w.t.Fatalf("wsgen: %v %v", err, result.Diagnostics)
	}
	if len(result.Changes) != 2*w.count {
		w.t.Errorf("wsgen wrote %d files for %d programs", len(result.Changes), w.count)
	}
	checked, err := packages.Load(&packages.Config{
		Context: w.t.Context(), Dir: dir, Env: env,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax,
	}, "./...")
	if err != nil || len(checked) != 2*w.count {
		w.t.Errorf("%d packages of %d programs, %v", len(checked), w.count, err)
	}
	packages.Visit(checked, nil, func(p *packages.Package) {
		for _, err := range p.Errors {
			w.t.Errorf("%s: %v", p.PkgPath, err)
		}
	})
}

// TestNamesThatAreRefused checks that a name which no URL or folder should have is
// refused, and that the message names one that would do.
func TestNamesThatAreRefused(t *testing.T) {
	for _, name := range []string{"", "-", "-chat", "a b", "a/b", "chat.v2", "..", "чат", "chat\n", "a\"b", "{{.}}"} {
		if first, err := scaffold.NewFirst(name); err == nil || !strings.Contains(err.Error(), "as in chat") {
			t.Errorf("%q is %+v, %v", name, first, err)
		}
	}
}

func TestNewFirst(t *testing.T) {
	for name, want := range map[string]string{
		"chat": "chat", "Chat": "chat", "my-chat": "mychat", "chat_linux": "chatlinux", "2fast": "gateway2fast", "_": "gateway",
		"map": "mapgateway", "Web": "webgateway", "MAP": "mapgateway", "main": "maingateway", "vendor": "vendorgateway", "con": "congateway", "string": "string",
	} {
		if first, err := scaffold.NewFirst(name); err != nil || first.Path != name || first.Package != want {
			t.Errorf("%s is %+v, want the package %s; %v", name, first, want, err)
		}
	}
}

func TestModule(t *testing.T) {
	for name, want := range map[string]string{
		"hello": "example.com/hello", "a/b": "example.com/a/b", "github.com/you/hello": "github.com/you/hello", "x.go": "example.com/x.go",
		"": "", "a b": "", "a//b": "", "-a": "", "a.": "", "vendor": "", "github.com/you/vendor/b": "",
	} {
		if got, err := scaffold.Module(name); got != want || (err == nil) != (want != "") {
			t.Errorf("Module(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

// TestBase checks the name of a module, which decides its folder and its page.
func TestBase(t *testing.T) {
	for module, want := range map[string]string{
		"hello": "hello", "example.com/hello": "hello", "github.com/you/hello/v2": "hello", "v2": "v2", "example.com/v2x": "v2x",
	} {
		if got := scaffold.Base(module); got != want {
			t.Errorf("Base(%q) = %q, want %q", module, got, want)
		}
	}
}

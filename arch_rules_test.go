package wsgen_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// This file has the rules of arch_test.go. Each is a function from files to
// findings, so that arch_samples_test.go can show it a file that breaks it.

const modulePath = "github.com/wsgen/wsgen"

// source is one Go file of the repository.
type source struct {
	path      string // from the root, with slashes
	dir       string // its package: "." is the root
	test      bool
	generated bool
	text      []byte
	fset      *token.FileSet
	file      *ast.File
}

// finding is a broken rule: where, what, and what to do about it.
type finding struct {
	pos  token.Position
	rule string
	cure string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s\n\tcure: %s", f.pos.Filename, f.pos.Line, f.rule, f.cure)
}

func (s *source) at(p token.Pos, cure, rule string, args ...any) finding {
	return finding{s.fset.Position(p), fmt.Sprintf(rule, args...), cure}
}

// repository returns every Go file below root but testdata and hidden folders. Those of
// the whole tree are read once: tests share them, and change nothing.
func repository(t *testing.T, root string) []*source {
	t.Helper()
	reads := tree
	if root != "." {
		reads = func() ([]*source, error) { return readTree(root) }
	}
	all, err := reads()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var tree = sync.OnceValues(func() ([]*source, error) { return readTree(".") })

func readTree(root string) (all []*source, err error) {
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && name != "." && (base == "testdata" || base == "bin" || base[0] == '.' || base[0] == '_') {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path.Join(root, name))
		if err != nil {
			return err
		}
		s, err := parse(name, text)
		all = append(all, s)
		return err
	})
	return all, err
}

func parse(name string, text []byte) (*source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &source{
		path: name, dir: path.Dir(name), text: text, fset: fset, file: file,
		test: strings.HasSuffix(name, "_test.go"), generated: ast.IsGenerated(file),
	}, nil
}

// written leaves out tests and generated files, which the rules for hand-written
// code do not concern.
func written(all []*source) []*source {
	return slices.DeleteFunc(slices.Clone(all), func(s *source) bool { return s.test || s.generated })
}

// within reports whether package dir is folder, or below it.
func within(dir, folder string) bool {
	return dir == folder || strings.HasPrefix(dir, folder+"/")
}

// imports lists a file's imports outside the standard library: in this
// repository as "runtime", others by their path.
func (s *source) imports() map[string]*ast.ImportSpec {
	out := map[string]*ast.ImportSpec{}
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(p, "/")
		switch rest, ours := strings.CutPrefix(p, modulePath+"/"); {
		case ours:
			out[rest] = spec
		case strings.Contains(first, "."):
			out[p] = spec
		}
	}
	return out
}

// standard reports whether s imports p, which is of the standard library.
func (s *source) standard(p string) *ast.ImportSpec {
	for _, spec := range s.file.Imports {
		if spec.Path.Value == strconv.Quote(p) {
			return spec
		}
	}
	return nil
}

// ---- who may import whom

// table is the import table: package → what it may import.
type table struct {
	rows    map[string][]string
	helpers []string // what any test may import as well
}

func parseTable(text, helpers string) table {
	t := table{map[string][]string{}, strings.Fields(helpers)}
	for line := range strings.Lines(text) {
		if name, allowed, ok := strings.Cut(line, ":"); ok {
			t.rows[strings.TrimSpace(name)] = strings.Fields(allowed)
		}
	}
	return t
}

// row finds the line of package dir: its own, else the nearest "x/...".
func (t table) row(dir string) (string, bool) {
	if _, ok := t.rows[dir]; ok {
		return dir, true
	}
	for d := dir; ; d = path.Dir(d) {
		if _, ok := t.rows[d+"/..."]; ok {
			return d + "/...", true
		}
		if d == "." {
			return "", false
		}
	}
}

// allows reports whether one of patterns covers the import p.
func allows(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
			return within(p, prefix)
		}
		first, _, _ := strings.Cut(p, "/")
		return pattern == p || pattern == "third-party" && strings.Contains(first, ".")
	})
}

func (t table) check(all []*source) []finding {
	var out []finding
	used := map[string]bool{}
	code := map[string]bool{} // packages that are not tests alone
	for _, s := range all {
		code[s.dir] = code[s.dir] || !s.test
	}
	for _, s := range all {
		row, ok := t.row(s.dir)
		if !ok {
			out = append(out, s.at(s.file.Package, "give it a line in the table of arch_test.go that says what it may import",
				"package %s has no line in the import table", s.dir))
			continue
		}
		used[row] = true
		for p, spec := range s.imports() {
			world, _, _ := strings.Cut(s.dir, "/")
			for _, pattern := range t.rows[row] {
				if (!s.test || !code[s.dir]) && allows([]string{pattern}, p) {
					used[row+" "+pattern] = true
				}
			}
			if allows(t.rows[row], p) || s.test && (within(p, world) || allows(t.helpers, p)) {
				continue
			}
			out = append(out, s.at(spec.Pos(), "move the code to where the import is allowed, or change the table and say why",
				"package %s may not import %s", s.dir, p))
		}
	}
	return append(out, t.unused(used)...)
}

// unused finds lines of the table, and imports in them, that the code does not
// have: the table is a map, not a list of wishes.
func (t table) unused(used map[string]bool) []finding {
	var out []finding
	add := func(rule string, args ...any) {
		out = append(out, finding{token.Position{Filename: "arch_test.go", Line: 1}, fmt.Sprintf(rule, args...), "take it out of the table"})
	}
	for row, patterns := range t.rows {
		if !used[row] {
			add("the import table has a line for %s, and there is no such package", row)
			continue
		}
		for _, p := range patterns {
			if !used[row+" "+p] {
				add("the import table allows %s to import %s, which it does not", row, p)
			}
		}
	}
	return out
}

// crossing finds imports between the generator and the runtime: neither knows the
// other's code.
func crossing(all []*source) []finding {
	var out []finding
	for _, s := range all {
		for p, spec := range s.imports() {
			if within(s.dir, "cmd") && within(p, "runtime") || within(s.dir, "runtime") && within(p, "cmd") {
				out = append(out, s.at(spec.Pos(), "the generator knows the runtime as an import path and a few names (package model)",
					"an import crosses between cmd/wsgen and runtime: %s", p))
			}
		}
	}
	return out
}

// socketDir is the package that reads and writes. transportFiles are what knows gws: a
// part of it, and one of the client.
const socketDir = "runtime/internal/socket"

var transportFiles = []string{"runtime/internal/socket/gws.go", "runtime/client/gws.go"}

// gwsFile finds another file that imports gws: the transport can be replaced only
// while one file of each end knows it. The benchmark may, because gws is a peer there.
func gwsFile(all []*source) []finding {
	var out []finding
	missing := slices.Clone(transportFiles)
	for _, s := range all {
		for p, spec := range s.imports() {
			if s.test || within(s.dir, "bench") || !within(p, "github.com/lxzan/gws") {
				continue
			}
			if !slices.Contains(transportFiles, s.path) {
				out = append(out, s.at(spec.Pos(), "call gws through "+strings.Join(transportFiles, " or "), "another file imports gws"))
			}
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == s.path })
		}
	}
	slices.SortFunc(out, func(a, b finding) int { return cmp.Compare(a.pos.Filename, b.pos.Filename) })
	for _, name := range missing {
		out = append(out, finding{
			token.Position{Filename: name, Line: 1},
			"this file does not import gws", "if the transport has moved, change this rule with it",
		})
	}
	return out
}

// sharing is the file that makes a string of bytes without a copy, where a promise says
// that nobody changes them.
const sharing = "runtime/wsjson/share.go"

// systemCalls finds a second package that differs between systems or does what the
// compiler cannot check.
func systemCalls(all []*source) []finding {
	var out []finding
	for _, s := range written(all) {
		if !within(s.dir, "runtime") || s.dir == socketDir {
			continue
		}
		for _, p := range []string{"syscall", "unsafe"} {
			if spec := s.standard(p); spec != nil && !(p == "unsafe" && s.path == sharing) {
				out = append(out, s.at(spec.Pos(), "let package socket do it", "%s outside %s", p, socketDir))
			}
		}
	}
	return out
}

// onlyIn makes the rule that of all packages only those in dirs import dependency,
// a heavy one of the generator. Each of them must import it, or the rule has lost
// its object.
func onlyIn(dependency string, dirs ...string) func([]*source) []finding {
	return func(all []*source) []finding {
		var out []finding
		missing := map[string]bool{}
		for _, d := range dirs {
			missing[d] = true
		}
		for _, s := range all {
			for p, spec := range s.imports() {
				if !within(p, dependency) || s.test {
					continue
				}
				delete(missing, s.dir)
				if !slices.Contains(dirs, s.dir) {
					out = append(out, s.at(spec.Pos(), "only "+strings.Join(dirs, ", ")+" may: call them",
						"%s imports %s", s.dir, p))
				}
			}
		}
		for _, d := range slices.Sorted(maps.Keys(missing)) {
			out = append(out, finding{token.Position{Filename: d, Line: 1}, "does not import " + dependency, "change this rule in arch_test.go with it"})
		}
		return out
	}
}

// runtimeName finds imports of the runtime under another name than ws: it has one
// name in every file that a person reads.
func runtimeName(all []*source) []finding {
	var out []finding
	for _, s := range all {
		spec := s.imports()["runtime"]
		if spec != nil && !s.generated && (spec.Name == nil || spec.Name.Name != "ws") {
			out = append(out, s.at(spec.Pos(), `write ws "`+modulePath+`/runtime"`, "the runtime is imported under another name than ws"))
		}
	}
	return out
}

// noReflect finds imports of reflect in code that runs in a user's process: wsgen
// adds no reflection there.
func noReflect(all []*source) []finding {
	var out []finding
	for _, s := range all {
		if spec := s.standard("reflect"); spec != nil && !s.test && (s.generated || within(s.dir, "runtime")) {
			out = append(out, s.at(spec.Pos(), "let the generator write out what the types say", "reflect in the runtime or in generated code"))
		}
	}
	return out
}

// ---- the door

// doorFile and gatewayDoorFile are the files, one for each half of package ws, in
// which the runtime calls user code. doors are the fields and methods by which it
// could. The options among them are also named where they are declared, get their
// defaults, and become a gateway's.
const (
	doorFile, gatewayDoorFile  = "runtime/door.go", "runtime/door_gateway.go"
	optionsFile, configureFile = "runtime/options.go", "runtime/configure.go"
)

var doors = []string{
	"Call", "GuardConn", "GuardMessage", "Connect", "Disconnect", "Configure", // of a Spec
	"Validator", "Validate", "ClientAddr", "Observer", "Logger", // of Options
}

// oneDoor finds calls of user code in other files than doorFile: such a call may
// panic or end its goroutine, and one place has to survive that.
func oneDoor(all []*source) []finding {
	var out []finding
	unused := map[string]bool{}
	for _, name := range doors {
		unused[name] = true
	}
	for _, s := range written(all) {
		if s.dir != "runtime" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			switch {
			case !ok || !slices.Contains(doors, sel.Sel.Name) || isName(sel.X, "slog"): // slog.Logger, the type
			case s.path == doorFile || s.path == gatewayDoorFile:
				delete(unused, sel.Sel.Name)
			case s.path != optionsFile && s.path != configureFile:
				out = append(out, s.at(sel.Sel.Pos(), "call it in "+doorFile+" or "+gatewayDoorFile+", through package steady", "%s is the user's, and used outside the door", sel.Sel.Name))
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(unused)) {
		out = append(out, finding{
			token.Position{Filename: doorFile, Line: 1},
			"the door does not use " + name, "if it is called otherwise now, change this rule with it",
		})
	}
	return out
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// errorsAsked finds calls of an error's methods, and of recover, outside of the
// package that may make them. An error may be the user's, and so may its methods:
// that package survives them.
func errorsAsked(all []*source) []finding {
	var out []finding
	recovers := false
	for _, s := range written(all) {
		if !within(s.dir, "runtime") || s.dir == "runtime/internal/fixture" || s.dir == "runtime/metrics/otel" || within(s.dir, "runtime/metrics/prom/dashboard") || within(s.dir, "runtime/broker/nats") || within(s.dir, "runtime/broker/redis") {
			continue // user code itself, an Observer and Brokers that are called as the user's, and a program that makes files
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			asked := asks(call)
			switch {
			case asked == "":
			case s.dir == "runtime/internal/steady":
				recovers = recovers || asked == "recover"
			default:
				out = append(out, s.at(call.Pos(), "let package steady do it: Ended, Apart, Is, As, Look, Text, Wrap", "%s outside runtime/internal/steady", asked))
			}
			return true
		})
	}
	if !recovers {
		out = append(out, finding{
			token.Position{Filename: "runtime/internal/steady", Line: 1},
			"this package does not recover", "if the door has moved, change this rule with it",
		})
	}
	return out
}

// asks returns the name by which a call may come to a method of an error; "" if it
// does not.
func asks(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "recover" {
		return "recover"
	}
	fun := call.Fun
	if index, ok := fun.(*ast.IndexExpr); ok { // errors.AsType[T]
		fun = index.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	name := sel.Sel.Name
	if of, ok := sel.X.(*ast.Ident); ok {
		switch of.Name + "." + name {
		case "errors.Is", "errors.As", "errors.AsType", "errors.Unwrap":
			return of.Name + "." + name
		case "fmt.Errorf":
			if format, ok := call.Args[0].(*ast.BasicLit); !ok || strings.Contains(format.Value, "%w") || strings.Contains(format.Value, "%v") {
				return "fmt.Errorf of an error"
			}
		}
	}
	if len(call.Args) == 0 && (name == "Error" || name == "Unwrap") {
		return "a call of " + name
	}
	return ""
}

// ---- the log

// logFile is where the runtime writes to the log, and startFiles are those that
// do when a Server or a gateway is made, of which no peer can be the cause.
const logFile = "runtime/peerlog.go"

var startFiles = []string{configureFile, "runtime/problems.go", "runtime/new.go"}

// boundedLog finds lines that are logged past the one place which bounds how many
// a peer can cause.
func boundedLog(all []*source) []finding {
	var out []finding
	used := false
	for _, s := range written(all) {
		if s.dir != "runtime" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !logs(call) {
				return true
			}
			switch {
			case s.path == logFile:
				used = true
			case !slices.Contains(startFiles, s.path):
				out = append(out, s.at(call.Pos(), "use Server.logPeer: it bounds the lines, counts the rest, and names the connection", "a line goes to the log past "+logFile))
			}
			return true
		})
	}
	if !used {
		out = append(out, finding{
			token.Position{Filename: logFile, Line: 1},
			"this file does not write to the log", "if the lines go elsewhere now, change this rule with it",
		})
	}
	return out
}

// logs reports whether a call writes a line: x.log.Warn, log.Error, slog.Info.
func logs(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error", "Log", "LogAttrs"}, strings.TrimSuffix(sel.Sel.Name, "Context")) {
		return false
	}
	if of, ok := sel.X.(*ast.SelectorExpr); ok {
		return of.Sel.Name == "log"
	}
	return isName(sel.X, "log") || isName(sel.X, "slog")
}

// ---- size

// Limits that keep a file and a function readable in one go.
const (
	maxFile     = 400
	maxFunction = 80
)

// codeLines says of every line whether it holds code: blank lines and comments
// do not count.
func (s *source) codeLines() map[int]bool {
	var sc scanner.Scanner
	fset := token.NewFileSet()
	f := fset.AddFile(s.path, -1, len(s.text))
	sc.Init(f, s.text, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			return lines
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		first := f.Line(pos)
		for i := range 1 + strings.Count(lit, "\n") {
			lines[first+i] = true
		}
	}
}

func size(all []*source) []finding {
	var out []finding
	for _, s := range written(all) {
		lines := s.codeLines()
		if len(lines) > maxFile {
			out = append(out, s.at(s.file.Package, "split it by verb or noun", "%d lines of code; a file has at most %d", len(lines), maxFile))
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := 0
			for l := s.fset.Position(fn.Pos()).Line; l <= s.fset.Position(fn.End()).Line; l++ {
				if lines[l] {
					n++
				}
			}
			if n > maxFunction {
				out = append(out, s.at(fn.Pos(), "give its parts names", "%s has %d lines of code; a function has at most %d", fn.Name.Name, n, maxFunction))
			}
		}
	}
	return out
}

// ---- comments

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

func noMarks(all []*source) []finding {
	var out []finding
	for _, s := range all {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if m := unfinished.FindString(c.Text); m != "" && s.dir != "." {
					out = append(out, s.at(c.Pos(), "finish it, or say in plain words what does not work", "a mark of unfinished work: %s", m))
				}
			}
		}
	}
	return out
}

// documented finds exported names of the public packages that have no comment:
// these packages are a manual. A method counts if its type is exported.
func documented(all []*source) []finding {
	var out []finding
	for _, s := range written(all) {
		if !within(s.dir, "runtime") || strings.Contains(s.dir+"/", "/internal/") {
			continue
		}
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				out = append(out, s.at(name.Pos(), "say what it is, its default, unit, errors and concurrency, as far as they matter",
					"%s is exported and has no comment", name.Name))
			}
		}
	}
	return out
}

func undocumented(d ast.Decl) []*ast.Ident {
	var out []*ast.Ident
	add := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(docs, func(g *ast.CommentGroup) bool { return g != nil }) {
			out = append(out, name)
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || receiver(d).IsExported() {
			add(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(spec.Name, d.Doc, spec.Doc)
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					add(n, d.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
	return out
}

// receiver is the name of the type that fn is a method of.
func receiver(fn *ast.FuncDecl) *ast.Ident {
	var name *ast.Ident
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == nil {
			name = id
		}
		return name == nil
	})
	return name
}

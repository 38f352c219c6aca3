package gofile

import (
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// newFile is a file of pkg before its first pass.
func newFile(pkg *model.Package) *File {
	f := &File{
		pkg: pkg, used: map[string]string{},
		taken: make(map[string]bool, 64+len(pkg.Scope)), tests: make(map[string]bool, len(pkg.TestScope)), given: map[string]bool{},
	}
	for _, name := range predeclared() {
		f.taken[name] = true
	}
	for _, name := range pkg.Scope {
		f.taken[name] = true
	}
	for _, g := range pkg.Gateways {
		f.take(DispatchType(g.Name), EndpointType(g.Name), "New"+EndpointType(g.Name))
	}
	for _, p := range pkg.Pushes {
		f.take(PushType(p.Name), "New"+p.Name, "New"+p.Name+"Push")
		if p.Presence() != nil {
			f.take("New" + p.Name + "Presence")
		}
	}
	for _, a := range pkg.Asks {
		f.take(AskType(a.Name), "New"+a.Name+"Ask")
	}
	for _, n := range pkg.Namespaces {
		f.take("New" + n.Name)
	}
	if pkg.App != nil {
		f.take("NewRouter")
	}
	f.take("WireSet") // of a file beside this one
	for _, name := range pkg.TestScope {
		f.tests[name] = true
	}
	return f
}

// take notes names that generated files of the package declare.
func (f *File) take(names ...string) {
	for _, name := range names {
		f.taken[name] = true
	}
}

// assign names every import that the first pass asked for: the runtime first,
// so that it is ws whenever that is free, then by path. The order does not depend
// on where the code uses an import first, so an edit renames nothing else.
//
// It reports whether the first pass was mistaken: an import is not called as
// its package is, or something else already got the name of one.
func (f *File) assign() (again bool) {
	paths := sortedKeys(f.used)
	if i := slices.Index(paths, model.RuntimePath); i > 0 {
		paths = slices.Insert(slices.Delete(paths, i, i+1), 0, model.RuntimePath)
	}
	f.imports = map[string]string{}
	for _, path := range paths {
		name := free(f.used[path], f.taken, f.tests)
		f.imports[path], f.taken[name] = name, true
		again = again || name != f.used[path] || f.given[name]
	}
	return again
}

// give notes a name that the code has got.
func (f *File) give(name string) string {
	if f.imports == nil {
		f.given[name] = true
	}
	return name
}

// Local is a name for a local variable or parameter: preferred, unless it would
// hide an import or an identifier of the package.
func (f *File) Local(preferred string) string { return f.give(free(preferred, f.taken)) }

// NewDeclarations starts the names of what a file declares at package level. A
// local may hide what tests declare beside the package; a declaration would
// clash with it.
func (f *File) NewDeclarations() *Params {
	return &Params{file: f, taken: []map[string]bool{f.taken, f.tests, {}}, declares: true}
}

// Params hands out the parameter names of one function: distinct, and none that
// hides what the function's signature or body may need.
type Params struct {
	file  *File
	taken []map[string]bool // the last has the names that it handed out
	// declares says that they are of the package.
	declares bool
}

// NewParams starts a function whose body itself uses the locals given.
func (f *File) NewParams(locals ...string) *Params {
	own := map[string]bool{}
	for _, l := range locals {
		own[l] = true
	}
	return &Params{file: f, taken: []map[string]bool{f.taken, own}}
}

// Name takes the first candidate that is free, or numbers the last one.
func (p *Params) Name(candidates ...string) string {
	name := candidates[len(candidates)-1]
	if i := slices.IndexFunc(candidates, func(c string) bool { return usable(c, p.taken...) }); i >= 0 {
		name = candidates[i]
	} else {
		name = free(name, p.taken...)
	}
	p.taken[len(p.taken)-1][name] = true
	if p.declares {
		p.file.declared = append(p.file.declared, name)
	}
	return p.file.give(name)
}

// free is name, numbered if that makes it usable.
func free(name string, taken ...map[string]bool) string {
	if !token.IsIdentifier(name) && !token.IsKeyword(name) {
		name = "x" // no number makes a name of it
	}
	for i, n := 2, name; ; i++ {
		if usable(n, taken...) {
			return n
		}
		n = name + strconv.Itoa(i)
	}
}

func usable(name string, taken ...map[string]bool) bool {
	for _, names := range taken {
		if names[name] {
			return false
		}
	}
	return token.IsIdentifier(name) && name != "_" && name != "init"
}

// EndpointType is the exported type that serves gateway.
func EndpointType(gateway string) string { return gateway + "Endpoint" }

// DispatchType is the unexported type whose methods call gateway.
func DispatchType(gateway string) string { return "ws" + gateway }

// PushType is the unexported implementation of a push interface.
func PushType(push string) string { return "ws" + push }

// AskType is the unexported implementation of an ask interface.
func AskType(ask string) string { return "ws" + ask }

// predeclared are the identifiers that generated code uses unqualified.
func predeclared() []string {
	return []string{
		"any", "append", "bool", "byte", "cap", "clear", "comparable", "complex128", "complex64", "error", "false",
		"float32", "float64", "int", "int16", "int32", "int64", "int8", "len", "make", "nil", "new", "panic",
		"rune", "string", "true", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr",
	}
}

// isStd reports whether path is of the standard library, as the go command tells:
// the first element of every other path has a dot.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

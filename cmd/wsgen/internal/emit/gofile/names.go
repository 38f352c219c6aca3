package gofile

import (
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// assign names every import that the first pass asked for: the runtime first,
// so that it is ws whenever that is free, then by path. What a file imports
// decides, not where the code uses it first, so an edit renames nothing else.
func (f *File) assign() {
	f.taken = map[string]bool{}
	for _, name := range predeclared() {
		f.taken[name] = true
	}
	for _, name := range f.pkg.Scope {
		f.taken[name] = true
	}
	for _, g := range f.pkg.Gateways {
		f.taken[DispatchType(g.Name)] = true
		f.taken[EndpointType(g.Name)] = true
	}
	for _, p := range f.pkg.Pushes {
		f.taken[PushType(p.Name)] = true
	}

	paths := sortedKeys(f.used)
	if i := slices.Index(paths, model.RuntimePath); i > 0 {
		paths = slices.Insert(slices.Delete(paths, i, i+1), 0, model.RuntimePath)
	}
	f.imports = map[string]string{}
	inTests := f.declarable()
	for _, path := range paths {
		name := f.take(inTests, f.used[path])
		f.imports[path], f.taken[name] = name, true
	}
}

// Local is a name for a local variable or parameter: preferred, unless it would
// hide an import or an identifier of the package.
func (f *File) Local(preferred string) string { return free(f.taken, preferred) }

// declarable is taken, and what tests declare beside the package: a local may
// hide that, a declaration would clash with it.
func (f *File) declarable() map[string]bool {
	taken := maps.Clone(f.taken)
	if taken == nil {
		taken = map[string]bool{}
	}
	for _, name := range f.pkg.TestScope {
		taken[name] = true
	}
	return taken
}

// NewDeclarations starts the names of what a file declares at package level.
func (f *File) NewDeclarations() *Params { return &Params{file: f, taken: f.declarable()} }

// Params hands out the parameter names of one function: distinct, and none that
// hides what the function's signature or body may need.
type Params struct {
	file  *File
	taken map[string]bool
}

// NewParams starts a function whose body itself uses the locals given.
func (f *File) NewParams(locals ...string) *Params {
	p := &Params{file: f, taken: maps.Clone(f.taken)}
	if p.taken == nil {
		p.taken = map[string]bool{}
	}
	for _, l := range locals {
		p.taken[l] = true
	}
	return p
}

// Name takes the first candidate that is free, or numbers the last one.
func (p *Params) Name(candidates ...string) string {
	for _, c := range candidates {
		if usable(p.taken, c) {
			p.taken[c] = true
			return c
		}
	}
	return p.file.take(p.taken, candidates[len(candidates)-1])
}

func (f *File) take(taken map[string]bool, name string) string {
	name = free(taken, name)
	taken[name] = true
	return name
}

func free(taken map[string]bool, name string) string {
	if !token.IsIdentifier(name) && !token.IsKeyword(name) {
		name = "x" // no number makes a name of it
	}
	for i, n := 2, name; ; i++ {
		if usable(taken, n) {
			return n
		}
		n = name + strconv.Itoa(i)
	}
}

func usable(taken map[string]bool, name string) bool {
	return !taken[name] && token.IsIdentifier(name) && name != "_" && name != "init"
}

// EndpointType is the exported type that serves gateway.
func EndpointType(gateway string) string { return gateway + "Endpoint" }

// DispatchType is the unexported type whose methods call gateway.
func DispatchType(gateway string) string { return "ws" + gateway }

// PushType is the unexported implementation of a push interface.
func PushType(push string) string { return "ws" + push }

// LowerCamel is an exported name as a parameter is called: ChatGateway is
// chatGateway, JWTGuard is jwtGuard, ID is id.
func LowerCamel(name string) string {
	r := []rune(name)
	n := 0
	for n < len(r) && unicode.IsUpper(r[n]) {
		n++
	}
	if n > 1 && n < len(r) && unicode.IsLower(r[n]) {
		n-- // the last capital begins the next word
	}
	for i := range n {
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

// UpperCamel is name with a capital first letter.
func UpperCamel(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[size:]
}

// predeclared are the identifiers that generated code uses unqualified.
func predeclared() []string {
	return []string{
		"any", "bool", "byte", "comparable", "complex128", "complex64", "error", "false",
		"float32", "float64", "int", "int16", "int32", "int64", "int8", "nil", "new", "panic",
		"rune", "string", "true", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr",
	}
}

// isStd follows the go command: the first element of every other path has a dot.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

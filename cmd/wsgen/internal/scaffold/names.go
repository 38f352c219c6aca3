package scaffold

import (
	"fmt"
	"go/scanner"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"strings"
)

// First is a first gateway: what it is called on the wire and in Go.
type First struct {
	Path    string // of its URL, without the slash
	Package string // of Go, and its folder below the module's root
}

// element matches a part of a module path.
var element = regexp.MustCompile(`^[A-Za-z0-9_][-.~_A-Za-z0-9]*$`)

// segment matches a name of a gateway, which is the path of a URL as it stands.
var segment = regexp.MustCompile(`^[A-Za-z0-9_][-_A-Za-z0-9]*$`)

// Module is the module path of a project that is called name: the name itself
// if it begins with a host, else one that nobody owns.
func Module(name string) (string, error) {
	for part := range strings.SplitSeq(name, "/") {
		if part == "vendor" {
			return "", fmt.Errorf("%q is no name for a module: the go command takes what is below vendor for copies", name)
		}
		if !element.MatchString(part) || strings.HasSuffix(part, ".") {
			return "", fmt.Errorf("%q is no name for a module: use letters, digits, - and _, as in hello or github.com/you/hello", name)
		}
	}
	if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") && name != first {
		return name, nil
	}
	return "example.com/" + name, nil
}

// Base is what a module is called without where it is from: the last part of
// its path that is no version.
func Base(module string) string {
	last := path.Base(module)
	if before := path.Base(path.Dir(module)); version.MatchString(last) && before != "." {
		return before
	}
	return last
}

// NewFirst names a first gateway. The path is the name to the letter. The package
// has the name, too, or one made of it that Go takes.
func NewFirst(name string) (First, error) {
	if !segment.MatchString(name) {
		return First{}, fmt.Errorf("%q is no name for a gateway: use letters, digits, - and _, as in chat", name)
	}
	return First{Path: name, Package: packageName(name, "gateway")}, nil
}

// packageName makes name one that a package, its folder and its files can
// have, in lower-case letters and digits. Whatever cannot be one gets spare.
func packageName(name, spare string) string {
	name = unfit.ReplaceAllString(strings.ToLower(name), "")
	switch {
	case name == "":
		return spare
	case name[0] <= '9':
		return spare + name
	case token.IsKeyword(name) || taken(name):
		return name + spare
	}
	return name
}

// taken reports whether a package of this name could not be imported: the
// language, the go command or Windows means something else by it. web is the folder
// of the page, all of which is served.
func taken(name string) bool {
	switch name {
	case "web", "main", "init", "documentation", "vendor", "testdata", "con", "prn", "aux", "nul":
		return true
	}
	return device.MatchString(name)
}

var (
	version = regexp.MustCompile(`^v[0-9]+$`)
	unfit   = regexp.MustCompile(`[^a-z0-9]`)
	device  = regexp.MustCompile(`^(com|lpt)[0-9]$`)
)

// importName is what code calls the package name that it imports: that name,
// or a longer one where the code, which is given, means something else by it.
func importName(name string, code []byte) string {
	used := identifiers(code)
	for used[name] || types.Universe.Lookup(name) != nil {
		name += "gateway"
	}
	return name
}

// identifiers are all that stand in a piece of Go, whole or not.
func identifiers(code []byte) map[string]bool {
	found := map[string]bool{}
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(code))
	for s.Init(file, code, func(token.Position, string) {}, 0); ; {
		switch _, tok, text := s.Scan(); tok {
		case token.EOF:
			return found
		case token.IDENT:
			found[text] = true
		}
	}
}

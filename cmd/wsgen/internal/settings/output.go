package settings

import (
	"errors"
	"fmt"
	"go/token"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
)

// endings are those of the files that a setting asks for.
func endings(setting string) []string {
	switch setting {
	case "client.js":
		return []string{".js", ".mjs"}
	case "client.ts":
		return []string{".ts", ".mts"}
	default:
		return []string{".json"}
	}
}

// instead names the setting that asks for files of this ending.
func instead(file string) string {
	for _, setting := range []string{"client.js", "client.ts", "jsonschema"} {
		if ends(file, endings(setting)) {
			return "; " + setting + " writes such files"
		}
	}
	return ""
}

// output reads the value of a setting that asks for a file:
//
//	path [from folder] [only path...]
func (s *Settings) output(name, value string) error {
	o := Output{Setting: name, Value: value}
	words := strings.Fields(value)
	allowed := endings(name)
	if len(words) == 0 {
		return errors.New("no file is named: write one, such as " + path.Join("web", "live"+allowed[0]))
	}
	o.Path = path.Clean(words[0])
	switch {
	case !fromRoot(o.Path):
		return notFromRoot(o.Path)
	case !ends(o.Path, allowed):
		return fmt.Errorf("%s does not end in %s%s", o.Path, strings.Join(allowed, " or "), instead(o.Path))
	case ends(o.Path, []string{".d.ts", ".d.mts"}):
		return fmt.Errorf("%s is a file of declarations, which has no code: name one without .d", o.Path)
	}
	return s.about(o, "the file", words[1:])
}

// folder reads the value of a setting that asks for a Go package:
//
//	folder [from folder] [only path...]
//
// The package has the name of the folder.
func (s *Settings) folder(name, value string) error {
	o := Output{Setting: name, Value: value}
	words := strings.Fields(value)
	if len(words) == 0 {
		return errors.New("no folder is named: write one, such as liveclient")
	}
	o.Path = path.Clean(words[0])
	switch base := path.Base(o.Path); {
	case !fromRoot(o.Path):
		return notFromRoot(o.Path)
	case base == "." || base == "..":
		return errors.New(words[0] + " has no name to call the package by: name a folder that has, such as liveclient")
	case strings.HasSuffix(base, ".go"):
		return errors.New(base + " is the name of a file, and client.go takes a folder, for a package: name one such as liveclient")
	case !importable(o.Path):
		return errors.New(o.Path + " is no folder that Go imports from: name one of letters, digits and - . _ ~, without vendor")
	case camel.Package(base) == "":
		return errors.New(base + " makes no name of a package: name a folder that does, such as liveclient")
	}
	return s.about(o, "the folder", words[1:])
}

// fromRoot reports whether a path is one from the module's root.
func fromRoot(p string) bool { return !path.IsAbs(p) && !strings.ContainsAny(p, `\:`) }

// importable reports whether a folder may be a part of an import path: of letters of
// ASCII, digits and - . _ ~ +, not ending in a dot, and not where the go command keeps
// what others wrote (https://go.dev/ref/mod#go-mod-file-ident).
func importable(folder string) bool {
	for _, element := range strings.Split(folder, "/") {
		if element == ".." {
			continue
		}
		strange := strings.ContainsFunc(element, func(r rune) bool {
			return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~+", r)
		})
		if strange || element == "vendor" || strings.HasSuffix(element, ".") {
			return false
		}
	}
	return true
}

func notFromRoot(p string) error {
	return fmt.Errorf("%s is no path from the module's root: write it with slashes, and ../ for what is beside the module", p)
}

// about reads which gateways an output is about, and adds it.
func (s *Settings) about(o Output, what string, words []string) error {
	value := o.Value
	for len(words) > 0 {
		word := words[0]
		n := 1
		for n < len(words) && words[n] != "from" && words[n] != "only" {
			n++
		}
		switch args := words[1:n]; {
		case word == "from" && len(args) == 1 && o.From == "":
			o.From = args[0]
		case word == "from":
			return errors.New(value + ": behind from stands the folder of one application, such as from ./cmd/live")
		case word == "only" && len(args) > 0:
			o.Only = append(o.Only, args...)
		case word == "only":
			return errors.New(value + ": behind only stand the paths of gateways, such as only /chat")
		default:
			return fmt.Errorf("%s has no meaning here: behind %s stand from and a folder, or only and paths", word, what)
		}
		words = words[n:]
	}
	s.Outputs = append(s.Outputs, o)
	return nil
}

// ends reports whether a path has one of these endings, behind a name.
func ends(file string, endings []string) bool {
	base := path.Base(file)
	for _, ending := range endings {
		if strings.HasSuffix(base, ending) && base != ending {
			return true
		}
	}
	return false
}

// locate says where the value stands that was set last.
func (s *Settings) locate(spec Spec, pos, end token.Position) {
	switch n, forms := len(s.Outputs), len(s.Forms); {
	case spec.Name == typeSetting:
		s.Forms[forms-1].Pos, s.Forms[forms-1].End = pos, end
	case spec.Many && n > 0:
		s.Outputs[n-1].Pos, s.Outputs[n-1].End = pos, end
	}
}

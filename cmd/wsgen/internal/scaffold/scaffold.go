// Package scaffold writes the first files of a project, and gives a module
// wsgen as a tool.
package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/wsgen/wsgen/templates/scaffold"
)

// Data is what the templates may say.
type Data struct {
	Module  string // import path of the module
	Name    string // of the program
	Gateway string // package and path of the first gateway
	Root    string // name of the package at the module's root
	Doc     bool   // that package has no documentation yet
}

// element is what a name and each part of a module path may look like.
var element = regexp.MustCompile(`^[A-Za-z0-9_][-.~_A-Za-z0-9]*$`)

// identifier is what a package may be called.
var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Module is the module path of a project that is called name: the name itself
// if it begins with a host, else one that nobody owns.
func Module(name string) (string, error) {
	for part := range strings.SplitSeq(name, "/") {
		if !element.MatchString(part) || strings.HasSuffix(part, ".") {
			return "", fmt.Errorf("%q is no name for a module: use letters, digits, - and _, as in hello or github.com/you/hello", name)
		}
	}
	if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") && name != first {
		return name, nil
	}
	return "example.com/" + name, nil
}

// CheckGateway says what is wrong with a gateway's name.
func CheckGateway(name string) error {
	if !identifier.MatchString(name) || keyword(name) {
		return fmt.Errorf("%q is no name for a package: use lower-case letters and digits, as in chat", name)
	}
	return nil
}

func keyword(name string) bool {
	// A package called main, or as what the templates import, would not do.
	const taken = " break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var main init internal vendor testdata ws context embed errors flag fmt log net http os signal syscall time testing "
	return strings.Contains(taken, " "+name+" ")
}

// Project are the files of a new program, by path relative to its folder.
func Project(d Data) (map[string][]byte, error) {
	d.Root = "main"
	files, err := Gateway(d)
	if err != nil {
		return nil, err
	}
	for name, from := range map[string]string{"main.go": "project/main.go.tmpl", "index.html": "project/index.html.tmpl"} {
		if files[name], err = render(from, d); err != nil {
			return nil, err
		}
	}
	files["go.mod"] = fmt.Appendf(nil, "module %s\n\ngo 1.26.0\n", d.Module)
	return files, nil
}

// Gateway are the files of a first gateway, by path relative to the module.
func Gateway(d Data) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range []string{"gateway", "gateway_test"} {
		text, err := render("gateway/"+name+".go.tmpl", d)
		if err != nil {
			return nil, err
		}
		files[path.Join(d.Gateway, strings.Replace(name, "gateway", d.Gateway, 1)+".go")] = text
	}
	return files, nil
}

// Generate is a file with the go:generate line, for the module's root.
func Generate(d Data) ([]byte, error) { return render("gateway/generate.go.tmpl", d) }

func render(name string, d Data) ([]byte, error) {
	t, err := template.ParseFS(scaffold.Files, name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Write writes files below dir. It writes none if one of them is there.
func Write(dir string, files map[string][]byte) error {
	for name := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already, and stays as it is", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Package scaffold writes the first files of a project, and gives a module
// wsgen as a tool.
package scaffold

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"text/template"

	"github.com/wsgen/wsgen/templates/scaffold"
)

// Data is what the templates may say.
type Data struct {
	Module string // import path of the module
	Name   string // of the program
	First  First  // the first gateway
	Import string // what code that imports its package calls it
	Root   string // name of the package at the module's root
	Tests  bool   // that package has tests alone
	Doc    bool   // that package has no documentation yet
	Test   string // name of the test that runs wsgen check
}

// Named reports whether an import has to say what it is called.
func (d Data) Named() bool { return d.Import != d.First.Package }

// Project are the files of a new program, by path relative to its folder.
func Project(d Data) (map[string][]byte, error) {
	d.Root, d.Test = "main", CheckTest
	files, err := Gateway(d)
	if err != nil {
		return nil, err
	}
	if files["main.go"], err = importing("project/main.go.tmpl", d); err != nil {
		return nil, err
	}
	for name, from := range map[string]string{
		"web/index.html": "project/index.html.tmpl",
		"wsgen.conf":     "project/wsgen.conf.tmpl",
		"wsgen_test.go":  "gateway/wsgen_test.go.tmpl",
	} {
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
		files[path.Join(d.First.Package, strings.Replace(name, "gateway", d.First.Package, 1)+".go")] = text
	}
	return files, nil
}

// Generate is a file with the go:generate line, for the module's root.
func Generate(d Data) ([]byte, error) { return render("gateway/generate.go.tmpl", d) }

// Check is a file with a test that runs wsgen check, for the module's root.
func Check(d Data) ([]byte, error) { return render("gateway/wsgen_test.go.tmpl", d) }

// Serve are the lines by which a program serves the first gateway.
func Serve(d Data) ([]byte, error) { return importing("gateway/serve.go.tmpl", d) }

// importing renders code that imports the first gateway, under a name that no
// program which begins with one of these files has for anything else.
func importing(name string, d Data) ([]byte, error) {
	d.Import = "_"
	var code []byte
	for _, each := range []string{"project/main.go.tmpl", "gateway/serve.go.tmpl"} {
		text, err := render(each, d)
		if err != nil {
			return nil, err
		}
		code = append(code, text...)
	}
	d.Import = importName(d.First.Package, code)
	return render(name, d)
}

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

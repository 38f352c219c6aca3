package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is a field of the runtime's Options, as its source describes it.
type option struct {
	name, typ string
	text      string // of the comment; "" if that of the field before is for both
	value     string // its default: the source's constant, or else what the comment says
	server    bool   // not a gateway's to set
}

const perServer = "Per Server."

// limits writes docs/reference/limits.md from the options of the runtime, which it
// reads as text. It fails where comment and code of an option disagree, or a
// comment has no default.
func limits(w io.Writer, root string) error {
	var file ast.File
	for _, name := range []string{"options.go", "configure.go"} {
		part, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "runtime", name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		file.Decls = append(file.Decls, part.Decls...)
	}
	options, err := readOptions(&file)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	fmt.Fprint(&out, `# Options and limits

Every limit of the runtime is a field of `+"`ws.Options`"+`, which `+"`ws.NewServer`"+` takes. Zero is the default, and the defaults suit a server that the public can reach; `+"`ws.Unlimited`"+` (−1) lifts a limit. What is set per gateway is a Server's for all its gateways, and a gateway changes its own copy in the method marked `+"`//ws:configure`"+`. A value that can never do what it says is an error in the log when the program starts, with its cure, and `+"`Options.Problems`"+` returns the same for a test. What each refusal looks like to a client, in the log and to the Observer is in the [guide](../guide/addressing.md).

| option | unit | default | set per |
|---|---|---|---|
`)
	for _, o := range options {
		per := "gateway"
		if o.server {
			per = "Server"
		}
		fmt.Fprintf(&out, "| [`%s`](#%s) | %s | %s | %s |\n", o.name, strings.ToLower(o.name), o.unit(), o.value, per)
	}
	for i, o := range options {
		fmt.Fprintf(&out, "\n## %s\n\n`%s %s`\n", o.name, o.name, o.typ)
		if o.text == "" {
			fmt.Fprintf(&out, "\nSee [%s](#%s).\n", options[i-1].name, strings.ToLower(options[i-1].name))
			continue
		}
		fmt.Fprintf(&out, "\n%s\n", o.text)
	}
	fmt.Fprint(&out, `
## What is no option

The protocol itself fixes these, so that a client can count on them.

| limit | value | why |
|---|---|---|
| a message's `+"`id`"+` | an integer of 64 digits, a string of 64 bytes | it is echoed, and kept while the call lasts |
| the reason of a Close | 123 bytes; a longer one is cut | RFC 6455, section 5.5 |
| a ping's payload | 125 bytes | RFC 6455, section 5.5 |
| what is kept of an upgrade for `+"`$refresh`"+` | 16 KiB of headers and path, less the credential; of a longer one nothing | a client chooses its headers |
| waiting for the peer's Close | 1 s | a TCP reset must not overtake ours |
`)
	_, err = w.Write(out.Bytes())
	return err
}

// unit says what a value counts.
func (o *option) unit() string {
	switch {
	case o.typ == "time.Duration":
		return "time"
	case strings.HasSuffix(o.name, "Bytes"), o.name == "CompressAbove":
		return "bytes"
	case o.typ == "int":
		return "number"
	case strings.HasSuffix(o.typ, "Rate"):
		return "messages per second, and burst"
	}
	return "–"
}

// readOptions reads the fields of Options and checks them against the functions of
// the file.
func readOptions(file *ast.File) ([]option, error) {
	values, kept := defaults(file), serverFields(file)
	var out []option
	var errs []error
	for _, field := range structFields(file, "Options") {
		var typ bytes.Buffer
		if err := format.Node(&typ, token.NewFileSet(), field.Type); err != nil {
			return nil, err
		}
		for _, name := range field.Names {
			o := option{name: name.Name, typ: typ.String(), text: strings.Join(strings.Fields(field.Doc.Text()), " ")}
			text := o.text
			for i := len(out) - 1; text == "" && i >= 0; i-- {
				text = out[i].text
			}
			o.server = strings.HasSuffix(text, perServer)
			if o.server != slices.Contains(kept, o.name) {
				errs = append(errs, fmt.Errorf("options.go: %s: the comment ends with %q, or keepServers has it, but not both", o.name, perServer))
			}
			var coded bool
			if o.value, coded = values[o.name]; !coded {
				o.value = said(text)
			}
			if o.value == "" || !strings.Contains(text, o.value) {
				errs = append(errs, fmt.Errorf("options.go: %s: the comment does not say that the default is %s", o.name, o.value))
			}
			out = append(out, o)
		}
	}
	return out, errors.Join(errs...)
}

// said returns what a comment says behind the word Default.
func said(text string) string {
	_, rest, ok := strings.Cut(text, "Default")
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, ": ")
	for _, end := range []string{". ", ", ", "; ", ": ", " ("} {
		rest, _, _ = strings.Cut(rest+" ", end)
	}
	return strings.TrimSpace(rest)
}

func structFields(file *ast.File, name string) []*ast.Field {
	if object := declared(file, name); object != nil {
		if s, ok := object.Type.(*ast.StructType); ok {
			return s.Fields.List
		}
	}
	return nil
}

func declared(file *ast.File, name string) (found *ast.TypeSpec) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok && s.Name.Name == name {
			found = s
		}
		return found == nil
	})
	return found
}

// defaults finds the calls number(&o.Field, constant) and duration(&o.Field,
// constant), and returns the constants as people write them.
func defaults(file *ast.File) map[string]string {
	constants := map[string]ast.Expr{}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					constants[name.Name] = n.Values[i]
				}
			}
		case *ast.CallExpr:
			call, ok := n.Fun.(*ast.Ident)
			if !ok || len(n.Args) != 2 || call.Name != "number" && call.Name != "duration" {
				return true
			}
			field, constant := fieldOf(n.Args[0]), n.Args[1]
			if name, ok := constant.(*ast.Ident); ok && constants[name.Name] != nil {
				constant = constants[name.Name]
			}
			if v, ok := evaluate(constant); ok && field != "" {
				out[field] = written(v, call.Name == "duration", strings.HasSuffix(field, "Bytes"))
			}
		}
		return true
	})
	return out
}

// fieldOf returns F of &o.F or o.F.
func fieldOf(e ast.Expr) string {
	if u, ok := e.(*ast.UnaryExpr); ok {
		e = u.X
	}
	if s, ok := e.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return ""
}

// evaluate computes a constant of numbers, units of time, * and <<.
func evaluate(e ast.Expr) (int64, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		v, err := strconv.ParseInt(e.Value, 0, 64)
		return v, err == nil
	case *ast.SelectorExpr:
		unit, ok := map[string]time.Duration{
			"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
		}[e.Sel.Name]
		return int64(unit), ok
	case *ast.BinaryExpr:
		x, okX := evaluate(e.X)
		y, okY := evaluate(e.Y)
		switch e.Op {
		case token.MUL:
			return x * y, okX && okY
		case token.SHL:
			return x << y, okX && okY
		}
	}
	return 0, false
}

// written returns a number as the comments write it.
func written(v int64, duration, size bool) string {
	d := time.Duration(v)
	switch {
	case duration && d%time.Hour == 0:
		return fmt.Sprint(int64(d/time.Hour), " h")
	case duration && d%time.Second == 0:
		return fmt.Sprint(int64(d/time.Second), " s")
	case duration:
		return fmt.Sprint(d.Milliseconds(), " ms")
	case size && v >= 1<<20 && v%(1<<20) == 0:
		return fmt.Sprint(v>>20, " MiB")
	case size && v >= 1<<10 && v%(1<<10) == 0:
		return fmt.Sprint(v>>10, " KiB")
	}
	return strconv.FormatInt(v, 10)
}

// serverFields returns the fields that keepServers gives back to the Server.
func serverFields(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Name.Name != "keepServers" {
			return true
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				names = append(names, s.Sel.Name)
			}
			return true
		})
		return false
	})
	return names
}

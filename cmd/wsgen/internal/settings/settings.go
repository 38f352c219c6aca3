// Package settings is what a module asks of every run of wsgen: a table of
// settings, the file at the module's root that holds them, and the values.
// Each setting is a flag of the same name too, and the flag wins. A module
// without the file has the defaults.
package settings

import (
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// File is the name of the settings file, at the root of the module.
const File = "wsgen.conf"

// Settings are the values. The zero value is not the default: see Default.
type Settings struct {
	Tags           []string // build tags
	Wire           string   // auto, on or off
	Fuzz           bool
	RequirePosture bool
	WarningsFail   bool
	Outputs        []Output
	Forms          []Form
	// AsyncAPIVersion is that of AsyncAPI documents: 3.0.0 or 3.1.0.
	AsyncAPIVersion string
}

// Output is a file that tells of a whole application.
type Output struct {
	Setting  string         // its name: jsonschema
	Path     string         // from the module's root, with slashes; the folder of client.go
	From     string         // the application: its folder or import path; "" is none named
	Only     []string       // paths of gateways; none is all
	Value    string         // as it is written
	Pos, End token.Position // of Value; no line: it is a flag
}

// Form is what a type of another module is in JSON, which it writes itself.
type Form struct {
	Name     string         // its import path and name: github.com/google/uuid.UUID
	Type     string         // the type of Go that has the same JSON
	Format   string         // of JSON Schema; "" is that of Type
	Pos, End token.Position // of the value; no line: it is a flag
}

// Default returns the settings of a module that has no file.
func Default() Settings { return Settings{Wire: "auto", AsyncAPIVersion: "3.0.0"} }

// Spec is one line of the table of settings.
type Spec struct {
	Name string
	// Arg names the value in a usage line; "" is a setting that is true or false.
	Arg     string
	Default string
	Doc     string // one line
	// Many says that there may be several lines of it, or flags. Flags take the place
	// of all lines.
	Many bool

	set func(s *Settings, value string) error
}

// Table returns every setting, by name.
func Table() []Spec {
	return []Spec{
		file("asyncapi", "write what gateways send and take as an AsyncAPI document, to this file"),
		{
			Name: "asyncapi-version", Arg: "version", Default: "3.0.0",
			Doc: "what AsyncAPI documents say that they are of: 3.0.0 or 3.1.0",
			set: func(s *Settings, value string) error {
				switch value {
				case "3.0.0", "3.1.0":
					s.AsyncAPIVersion = value
					return nil
				}
				return fmt.Errorf("%s is no version that wsgen writes: it is 3.0.0 or 3.1.0", value)
			},
		},
		{
			Name: "client.go", Arg: "folder", Many: true,
			Doc: "write a package of clients of gateways, as ws_client_gen.go in this folder",
			set: func(s *Settings, value string) error { return s.folder("client.go", value) },
		},
		file("client.js", "write a JavaScript client of the gateways, with types in comments, to this file"),
		file("client.ts", "write a TypeScript client of the gateways, to this file"),
		{
			Name: "fuzz", Default: "off",
			Doc: "write fuzz tests of what handlers decode, as ws_gen_test.go",
			set: func(s *Settings, value string) (err error) {
				s.Fuzz, err = parseSwitch(value)
				return err
			},
		},
		file("jsonschema", "write what gateways send and take as JSON Schema, to this file"),
		{
			Name: "require-posture", Default: "false",
			Doc: "refuse a handler that has no guard, no guarded gateway and no //ws:public",
			set: func(s *Settings, value string) (err error) {
				s.RequirePosture, err = parseBool(value)
				return err
			},
		},
		{
			Name: "tags", Arg: "list",
			Doc: "build tags, separated by commas",
			set: func(s *Settings, value string) error {
				s.Tags = splitList(value)
				return nil
			},
		},
		{
			Name: typeSetting, Arg: "form", Many: true,
			Doc: "say what a type of another module is in JSON, as //ws:type does: github.com/google/uuid.UUID = string format=uuid",
			set: (*Settings).form,
		},
		{
			Name: "werror", Default: "false",
			Doc: "take warnings for errors",
			set: func(s *Settings, value string) (err error) {
				s.WarningsFail, err = parseBool(value)
				return err
			},
		},
		{
			Name: "wire", Arg: "mode", Default: "auto",
			Doc: "write provider sets for google/wire: auto (if the module uses it), on or off",
			set: func(s *Settings, value string) error {
				switch value {
				case "auto", "on", "off":
					s.Wire = value
					return nil
				}
				return fmt.Errorf("%s is not a mode: it is auto, on or off", value)
			},
		},
	}
}

// file is the line of a setting that asks for a file.
func file(name, doc string) Spec {
	return Spec{
		Name: name, Arg: "file", Many: true, Doc: doc,
		set: func(s *Settings, value string) error { return s.output(name, value) },
	}
}

// Lookup returns the table's line for name.
func Lookup(name string) (Spec, bool) {
	for _, spec := range Table() {
		if spec.Name == name {
			return spec, true
		}
	}
	return Spec{}, false
}

// Names lists the settings.
func Names() []string {
	var names []string
	for _, spec := range Table() {
		names = append(names, spec.Name)
	}
	return names
}

// Set gives the setting of spec a value, as it is written in the file or behind
// the flag. The error says what is allowed.
func (s *Settings) Set(spec Spec, value string) error { return spec.set(s, value) }

// Forget takes back all that was set of a setting that may be set several times.
func (s *Settings) Forget(spec Spec) {
	s.Outputs = slices.DeleteFunc(s.Outputs, func(o Output) bool { return o.Setting == spec.Name })
	if spec.Name == typeSetting {
		s.Forms = nil
	}
}

func parseBool(value string) (bool, error) {
	if b, err := strconv.ParseBool(value); err == nil {
		return b, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", value)
}

// parseSwitch reads on and off, and what a flag without a value says.
func parseSwitch(value string) (bool, error) {
	switch value {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	if b, err := parseBool(value); err == nil {
		return b, nil
	}
	return false, fmt.Errorf("%s is neither on nor off", value)
}

func splitList(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// Package settings is what a module asks of every run of wsgen: a table of
// settings, the file at the module's root that holds them, and the values.
// Each setting is a flag of the same name too, and the flag wins. A module
// without the file has the defaults.
package settings

import (
	"fmt"
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
}

// Default returns the settings of a module that has no file.
func Default() Settings { return Settings{Wire: "auto"} }

// Spec is one line of the table of settings.
type Spec struct {
	Name string
	// Arg names the value in a usage line; "" is a setting that is true or false.
	Arg     string
	Default string
	Doc     string // one line

	set func(s *Settings, value string) error
}

// Table returns every setting, by name.
func Table() []Spec {
	return []Spec{
		{
			"fuzz", "", "off",
			"write fuzz tests of what handlers decode, as ws_gen_test.go",
			func(s *Settings, value string) (err error) {
				s.Fuzz, err = parseSwitch(value)
				return err
			},
		},
		{
			"require-posture", "", "false",
			"refuse a handler that has no guard, no guarded gateway and no //ws:public",
			func(s *Settings, value string) (err error) {
				s.RequirePosture, err = parseBool(value)
				return err
			},
		},
		{
			"tags", "list", "",
			"build tags, separated by commas",
			func(s *Settings, value string) error {
				s.Tags = splitList(value)
				return nil
			},
		},
		{
			"werror", "", "false",
			"take warnings for errors",
			func(s *Settings, value string) (err error) {
				s.WarningsFail, err = parseBool(value)
				return err
			},
		},
		{
			"wire", "mode", "auto",
			"write provider sets for google/wire: auto (if the module uses it), on or off",
			func(s *Settings, value string) error {
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

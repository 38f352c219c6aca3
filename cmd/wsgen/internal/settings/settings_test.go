package settings_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/settings"
)

func load(t *testing.T, text string) (s settings.Settings, said string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, settings.File), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, list, err := settings.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := diag.Text(&out, list, diag.TextOptions{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	return s, out.String()
}

func TestNoFileMeansDefaults(t *testing.T) {
	s, list, err := settings.Load(t.TempDir())
	if err != nil || len(list) > 0 || s.Wire != "auto" || s.Fuzz || s.RequirePosture || len(s.Tags) > 0 {
		t.Errorf("%+v, %v, %v; want the defaults", s, list, err)
	}
}

// TestTableTellsTheDefaults checks that the defaults are those which the table
// has.
func TestTableTellsTheDefaults(t *testing.T) {
	for _, spec := range settings.Table() {
		if spec.Many {
			continue // none is set
		}
		s := settings.Default()
		if err := s.Set(spec, spec.Default); err != nil {
			t.Errorf("%s: %v", spec.Name, err)
		}
		if d := settings.Default(); s.Wire != d.Wire || s.Fuzz != d.Fuzz || s.RequirePosture != d.RequirePosture || s.WarningsFail != d.WarningsFail || s.AsyncAPIVersion != d.AsyncAPIVersion || !slices.Equal(s.Tags, d.Tags) {
			t.Errorf("%s = %q is not the default: %+v", spec.Name, spec.Default, s)
		}
	}
}

func TestFile(t *testing.T) {
	s, said := load(t, "# of every run\r\n\nrequire-posture = true\r\n  tags=a, b\nwire =\toff\nfuzz = on\n")
	if said != "" || !s.RequirePosture || !s.Fuzz || !slices.Equal(s.Tags, []string{"a", "b"}) || s.Wire != "off" {
		t.Errorf("%+v\n%s", s, said)
	}
}

// TestByteOrderMark checks that a byte order mark, as editors on Windows write it,
// is no part of a name.
func TestByteOrderMark(t *testing.T) {
	s, said := load(t, "\ufeffwerror = true\n")
	if said != "" || !s.WarningsFail {
		t.Errorf("%+v\n%s", s, said)
	}
	if _, said = load(t, "\ufeffwier = on\n"); !strings.HasPrefix(said, "wsgen.conf:1:1: there is no setting wier [WS131]") {
		t.Error(said)
	}
}

// TestCures checks that the code in help mends the file, pasted as it stands.
func TestCures(t *testing.T) {
	for text, want := range map[string][]string{
		"wire off":                  {"wire = off"},
		"wier = on":                 {"wire = on"},
		"requireposture = true":     {"require-posture = true"},
		"wire = maybe":              {"wire = auto", "wire = on", "wire = off"},
		"fuzz = yes":                {"fuzz = on", "fuzz = off"},
		"asyncapi-version = 2.6.0":  {"asyncapi-version = 3.0.0", "asyncapi-version = 3.1.0"},
		"werror = yes":              {"werror = true", "werror = false"},
		"werror: true":              {"werror = true"},
		"  require-posture   true ": {"require-posture = true"},
		"wire":                      nil,
		"colour red":                nil,
	} {
		_, said := load(t, text+"\n")
		_, help, _ := strings.Cut(said, "help: ")
		help, _, _ = strings.Cut(help, "\n")
		var cures []string
		if code, ok := strings.CutPrefix(help, "write it as: "); ok {
			cures = []string{code}
		} else if code, ok := strings.CutPrefix(help, "did you mean "); ok {
			_, value, _ := strings.Cut(text, "=")
			cures = []string{strings.TrimSuffix(code, "?") + " =" + value}
		} else if _, code, ok := strings.Cut(strings.Replace(help, " is neither ", ": it is ", 1), ": it is "); ok {
			name, _, _ := strings.Cut(text, " =")
			for _, value := range strings.Split(strings.NewReplacer(" or ", ", ", " nor ", ", ").Replace(code), ", ") {
				cures = append(cures, name+" = "+value)
			}
		}
		if !slices.Equal(cures, want) {
			t.Errorf("%q: %q, want %q:\n%s", text, cures, want, said)
		}
		for _, cure := range cures {
			if _, said := load(t, cure+"\n"); said != "" {
				t.Errorf("%q, as printed for %q:\n%s", cure, text, said)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	_, said := load(t, "wire on\nwier = on\n\twire = maybe\nrequire-posture = yes\ntags = a\ntags = b\ncolour = red\n= 1\n")
	const want = `wsgen.conf:1:1: this line is no setting [WS130]
    1 | wire on
      | ^^^^^^^
   help: write it as: wire = on

wsgen.conf:2:1: there is no setting wier [WS131]
    2 | wier = on
      | ^^^^
   help: did you mean wire?

wsgen.conf:3:9: wrong value of wire [WS132]
    3 |     wire = maybe
      |            ^^^^^
   help: maybe is not a mode: it is auto, on or off

wsgen.conf:4:19: wrong value of require-posture [WS132]
    4 | require-posture = yes
      |                   ^^^
   help: yes is neither true nor false

wsgen.conf:6:1: tags is set twice [WS133]
    6 | tags = b
      | ^^^^
   help: keep one of the two lines
   see: wsgen.conf:5:1: the other one
    5 | tags = a

wsgen.conf:7:1: there is no setting colour [WS131]
    7 | colour = red
      | ^^^^^^
   help: the settings are asyncapi, asyncapi-version, client.go, client.js,
         client.ts, fuzz, jsonschema, require-posture, tags, type, werror, wire

wsgen.conf:8:1: this line is no setting [WS130]
    8 | = 1
      | ^^^
   help: write a name, an equals sign and a value; a comment begins with #
`
	if said != want {
		t.Errorf("got\n%s\nwant\n%s", said, want)
	}
}

// TestOutputs reads settings that ask for files: where each is, of which
// application, with which gateways, and where that stands.
func TestOutputs(t *testing.T) {
	s, said := load(t, "jsonschema = web/live.json\njsonschema=../beside/a.json from ./cmd/live only /chat /rooms/{room}\n\tjsonschema =  ./b.json  only /b from x\n")
	var got []string
	for _, o := range s.Outputs {
		got = append(got, fmt.Sprintf("%s %s %q %q %d:%d-%d", o.Setting, o.Path, o.From, o.Only, o.Pos.Line, o.Pos.Column, o.End.Column))
	}
	want := []string{
		`jsonschema web/live.json "" [] 1:14-27`,
		`jsonschema ../beside/a.json "./cmd/live" ["/chat" "/rooms/{room}"] 2:12-69`,
		`jsonschema b.json "x" ["/b"] 3:16-40`,
	}
	if said != "" || !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), said)
	}
	for value, want := range map[string]string{
		"":                       "no file is named",
		"web/live.ts":            "web/live.ts does not end in .json; client.ts writes such files",
		"web/live.mjs":           "web/live.mjs does not end in .json; client.js writes such files",
		"web/.json":              "web/.json does not end in .json",
		"/web/live.json":         "/web/live.json is no path from the module's root",
		`web\live.json`:          `web\live.json is no path from the module's root`,
		"C:/live.json":           "C:/live.json is no path from the module's root",
		"a.json from":            "behind from stands the folder of one application",
		"a.json from a b":        "behind from stands the folder of one application",
		"a.json from a from b":   "behind from stands the folder of one application",
		"a.json only":            "behind only stand the paths of gateways",
		"a.json form ./cmd/live": "form has no meaning here",
	} {
		s, said := load(t, "jsonschema = "+value+"\n")
		if flat := strings.Join(strings.Fields(said), " "); !strings.Contains(flat, want) || !strings.Contains(said, "[WS132]") || len(s.Outputs) > 0 {
			t.Errorf("%q: want %s, got\n%s", value, want, said)
		}
	}
}

// TestDeclarations checks that no client is written into a file of declarations.
func TestDeclarations(t *testing.T) {
	for value, fine := range map[string]bool{"web/live.d.ts": false, "web/live.d.mts": false, "web/d.ts": true, "web/live.gen.mts": true} {
		_, said := load(t, "client.ts = "+value+"\n")
		if (said == "") != fine || !fine && !strings.Contains(said, "a file of declarations") {
			t.Errorf("%s: %s", value, said)
		}
	}
}

// TestForms reads what types of other modules are in JSON.
func TestForms(t *testing.T) {
	s, said := load(t, "type = github.com/google/uuid.UUID = string format=uuid\ntype=net/netip.Addr=[]  string\n\ttype = a.B = map[string]int\n")
	var got []string
	for _, f := range s.Forms {
		got = append(got, fmt.Sprintf("%s is %q %q %d:%d-%d", f.Name, f.Type, f.Format, f.Pos.Line, f.Pos.Column, f.End.Column))
	}
	want := []string{
		`github.com/google/uuid.UUID is "string" "uuid" 1:8-56`,
		`net/netip.Addr is "[] string" "" 2:6-31`,
		`a.B is "map[string]int" "" 3:9-29`,
	}
	if said != "" || !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), said)
	}
	for value, want := range map[string]string{
		"":                                "write import path and name of a type",
		"string":                          "write import path and name of a type",
		"a.B":                             "write import path and name of a type",
		"a.B string format=uuid":          "write import path and name of a type",
		"B = string":                      "write import path and name of a type",
		".B = string":                     "write import path and name of a type",
		"a.b = string":                    "write import path and name of a type",
		"a.b/c = string":                  "write import path and name of a type",
		"a.B =":                           "behind the equals sign stands a type of Go",
		"a.B = format=uuid":               "behind the equals sign stands a type of Go",
		"a.B = string format=":            "behind the equals sign stands a type of Go",
		"a.B = string format=a format=b":  "behind the equals sign stands a type of Go",
		"a.B = string\ntype = a.B = bool": "a.B is said to be something already",
	} {
		_, said := load(t, "type = "+value+"\n")
		if flat := strings.Join(strings.Fields(said), " "); !strings.Contains(flat, want) || !strings.Contains(said, "[WS132]") {
			t.Errorf("%q: want %s, got\n%s", value, want, said)
		}
	}
}

// TestClientFolder checks that client.go takes a folder whose name makes that of a
// package.
func TestClientFolder(t *testing.T) {
	for value, path := range map[string]string{
		"liveclient": "liveclient", "../sdk/live-client/ from ./cmd/live only /chat": "../sdk/live-client", "./a/v2": "a/v2",
	} {
		s, said := load(t, "client.go = "+value+"\n")
		if said != "" || len(s.Outputs) != 1 || s.Outputs[0].Setting != "client.go" || s.Outputs[0].Path != path {
			t.Errorf("%q: %v\n%s", value, s.Outputs, said)
		}
	}
	for value, want := range map[string]string{
		"":                "no folder is named",
		".":               ". has no name to call the package by",
		"../..":           "../.. has no name to call the package by",
		"a/123":           "123 makes no name of a package",
		"cmd/main":        "main makes no name of a package",
		"a/live_test":     "live_test makes no name of a package",
		"a/func":          "func makes no name of a package",
		"liveclient/a.go": "a.go is the name of a file",
		"vendor/live":     "vendor/live is no folder that Go imports from",
		"a b/live":        "b/live has no meaning here",
		"größe/live":      "größe/live is no folder that Go imports from",
		"a./live":         "a./live is no folder that Go imports from",
		"/live":           "/live is no path from the module's root",
		"live form ./a":   "behind the folder stand from and a folder",
		"live only":       "behind only stand the paths of gateways",
	} {
		s, said := load(t, "client.go = "+value+"\n")
		if flat := strings.Join(strings.Fields(said), " "); !strings.Contains(flat, want) || !strings.Contains(said, "[WS132]") || len(s.Outputs) > 0 {
			t.Errorf("%q: want %s, got\n%s", value, want, said)
		}
	}
}

// TestPages carries out the examples of the pages about the settings file: before
// has the mistake, and after has none.
func TestPages(t *testing.T) {
	pages := 0
	for _, page := range diag.Pages() {
		if page.Code < diag.SettingsLine || len(page.Before) != 1 || page.Before[0].Name != settings.File {
			continue
		}
		pages++
		if _, said := load(t, page.Before[0].Text); said != page.Says {
			t.Errorf("%s says\n%s\nand its page\n%s", page.Code, said, page.Says)
		}
		if _, said := load(t, page.After[0].Text); said != "" {
			t.Errorf("%s: the cure has a mistake:\n%s", page.Code, said)
		}
	}
	if pages != 4 {
		t.Errorf("%d pages about settings, want 4", pages)
	}
}

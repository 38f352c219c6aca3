package wsgen_test

import (
	"fmt"
	"strings"
	"testing"
)

// sample is a small repository that breaks, or keeps, a rule. Sources are
// files by path; want is the start of the only finding, "" for none.
type sample struct {
	rule  string
	files map[string]string
	want  string
}

const sampleTable = `
cmd/wsgen/internal/model:
runtime:                   runtime/internal/outbox
runtime/internal/outbox:
examples/live/...:         runtime third-party
`

func samples() map[string]sample {
	transport := "package socket\nimport _ \"github.com/lxzan/gws\"\n"
	model := "package model\n"
	box := "package outbox\n"
	keep := map[string]string{
		"cmd/wsgen/internal/model/model.go": model, "runtime/internal/outbox/outbox.go": box,
		"runtime/a.go": "package ws\nimport _ \"github.com/wsgen/wsgen/runtime/internal/outbox\"\n",
	}
	with := func(name, text string) map[string]string {
		out := map[string]string{name: text}
		for k, v := range keep {
			if _, ok := out[k]; !ok {
				out[k] = v
			}
		}
		return out
	}
	const live, liveFile = "examples/live/chat/a.go", "package chat\nimport _ \"example.com/x\"\nimport ws \"github.com/wsgen/wsgen/runtime\"\n"
	keep[live] = liveFile
	door := "package ws\nvar _ = []any{x." + strings.Join(doors, ", x.") + "}\n"
	const steadyFile, steady = "runtime/internal/steady/a.go", "package steady\nfunc f() { recover() }\n"

	return map[string]sample{
		"table, kept":             {"table", keep, ""},
		"table, no line":          {"table", with("cmd/new/a.go", "package new\n"), "cmd/new/a.go:1: package cmd/new has no line"},
		"table, not allowed":      {"table", with("runtime/internal/outbox/b.go", "package outbox\n\nimport _ \"example.com/x\"\n"), "runtime/internal/outbox/b.go:3: package runtime/internal/outbox may not import example.com/x"},
		"table, wrong way":        {"table", with("cmd/wsgen/internal/model/b.go", "package model\n\nimport _ \"github.com/wsgen/wsgen/runtime\"\n"), "cmd/wsgen/internal/model/b.go:3: package cmd/wsgen/internal/model may not import runtime"},
		"table, test, own half":   {"table", with("runtime/internal/outbox/b_test.go", "package outbox\nimport _ \"github.com/wsgen/wsgen/runtime\"\n"), ""},
		"table, test, helper":     {"table", with("runtime/internal/outbox/b_test.go", "package outbox\nimport _ \"go.uber.org/goleak\"\n"), ""},
		"table, test, elsewhere":  {"table", with("runtime/internal/outbox/b_test.go", "package outbox\nimport _ \"example.com/x\"\n"), "runtime/internal/outbox/b_test.go:2: package runtime/internal/outbox may not import example.com/x"},
		"table, vanished package": {"table", map[string]string{"runtime/a.go": keep["runtime/a.go"], live: liveFile, "cmd/wsgen/internal/model/m.go": model}, "arch_test.go:1: the import table has a line for runtime/internal/outbox"},

		"table, unused": {"table", with("runtime/a.go", "package ws\n"), "arch_test.go:1: the import table allows runtime to import runtime/internal/outbox, which it does not"},

		"crossing to the runtime": {"two worlds", map[string]string{"cmd/a/a_test.go": "package a\nimport ws \"github.com/wsgen/wsgen/runtime\"\n"}, "cmd/a/a_test.go:2: an import crosses"},
		"crossing to the tool":    {"two worlds", map[string]string{"runtime/a.go": "package ws\nimport _ \"github.com/wsgen/wsgen/cmd/wsgen/internal/model\"\n"}, "runtime/a.go:2: an import crosses"},

		"gws, one file each":   {"one file of each end knows gws", map[string]string{transportFiles[0]: transport, transportFiles[1]: transport, "runtime/a_test.go": transport}, ""},
		"gws, another file":    {"one file of each end knows gws", map[string]string{transportFiles[0]: transport, transportFiles[1]: transport, "runtime/a.go": transport}, "runtime/a.go:2: another file imports gws"},
		"gws, another client":  {"one file of each end knows gws", map[string]string{transportFiles[0]: transport, transportFiles[1]: transport, "runtime/client/a.go": transport}, "runtime/client/a.go:2: another file imports gws"},
		"gws, no server":       {"one file of each end knows gws", map[string]string{transportFiles[1]: transport}, transportFiles[0] + ":1: this file does not import gws"},
		"gws, no client":       {"one file of each end knows gws", map[string]string{transportFiles[0]: transport}, transportFiles[1] + ":1: this file does not import gws"},
		"syscall, elsewhere":   {"one package makes system calls", map[string]string{"runtime/internal/outbox/a.go": "package outbox\nimport \"syscall\"\n"}, "runtime/internal/outbox/a.go:2: syscall outside"},
		"unsafe, elsewhere":    {"one package makes system calls", map[string]string{"runtime/a.go": "package ws\nimport _ \"unsafe\"\n"}, "runtime/a.go:2: unsafe outside"},
		"unsafe, sharing":      {"one package makes system calls", map[string]string{sharing: "package wsjson\nimport _ \"unsafe\"\n", "runtime/wsjson/a.go": "package wsjson\n"}, ""},
		"syscall, sharing":     {"one package makes system calls", map[string]string{sharing: "package wsjson\nimport _ \"syscall\"\n"}, sharing + ":2: syscall outside"},
		"syscall, kept":        {"one package makes system calls", map[string]string{socketDir + "/a.go": "package socket\nimport \"syscall\"\nimport \"unsafe\"\n", "runtime/a_test.go": "package ws\nimport \"syscall\"\n", "bench/a.go": "package bench\nimport \"syscall\"\n"}, ""},
		"packages, elsewhere":  {"one package reads Go packages", map[string]string{"cmd/wsgen/internal/source/a.go": "package source\nimport _ \"golang.org/x/tools/go/packages\"\n", "cmd/wsgen/internal/resolve/a.go": "package resolve\nimport _ \"golang.org/x/tools/go/packages\"\n"}, "cmd/wsgen/internal/resolve/a.go:2: cmd/wsgen/internal/resolve imports"},
		"packages, nobody":     {"one package reads Go packages", map[string]string{"cmd/wsgen/internal/source/a.go": "package source\n"}, "cmd/wsgen/internal/source:1: does not import"},
		"runtime, no name":     {"the runtime is called ws", map[string]string{"a/a.go": "package a\nimport \"github.com/wsgen/wsgen/runtime\"\n"}, "a/a.go:2: the runtime is imported under another name"},
		"runtime, other name":  {"the runtime is called ws", map[string]string{"a/a_test.go": "package a\nimport rt \"github.com/wsgen/wsgen/runtime\"\n"}, "a/a_test.go:2: the runtime is imported under another name"},
		"runtime, ws":          {"the runtime is called ws", map[string]string{"a/a.go": "package a\nimport ws \"github.com/wsgen/wsgen/runtime\"\n"}, ""},
		"reflect in runtime":   {"no reflect", map[string]string{"runtime/internal/outbox/a.go": "package outbox\nimport \"reflect\"\n"}, "runtime/internal/outbox/a.go:2: reflect"},
		"reflect generated":    {"no reflect", map[string]string{"a/ws_gen.go": "// Code generated by wsgen. DO NOT EDIT.\n\npackage a\nimport \"reflect\"\n"}, "a/ws_gen.go:4: reflect"},
		"reflect in the tool":  {"no reflect", map[string]string{"cmd/a/a.go": "package a\nimport \"reflect\"\n"}, ""},
		"door, kept":           {"user code has one door", map[string]string{doorFile: door, "runtime/a.go": "package ws\nfunc (c *conn) Connect() { c.connect() }\n", "runtime/a_test.go": "package ws\nvar _ = o.Observer\n", optionsFile: "package ws\nvar _ = o.Observer\n"}, ""},
		"door, another":        {"user code has one door", map[string]string{doorFile: door, "runtime/a.go": "package ws\n\nfunc f() { s.opts.Observer.Shed(x) }\n"}, "runtime/a.go:3: Observer is the user's"},
		"door, a guard":        {"user code has one door", map[string]string{doorFile: door, "runtime/a.go": "package ws\n\nfunc f() { _ = g.GuardConn(u) }\n"}, "runtime/a.go:3: GuardConn is the user's"},
		"door, unused":         {"user code has one door", map[string]string{doorFile: strings.Replace(door, "x.Validate", "x.validate", 1)}, "runtime/door.go:1: the door does not use Validate"},
		"errors, kept":         {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nimport \"fmt\"\nvar _ = fmt.Errorf(\"%q\", 1)\nfunc f() { log.Error(\"a\") }\n", "runtime/a_test.go": "package ws\nfunc f() { recover() }\n", "cmd/a/a.go": "package a\nfunc f() { recover() }\n", "runtime/internal/fixture/a.go": "package fixture\nfunc f() { recover() }\n"}, ""},
		"log, kept":            {"what peers cause is bounded", map[string]string{logFile: "package ws\nfunc f() { s.log.Log(ctx, l, t) }\n", "runtime/a.go": "package ws\nfunc f() { s.logPeer(c, l, \"a\"); e.Error() }\n", configureFile: "package ws\nfunc f() { s.log.Error(\"a\") }\n"}, ""},
		"log, past it":         {"what peers cause is bounded", map[string]string{logFile: "package ws\nfunc f() { s.log.Log(ctx, l, t) }\n", "runtime/a.go": "package ws\nfunc f() { c.server.log.Warn(\"a\") }\n"}, "runtime/a.go:2: a line goes to the log past"},
		"log, nobody":          {"what peers cause is bounded", map[string]string{"runtime/a.go": "package ws\n"}, "runtime/peerlog.go:1: this file does not write to the log"},
		"errors, recover":      {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nfunc f() { defer func() { _ = recover() }() }\n"}, "runtime/a.go:2: recover outside"},
		"errors, Is":           {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nvar _ = errors.Is(a, b)\n"}, "runtime/a.go:2: errors.Is outside"},
		"errors, As":           {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/internal/outbox/a.go": "package outbox\nvar _ = errors.As(a, &b)\n"}, "runtime/internal/outbox/a.go:2: errors.As outside"},
		"errors, AsType":       {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nvar _, _ = errors.AsType[*Error](a)\n"}, "runtime/a.go:2: errors.AsType outside"},
		"errors, Error":        {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nvar _ = err.Error()\n"}, "runtime/a.go:2: a call of Error outside"},
		"errors, Unwrap":       {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nvar _ = err.Unwrap()\n"}, "runtime/a.go:2: a call of Unwrap outside"},
		"errors, Errorf":       {"errors are asked by one package", map[string]string{steadyFile: steady, "runtime/a.go": "package ws\nvar _ = fmt.Errorf(\"a: %w\", err)\n"}, "runtime/a.go:2: fmt.Errorf of an error outside"},
		"errors, nobody":       {"errors are asked by one package", map[string]string{"runtime/a.go": "package ws\n"}, "runtime/internal/steady:1: this package does not recover"},
		"file, at the limit":   {"size of files and functions", map[string]string{"a/a.go": "// C.\npackage a\n\n" + strings.Repeat("const _ = 1 // one\n\n", maxFile-1)}, ""},
		"file, too long":       {"size of files and functions", map[string]string{"a/a.go": "package a\n" + strings.Repeat("const _ = 1\n", maxFile)}, "a/a.go:1: 401 lines of code"},
		"file, raw string":     {"size of files and functions", map[string]string{"a/a.go": "package a\nconst _ = `" + strings.Repeat("\n", maxFile) + "`\n"}, "a/a.go:1: 402 lines of code"},
		"file, generated":      {"size of files and functions", map[string]string{"a/a.go": "// Code generated by x. DO NOT EDIT.\n\npackage a\n" + strings.Repeat("const _ = 1\n", maxFile)}, ""},
		"function, at limit":   {"size of files and functions", map[string]string{"a/a.go": "package a\nfunc f() {\n" + strings.Repeat("\t// why\n\t_ = 1\n", maxFunction-2) + "}\n"}, ""},
		"function, too long":   {"size of files and functions", map[string]string{"a/a.go": "package a\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", maxFunction-1) + "}\n"}, "a/a.go:2: f has 81 lines of code"},
		"init":                 {"no init", map[string]string{"a/a.go": "package a\nfunc init() {}\n"}, "a/a.go:2: func init"},
		"init, a method":       {"no init", map[string]string{"a/a.go": "package a\ntype T struct{}\nfunc (T) init() {}\n"}, ""},
		"message, kept":        {"messages decide nothing", map[string]string{"cmd/wsgen/a/a.go": "package a\nvar _ = why == \"\" || d.Message == e.Message || code == why.code\n", "cmd/wsgen/a/a_test.go": "package a\nvar _ = why == \"it is\"\n"}, ""},
		"message, compared":    {"messages decide nothing", map[string]string{"cmd/wsgen/a/a.go": "package a\nvar _ = why == whyKey\n"}, "cmd/wsgen/a/a.go:2: the text why decides"},
		"message, its start":   {"messages decide nothing", map[string]string{"cmd/wsgen/a/a.go": "package a\nvar _ = strings.HasPrefix(at.what, \"inside\")\n"}, "cmd/wsgen/a/a.go:2: the text what decides"},
		"message, switched on": {"messages decide nothing", map[string]string{"cmd/wsgen/a/a.go": "package a\nfunc f() {\n\tswitch d.Help {\n\t}\n}\n"}, "cmd/wsgen/a/a.go:3: the text Help decides"},
		"codes, the same":      {"both halves know the same codes", codes("CodeA", `"a"`, `"a", "b"`), ""},
		"codes, one told of":   {"both halves know the same codes", codes("CodeA", `"a", "b"`, `"a", "b"`), "cmd/wsgen/internal/directive/a.go:3: EveryCall has b"},
		"codes, one not told":  {"both halves know the same codes", codes("CodeA, CodeB", `"a"`, `"b", "a"`), "cmd/wsgen/internal/directive/a.go:3: EveryCall lacks b"},
		"codes, one not typed": {"both halves know the same codes", codes("CodeA", `"a"`, `"a"`), "cmd/wsgen/internal/emit/tsclient/a.go:3: ownCodes lacks b"},
		"codes, none":          {"both halves know the same codes", codes("CodeC", `"a"`, `"a"`), "runtime/a.go:6: there is no func everyCall with codes"},
		"unfinished":           {"no unfinished work", map[string]string{"a/a_test.go": "package a\n// TO" + "DO: more\n"}, "a/a_test.go:2: a mark of unfinished work"},
		"undocumented":         {"exported names of ws have a text", map[string]string{"runtime/a.go": "package ws\n\nfunc F() {}\n"}, "runtime/a.go:3: F is exported and has no comment"},
		"undocumented const":   {"exported names of ws have a text", map[string]string{"runtime/a.go": "package ws\nconst (\n\tA = 1 // one\n\tB = 2\n)\n"}, "runtime/a.go:4: B is exported"},
		"undocumented method":  {"exported names of ws have a text", map[string]string{"runtime/a.go": "package ws\n// T is.\ntype T struct{}\nfunc (t *T) M() {}\ntype u struct{}\nfunc (u) M() {}\n"}, "runtime/a.go:4: M is exported"},
		"documented, internal": {"exported names of ws have a text", map[string]string{"runtime/internal/a/a.go": "package a\nfunc F() {}\n"}, ""},
	}
}

// codes are the two halves of a repository that lists codes in each.
func codes(runtime, every, all string) map[string]string {
	return map[string]string{
		"runtime/a.go":                          "package ws\ntype Code string\nconst (\n\tCodeA, CodeB Code = \"a\", \"b\"\n)\nfunc everyCall(c Code) bool {\n\tswitch c {\n\tcase " + runtime + ":\n\t\treturn true\n\t}\n\treturn false\n}\n",
		"cmd/wsgen/internal/directive/a.go":     "package directive\n\nfunc EveryCall() []string { return []string{" + every + "} }\n",
		"cmd/wsgen/internal/emit/asyncapi/a.go": "package asyncapi\n\nfunc everyCall() []string { return []string{" + strings.ReplaceAll(runtime, "Code", "ws.Code") + "} }\n",
		"cmd/wsgen/internal/emit/tsclient/a.go": "package tsclient\n\nfunc ownCodes() []string { return []string{" + all + "} }\n",
	}
}

func TestRulesOnSamples(t *testing.T) {
	rules := rules()
	rules["table"] = parseTable(sampleTable, testHelpers).check
	cases := samples()
	for name, text := range goodGlobals {
		cases["global, "+name] = sample{"no mutable globals", map[string]string{"a/a.go": "package a\n" + text}, ""}
	}
	for name, text := range badGlobals {
		cases["global, "+name] = sample{"no mutable globals", map[string]string{"a/a.go": "package a\n" + text}, "a/a.go:2: package variable "}
	}
	broken := map[string]bool{}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var all []*source
			for path, text := range c.files {
				s, err := parse(path, []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
			found := rules[c.rule](all)
			got := fmt.Sprint(found)
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("a sample that keeps the rule %q has findings: %s", c.rule, got)
			case c.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0].String(), c.want)):
				t.Errorf("rule %q says %s\nwant one finding that starts with %s", c.rule, got, c.want)
			case c.want != "":
				broken[c.rule] = true
			}
		})
	}
	broken["import table"] = broken["table"]
	broken["emitters alone write with jen"] = broken["one package reads Go packages"] // the same function
	for name := range rules {
		if !broken[name] {
			t.Errorf("no sample breaks the rule %q", name)
		}
	}
}

// goodGlobals are package variables that the rule allows.
var goodGlobals = map[string]string{
	"blank":            "var _ func() = nil\n",
	"pool":             "import \"sync\"\nvar p = sync.Pool{New: func() any { return nil }}\n",
	"pool by type":     "import \"sync\"\nvar p sync.Pool\n",
	"sentinel":         "import \"errors\"\nvar ErrX = errors.New(\"x\")\n",
	"own sentinel":     "var ErrX error = NewError(1)\nfunc NewError(int) error { return nil }\n",
	"embedded":         "import _ \"embed\"\n//go:embed a.txt\nvar text string\n",
	"embedded files":   "import \"embed\"\n//go:embed a\nvar files embed.FS\n",
	"table":            "var t = map[string]int{\"a\": 1}\nfunc f() int { return t[\"a\"] }\n",
	"regexp":           "import \"regexp\"\nvar r = regexp.MustCompile(`a`)\n",
	"provider set":     "import \"github.com/google/wire\"\nvar Set = wire.NewSet()\n",
	"local, same name": "var t = [2]int{}\nfunc f() { t := [2]int{}; t[0] = 1; _ = &t }\n",
}

// badGlobals are package variables that it refuses. Each is on the second line.
var badGlobals = map[string]string{
	"zero":            "var n int\n",
	"computed":        "var n = f()\nfunc f() int { return 1 }\n",
	"mutex":           "var mu sync.Mutex\n",
	"mutex literal":   "var mu = sync.Mutex{}\n",
	"counter":         "var n atomic.Int64\n",
	"pointer":         "var p = &T{}\ntype T struct{}\n",
	"exported table":  "var T = []int{1}\n",
	"assigned":        "var t = []int{1}\nfunc f() { t = nil }\n",
	"element":         "var t = []int{1}\nfunc f() { t[0] = 2 }\n",
	"field":           "var t = struct{ a int }{1}\nfunc f() { t.a++ }\n",
	"address":         "var t = [1]int{}\nfunc f() *int { return &t[0] }\n",
	"sliced, address": "var n = 1\nfunc f() *int { return &n }\n",
	"delete":          "var t = map[int]int{}\nfunc f() { delete(t, 1) }\n",
	"range":           "var n = 1\nfunc f() { for n = range 3 { } }\n",
	"no error":        "var ErrX = f()\nfunc f() error { return nil }\n",
	"error no name":   "var x = errors.New(\"x\")\n",
}

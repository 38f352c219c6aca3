package contract_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/templates/tsclient"
)

// settingsOfUsers are the versions and settings under which all that is generated
// has to compile. The common part is compiled under more of them by TestTypes.
func settingsOfUsers() [][2]string {
	const erased = `, "noEmit": true, "erasableSyntaxOnly": true`
	return [][2]string{
		{"5.2", withDOM + `, "noEmit": true`},
		{"6.0", withNode + erased},
		{"7.0", withDOM + erased},
		{"7.0", withNode + erased},
		{"7.0", withDOM + `, "declaration": true, "emitDeclarationOnly": true, "isolatedDeclarations": true`},
	}
}

// holds compiles generated files, in every way, and has prettier look at them.
func (n *node) holds(t *testing.T, files map[string]string) {
	t.Helper()
	folder, err := os.MkdirTemp(n.built, "generated-")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Join(filepath.Base(folder), name))
	}
	slices.Sort(names)
	for _, s := range settingsOfUsers() {
		if _, err := n.compile(s[0], s[1], slices.Clone(names)...); err != nil {
			t.Errorf("TypeScript %s with %s: %v", s[0], s[1], err)
		}
	}
	if _, err := n.bin("prettier/bin/prettier.cjs", append([]string{"--print-width", "120", "--check"}, names...)...); err != nil {
		t.Error(err)
		for _, name := range names { // what it would have
			formatted, _ := n.bin("prettier/bin/prettier.cjs", "--print-width", "120", name)
			ours := files[filepath.Base(name)]
			theirs := strings.Split(formatted, "\n")
			for i, line := range strings.Split(ours, "\n") {
				if i < len(theirs) && theirs[i] != line {
					t.Logf("%s:%d\n%s\nand prettier\n%s", name, i+1, line, strings.Join(theirs[i:min(i+8, len(theirs))], "\n"))
					break
				}
			}
		}
	}
}

// TestGenerated: what is generated of every kind of type, of each by itself and of
// all in one file, compiles, and prettier leaves it alone.
func TestGenerated(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	sources := map[string]string{}
	var conf strings.Builder
	for _, pattern := range []string{"shapes", "clients"} {
		found, err := filepath.Glob(filepath.Join(corpus, pattern, "*.txtar"))
		if err != nil || len(found) == 0 {
			t.Fatal("no corpus", err)
		}
		for _, path := range found {
			folder := strings.TrimSuffix(filepath.Base(path), ".txtar")
			only := ""
			for name, text := range archive(t, path) {
				sources[folder+"/"+name] = text
				for _, m := range regexp.MustCompile(`(?m)^//ws:gateway (\S+)`).FindAllStringSubmatch(text, -1) {
					only += " " + m[1]
				}
			}
			fmt.Fprintf(&conf, "client.ts = out/%[1]s.ts only%[2]s\nclient.js = out/%[1]s.js only%[2]s\n", folder, only)
		}
	}
	m := newModule(t, sources)
	m.write("wsgen.conf", "wire = off\n"+conf.String()+"client.ts = out/all.ts\nclient.js = out/all.js\n")
	m.wsgen("out/all.ts")
	made, err := filepath.Glob(filepath.Join(m.dir, "out", "*.ts"))
	if err != nil || len(made) < 20 {
		t.Fatalf("only %d files: %v", len(made), err)
	}
	files := map[string]string{}
	for _, path := range made {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if !strings.HasPrefix(string(text), header+commonOf(name, tsclient.Common)) {
			t.Errorf("%s does not begin as it should", path)
		}
		files[name] = string(text)
	}
	n.holds(t, files)
	n.holdsScripts(t, m, files)
}

// commonOf is what a client begins with: all that is common, if its gateways have pushes
// that are kept, and else that without histories.
func commonOf(file, common string) string {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	return tsclient.Part(common, name == "kept" || name == "all") + "\n// ==== What travels ====\n"
}

// holdsScripts compares each generated file with that of the same contract in
// JavaScript: the code, and the types, as TypeScript takes them from the comments.
func (n *node) holdsScripts(t *testing.T, m module, typescript map[string]string) {
	t.Helper()
	folder, err := os.MkdirTemp(n.built, "scripts-")
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(folder)
	var scripts, uses []string
	var twins []twin
	for name, text := range typescript {
		plain := strings.TrimSuffix(name, ".ts")
		script, err := os.ReadFile(filepath.Join(m.dir, "out", plain+".js"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(script), scriptHeader+commonOf(name, tsclient.Script)) {
			t.Errorf("%s.js does not begin as it should", plain)
		}
		n.write(t, filepath.Join(base, plain+".js"), string(script))
		n.write(t, filepath.Join(base, plain+".typed.ts"), text)
		n.write(t, filepath.Join(base, plain+".uses.ts"), sameTypes(plain, text))
		twins = append(twins, twin{filepath.Join(base, plain+".typed.ts"), filepath.Join(base, plain+".js")})
		scripts = append(scripts, filepath.Join(base, plain+".js"))
		uses = append(uses, filepath.Join(base, plain+".uses.ts"))
	}
	n.same(t, twins...)
	slices.Sort(scripts)
	slices.Sort(uses)
	all := filepath.Join(base, "all.uses.ts") // the oldest takes its time
	for version, files := range map[string][]string{"5.2": {all}, "7.0": uses} {
		if _, err := n.compile(version, withDOM+`, "noEmit": true, "allowJs": true`, slices.Clone(files)...); err != nil {
			t.Errorf("TypeScript %s: %v", version, err)
		}
	}
	if _, err := n.bin("prettier/bin/prettier.cjs", append([]string{"--print-width", "120", "--check"}, scripts...)...); err != nil {
		t.Error(err)
	}
}

// sameTypes is a program that compiles if what JavaScript declares is what TypeScript
// does. Fields that may be absent may be undefined in JSDoc, so each of both types is
// only given to the other without that.
func sameTypes(name, typescript string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "import type * as Script from \"./%[1]s.js\";\nimport type * as Typed from \"./%[1]s.typed.js\";\n\n", name)
	out.WriteString("type Known<T> = 0 extends 1 & T ? never : T; // any is nothing\n")
	for _, m := range regexp.MustCompile(`(?m)^export (?:interface|type) (\w+) ?[={]`).FindAllStringSubmatch(typescript, -1) {
		fmt.Fprintf(&out, "export const give%[1]s = (v: Typed.%[1]s): Known<Script.%[1]s> => v;\n", m[1])
	}
	return out.String()
}

// TestCodes: every code of the runtime is in WsErrorCode, in its order.
func TestCodes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../runtime/error.go")
	if err != nil {
		t.Fatal(err)
	}
	want := "export type WsErrorCode =\n"
	for _, m := range regexp.MustCompile(`(?m)^\tCode\w+ +Code = ("\w+")`).FindAllSubmatch(source, -1) {
		want += "  | " + string(m[1]) + "\n"
	}
	m := newModule(t, map[string]string{"live.go": "package live\n\n//ws:gateway /live\ntype Live struct{}\n\n//ws:subscribe a\nfunc (*Live) A() {}\n"})
	if got := m.wsgen("live.ts", "-client.ts=live.ts"); !strings.Contains(got, strings.TrimSuffix(want, "\n")+";\n") || strings.Count(want, "\n") < 14 {
		t.Errorf("not\n%s\nin\n%s", want, got[strings.LastIndex(got, "// ==== What travels"):])
	}
}

// TestNames: whatever a user names, and in whatever case, the clients in TypeScript and Go
// compile, and the documents are taken by those who read them.
func TestNames(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	words := strings.Fields(`Any Array ArrayBuffer Boolean Date Error Function Generator Infinity Iterable JSON Map Math
		Never Null Number Object Omit Partial Pick Promise PromiseLike Proxy RangeError Readonly Record Reflect RegExp
		Required ReturnType Set String Symbol TextEncoder URL Undefined Unknown Void WeakMap WebSocket Window Event
		EventListener Exclude Extract AbortController AbortSignal AsyncGenerator AsyncIterable GlobalThis Awaited
		WsAsk WsCall WsClient WsError WsErrorCode WsFrame WsOptions WsState ServerPush ServerAsks NamesSends NamesClient
		Names DialNames Client Options Gateway Wildcard CodeInternal Größe`)
	for _, m := range regexp.MustCompile(`\b[A-Z]\w+`).FindAllString(strings.Join(codeLines(tsclient.Common), "\n"), -1) {
		if !slices.Contains(words, m) {
			words = append(words, m)
		}
	}
	events := strings.Fields(`a-b a_b aB close close_ on once events handle onState onOpen onError onShed onRecovered onLost send call stream
		refresh ready connect state constructor constructor_ then prototype toString valueOf toJSON hasOwnProperty length name
		default class function new delete await async static get set arguments eval super this 2fast 1 -- __proto__ as.of
		ÄPFEL x*y it's "quoted" back\slash data options`)
	fields := strings.Fields("constructor __proto__ class a-b ünïcode 1 1e3 00 new default a.b $ _ readonly get [x] */ ${x}")
	var source strings.Builder
	const path = "/names/{class}/{new}/{path}/{options}/{ctx}/{c}/{err}/{o}/{address}/{string}/{type}"
	source.WriteString("package names\n\n//ws:gateway " + path + "\ntype NamesGateway struct{}\n\n//ws:gateway /types\ntype TypesGateway struct{}\n")
	source.WriteString("\n//ws:subscribe params\nfunc (*NamesGateway) Params(c, err, o string, ws, iter []bool, wsclient, context *int, json, error map[string]int, string, nil bool) {}\n")
	for i, word := range words {
		fmt.Fprintf(&source, "\n//ws:subscribe type%d\nfunc (*TypesGateway) Type%d(v %s) *%s { return nil }\n\ntype %s struct{ V *%s }\n", i, i, word, word, word, word)
	}
	for i, event := range events {
		if strings.ContainsAny(event, "\"\\'*") || strings.HasPrefix(event, "$") {
			continue // no event can be called so
		}
		fmt.Fprintf(&source, "\n//ws:subscribe %s\nfunc (*NamesGateway) Event%d(new int, class *string) {}\n", event, i)
	}
	source.WriteString("\n//ws:subscribe fields\nfunc (*NamesGateway) Fields() *FieldNames { return nil }\n\ntype FieldNames struct {\n")
	for i, field := range fields {
		fmt.Fprintf(&source, "\tF%d int `json:%q`\n", i, field)
	}
	source.WriteString("}\n")
	m := newModule(t, map[string]string{
		"names/names.go": source.String(),
		"ws/ws.go":       "package ws\n\n//ws:gateway /ws\ntype WsGateway struct{}\n\n//ws:subscribe a\nfunc (*WsGateway) A() {}\n",
	})
	m.write("wsgen.conf", "client.ts = names.ts\nclient.go = namesclient\nasyncapi = names.asyncapi.json only "+path+"\njsonschema = names.schema.json\n")
	n.holds(t, map[string]string{"names.ts": m.wsgen("names.ts")})
	if _, err := goCommand(m.dir, "go", "vet", "./...").run(); err != nil {
		t.Error(err)
	}
	for script, file := range map[string]string{"documents.mjs": "names.asyncapi.json", "bundles.mjs": "names.schema.json"} {
		text, err := os.ReadFile(filepath.Join(m.dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if script == "documents.mjs" { // its parser takes such a member for a prototype
			text = bytes.ReplaceAll(text, []byte(`"__proto__": {`), []byte(`"proto": {`))
		}
		n.write(t, file, string(text))
		printed, err := n.run(n.exe, script, file)
		if err != nil {
			t.Fatal(err)
		}
		outcomes(t, strings.TrimSpace(printed), 1)
	}
}

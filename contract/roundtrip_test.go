package contract_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/contract/schema"
)

// seed is that of the values of TestRoundTrip. It prints the one that it used.
var seed = flag.Uint64("seed", 1, "of the values of TestRoundTrip")

// values is how many of them each place has, and wide how many more with integers that
// JavaScript has not.
const values, wide = 200, 20

// TestRoundTrip is the property of all outputs. Of each event of the corpus, with its
// data, its answer, each push, each question: a random value, as the server's type
// writes it, fits the document and the bundle for two validators; a literal of it has
// the type of the TypeScript file; Node parses and prints it; the type of the Go client
// reads and writes that; and what the server's type reads is what it had written. Of
// integers that JavaScript has not, which Node rounds, the Go client has the server's own.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	r := newRoundTrip(t, n)
	t.Logf("seed %d (-seed says another), %d places, %d values of each", *seed, len(r.places), values+wide)
	lines := r.write()
	r.validate(lines)
	r.types(lines)
	node := r.node(lines)
	r.back(lines, node)
}

// oneWay are packages of the corpus with types whose methods for JSON do not read what
// they write, or write nothing at all. What clients send as such a type the client's type
// writes, and the server's has to read if the document allows it.
func oneWay() []string { return []string{"coders", "lists", "own"} }

func (p *place) oneWay() bool { return slices.Contains(oneWay(), p.pkg()) }

// roundTrip is the module of all sources of the corpus.
type roundTrip struct {
	module
	n      *node
	folder string // in n.built
	exe    string
	places []*place
	enums  map[string][]json.RawMessage
	doc    *schema.Document
	text   map[string]string // what wsgen has written, by its file
}

// value is one, as the program writes it.
type value struct {
	Place        int               `json:"place"`
	Parts        []json.RawMessage `json:"parts"`
	Err          string            `json:"err,omitempty"`
	Exact, Loose bool
	Wide         bool
}

// sources are all packages of the corpus.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"shapes", "clients"} {
		found, err := filepath.Glob(filepath.Join(corpus, folder, "*.txtar"))
		if err != nil || len(found) == 0 {
			t.Fatal("no corpus", err)
		}
		for _, path := range found {
			for name, text := range archive(t, path) {
				all[strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name] = text
			}
		}
	}
	return all
}

func newRoundTrip(t *testing.T, n *node) *roundTrip {
	t.Helper()
	r := &roundTrip{module: newModule(t, sources(t)), n: n, text: map[string]string{}}
	r.module.write("wsgen.conf", "wire = off\nasyncapi = out/document.json\njsonschema = out/bundle.json\nclient.ts = out/all.ts\nclient.go = allclient\n")
	for _, file := range []string{"out/document.json", "out/bundle.json", "out/all.ts"} {
		r.text[filepath.Base(file)] = r.wsgen(file)
	}
	var d described
	if err := json.Unmarshal([]byte(r.text["document.json"]), &d); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.doc, err = schema.ParseDocument(r.text["document.json"]); err != nil {
		t.Fatal(err)
	}
	listing, err := goCommand(r.dir, wsgen.exe, "list", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var l listed
	if err := json.Unmarshal(listing, &l); err != nil {
		t.Fatal(err)
	}
	r.places, r.enums = placesOf(t, d, l, r.text["all.ts"]), d.enums()
	for _, p := range r.places {
		p.Theirs = p.Kind == "call" && p.oneWay()
	}
	if len(r.places) < 60 {
		t.Errorf("only %d places", len(r.places))
	}
	if r.folder, err = os.MkdirTemp(n.built, "roundtrip-"); err != nil {
		t.Fatal(err)
	}
	r.build()
	return r
}

// build builds the program.
func (r *roundTrip) build() {
	r.t.Helper()
	for from, to := range map[string]string{"roundtrip.go.txt": "main.go", "roundtrip_fill.go.txt": "fill.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", from))
		if err != nil {
			r.t.Fatal(err)
		}
		r.module.write("roundtrip/"+to, string(text))
	}
	packages := map[string]string{}
	var servers, clients []string
	for _, p := range r.places {
		path, name := p.Server[:strings.LastIndexByte(p.Server, '.')], p.Server[strings.LastIndexByte(p.Server, '.')+1:]
		if packages[path] == "" {
			packages[path] = fmt.Sprintf("p%d", len(packages))
		}
		star := ""
		if p.Kind == "call" || p.Kind == "reply" {
			star = "*"
		}
		servers = append(servers, fmt.Sprintf("\t%q: reflect.TypeFor[%s%s.%s](),\n", p.Server, star, packages[path], name))
		clients = append(clients, fmt.Sprintf("\t%q: reflect.TypeFor[*allclient.%s](),\n", p.Client, p.Client))
	}
	var imports []string
	for path, name := range packages {
		imports = append(imports, fmt.Sprintf("\t%s %q\n", name, path))
	}
	set := func(lines []string) string {
		slices.Sort(lines)
		return strings.Join(slices.Compact(lines), "")
	}
	r.module.write("roundtrip/types.go", "package main\n\nimport (\n\t\"reflect\"\n\n\t\"example.com/live/allclient\"\n"+set(imports)+")\n\n"+
		"var servers = map[string]reflect.Type{\n"+set(servers)+"}\n\nvar clients = map[string]reflect.Type{\n"+set(clients)+"}\n")
	r.json("places.json", r.places)
	r.json("enums.json", r.enums)
	r.exe = filepath.Join(r.dir, "roundtrip.exe")
	if _, err := goCommand(r.dir, "go", "build", "-o", r.exe, "./roundtrip").run(); err != nil {
		r.t.Fatal(err)
	}
}

// json writes a file of the module.
func (r *roundTrip) json(name string, v any) {
	r.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		r.t.Fatal(err)
	}
	r.module.write(name, string(text))
}

// run runs the program, and calls do for each line that it prints.
func (r *roundTrip) run(in []byte, do func(line []byte), args ...string) {
	r.t.Helper()
	cmd := exec.Command(r.exe, args...)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stderr, cmd.WaitDelay = r.dir, bytes.NewReader(in), &said, time.Second
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("roundtrip %q: %v\n%s", args, err, &said)
	}
	for line := range bytes.Lines(out) {
		do(line)
	}
}

// write are the values of all places. Few of them cannot be written.
func (r *roundTrip) write() (all []value) {
	r.t.Helper()
	failed, allowed, exact := map[string]int{}, map[string]int{}, 0
	r.run(nil, func(line []byte) {
		var v value
		if err := json.Unmarshal(line, &v); err != nil {
			r.t.Fatal(err)
		}
		p := r.places[v.Place]
		if v.Err != "" {
			if v.Err != "null" && failed[p.Name] == 0 && !p.oneWay() {
				r.t.Errorf("%s: %s", p.Name, v.Err)
			}
			failed[p.Name]++
			return
		}
		if v.Loose && !p.oneWay() {
			r.t.Errorf("%s: the server's types do not read %s", p.Name, v.Parts)
		}
		if p.Theirs {
			if r.doc.Message(p.key, []byte(p.frame(v)), false) != nil {
				return
			}
			allowed[p.Name]++
		}
		if v.Exact {
			exact++
		}
		all = append(all, v)
	}, "write", "places.json", "enums.json", strconv.FormatUint(*seed, 10), strconv.Itoa(values), strconv.Itoa(wide))
	for _, p := range r.places {
		if p.Theirs && allowed[p.Name] == 0 {
			r.t.Errorf("%s: no value of the client's type is one of the document's", p.Name)
		}
	}
	if exact < len(all)/4 || len(all) < len(r.places)*values*3/4 {
		r.t.Errorf("%d values, of which %d are read as they were written", len(all), exact)
	}
	return all
}

// pkg is the package of the corpus.
func (p *place) pkg() string {
	return strings.Split(p.Server, "/")[2][:strings.IndexAny(strings.Split(p.Server, "/")[2]+".", ".")]
}

// data is a value in one piece.
func (p *place) data(v value) string {
	if p.Names == nil {
		return string(v.Parts[0])
	}
	var members []string
	for i, name := range p.Names {
		members = append(members, strconv.Quote(name)+":"+string(v.Parts[i]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// frame is the frame that has a value.
func (p *place) frame(v value) string {
	event, _ := json.Marshal(p.Event)
	id := map[string]string{"push": "", "ask": `,"id":"$1"`, "answer": `,"id":"$1"`}
	between, ok := id[p.Kind]
	if !ok {
		between = `,"id":1`
	}
	more := ""
	if p.Kind == "reply" && p.stream {
		more = `,"more":true`
	}
	return `{"event":` + string(event) + between + `,"data":` + p.data(v) + more + "}"
}

// free reports whether a place takes what its schema refuses: rules of tags tell what
// is meant, and wsgen checks nothing by them.
func (p *place) free() bool { return p.Kind == "call" && p.pkg() == "rules" }

// validate validates in Go.
func (r *roundTrip) validate(all []value) {
	r.t.Helper()
	bundle, err := schema.Parse(r.text["bundle.json"])
	if err != nil {
		r.t.Fatal(err)
	}
	wrong := map[string]int{}
	for _, v := range all {
		p := r.places[v.Place]
		if p.free() {
			continue
		}
		err := r.doc.Message(p.key, []byte(p.frame(v)), p.Kind != "call" && p.Kind != "answer")
		if err == nil && p.def != "" && p.Kind != "call" && p.Kind != "answer" {
			err = bundle.Sent(p.def, []byte(p.data(v)))
		} else if err == nil && p.def != "" {
			err = bundle.Taken(strings.TrimSuffix(p.def, "Input"), []byte(p.data(v)))
		}
		if wrong[p.Name]++; err == nil {
			wrong[p.Name]--
		} else if wrong[p.Name] == 1 {
			r.t.Errorf("%s: %s does not fit: %v", p.Name, p.frame(v), err)
		}
	}
}

// types has TypeScript look at a literal of each value.
func (r *roundTrip) types(all []value) {
	r.t.Helper()
	var text strings.Builder
	text.WriteString("import type * as all from \"./all.js\";\n\ndeclare function is<T>(value: T): void;\n" +
		"type Answer<M> = M extends (...args: never[]) => AsyncGenerator<infer T, void> ? T : M extends (...args: never[]) => Promise<infer T> ? T : never;\n\n")
	for i, p := range r.places {
		typ := p.typ
		for _, name := range []string{"Parameters<", "Answer<", "Awaited<ReturnType<"} {
			if rest, ok := strings.CutPrefix(typ, name); ok {
				typ = name + "all." + rest
			}
		}
		if typ == p.typ {
			typ = "all." + typ
		}
		fmt.Fprintf(&text, "export type T%d = %s; // %s\n", i, typ, p.Name)
	}
	for _, v := range all {
		fmt.Fprintf(&text, "is<T%d>(%s);\n", v.Place, r.places[v.Place].data(v))
	}
	for name, content := range map[string]string{"all.ts": r.text["all.ts"], "values.ts": text.String()} {
		if err := os.WriteFile(filepath.Join(r.folder, name), []byte(content), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	began := time.Now()
	_, err := r.n.compile("7.0", withDOM+`, "noEmit": true`, filepath.Join(filepath.Base(r.folder), "values.ts"))
	r.t.Logf("TypeScript looked at %d bytes in %v", text.Len(), time.Since(began).Round(time.Millisecond))
	if err != nil {
		said := err.Error()
		r.t.Errorf("TypeScript: %s", said[:min(len(said), 4000)])
	}
}

// node validates in Node, and returns what that prints of each value, part by part.
func (r *roundTrip) node(all []value) (printed [][]json.RawMessage) {
	r.t.Helper()
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, v := range all {
		p := r.places[v.Place]
		var parts []string
		for _, part := range v.Parts {
			parts = append(parts, string(part))
		}
		_ = encoder.Encode(map[string]any{"key": p.key, "frame": p.frame(v), "parts": parts, "def": p.def, "frees": p.free()})
	}
	files := map[string][]byte{"document.json": []byte(r.text["document.json"]), "bundle.json": []byte(r.text["bundle.json"]), "lines.json": lines.Bytes()}
	args := []string{"roundtrip.mjs"}
	for _, name := range []string{"document.json", "bundle.json", "lines.json"} {
		if err := os.WriteFile(filepath.Join(r.folder, name), files[name], 0o600); err != nil {
			r.t.Fatal(err)
		}
		args = append(args, filepath.Join(r.folder, name))
	}
	out, err := r.n.run(r.n.exe, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	wrong := map[string]bool{}
	for line := range strings.Lines(out) {
		var l struct {
			Node  []string
			Wrong string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Fatal(err)
		}
		if p := r.places[all[len(printed)].Place]; l.Wrong != "" && !wrong[p.Name] {
			wrong[p.Name] = true
			r.t.Errorf("%s: %s does not fit, says ajv: %s", p.Name, p.frame(all[len(printed)]), l.Wrong)
		}
		var parts []json.RawMessage
		for _, part := range l.Node {
			parts = append(parts, json.RawMessage(part))
		}
		printed = append(printed, parts)
	}
	if len(printed) != len(all) {
		r.t.Fatalf("Node has printed %d of %d values", len(printed), len(all))
	}
	return printed
}

// back takes all of it to the client's types and from there to the server's.
func (r *roundTrip) back(all []value, node [][]json.RawMessage) {
	r.t.Helper()
	var in bytes.Buffer
	encoder := json.NewEncoder(&in)
	encoder.SetEscapeHTML(false)
	rounded := 0
	for i, v := range all {
		parts := node[i]
		if v.Wide { // what Node has rounded is not what was sent
			parts = v.Parts
			for k, part := range parts {
				if bytes.Contains(part, []byte("9223372036854775807")) && bytes.Contains(node[i][k], []byte("9223372036854776000")) {
					rounded++
				}
			}
		}
		err := encoder.Encode(map[string]any{"place": v.Place, "parts": v.Parts, "loose": v.Loose, "node": parts})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if rounded == 0 {
		r.t.Error("Node has rounded no integer")
	}
	wrong, n := map[string]bool{}, 0
	r.run(in.Bytes(), func(line []byte) {
		var v value
		if err := json.Unmarshal(line, &v); err != nil {
			r.t.Fatal(err)
		}
		n++
		if p := r.places[v.Place]; v.Err != "" && !wrong[p.Name] {
			wrong[p.Name] = true
			r.t.Errorf("%s: %s", p.Name, v.Err)
		}
	}, "back", "places.json")
	if n != len(all) {
		r.t.Errorf("%d of %d values came back", n, len(all))
	}
}

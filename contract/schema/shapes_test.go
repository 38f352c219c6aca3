package schema_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/contract/schema"
)

// wsgen is the program, built once.
var wsgen string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "wsgen")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		wsgen = filepath.Join(dir, "wsgen")
		build := exec.Command("go", "build", "-o", wsgen, "./cmd/wsgen")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// line is a value of a type, as encoding/json has it.
type line struct {
	Type string          `json:"type"`
	JSON json.RawMessage `json:"json"`
	Err  string          `json:"err,omitempty"`
}

// FuzzShapes makes types of a seed and compiles them. What encoding/json writes of
// their values fits the schema of what is sent, with no member that the schema does
// not have. What it takes fits the schema of what is taken, and what fits that it
// takes.
func FuzzShapes(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		a := author{Rand: rand.New(rand.NewPCG(seed, 0))}
		source, loose := a.write("fuzzed")
		p := newProgram(t, source)
		written := p.write(seed)
		sent := 0
		for _, l := range written {
			if l.Err != "" {
				t.Errorf("%s: %s", l.Type, l.Err)
				continue
			}
			if !p.Has(l.Type) {
				continue // an embedded type writes it
			}
			sent++
			if err := p.Sent(l.Type, l.JSON); err != nil {
				t.Errorf("%s is written as %s, and does not fit: %v", l.Type, l.JSON, err)
			}
		}
		if sent < roots*4 {
			t.Errorf("only %d values", sent)
		}
		p.takes(written, a.Rand, loose)
		if t.Failed() {
			t.Logf("the types of seed %d:\n%s", seed, source)
		}
	})
}

// program is a module with random types, and their schemas.
type program struct {
	*schema.Bundle
	t      *testing.T
	binary string
}

func newProgram(t *testing.T, source string) *program {
	t.Helper()
	dir := t.TempDir()
	values, err := os.ReadFile("testdata/values.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	types := "package main\n\nimport (\n\t\"reflect\"\n\n\t\"example.com/fuzz/fuzzed\"\n)\n\nvar types = map[string]reflect.Type{\n"
	for i := range roots {
		types += fmt.Sprintf("\t\"Root%[1]d\": reflect.TypeFor[fuzzed.Root%[1]d](),\n", i)
	}
	for name, text := range map[string]string{
		"go.mod": "module example.com/fuzz\n\ngo 1.26.0\n", "fuzzed/fuzzed.go": source,
		"values/main.go": string(values), "values/types.go": types + "}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := &program{t: t, binary: filepath.Join(dir, "values.exe")}
	p.run(dir, nil, "go", "build", "-o", p.binary, "./values")
	out := p.run(dir, nil, wsgen, "-stdout", "-jsonschema=out.json")
	_, text, ok := strings.Cut(string(out), "-- out.json --\n")
	if !ok {
		t.Fatalf("no schema:\n%s", out)
	}
	if p.Bundle, err = schema.Parse(text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// run runs a command in dir, and returns what it prints.
func (p *program) run(dir string, in []byte, name string, args ...string) []byte {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(in), &stderr
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off")
	out, err := cmd.Output()
	if err != nil {
		source, _ := os.ReadFile(filepath.Join(dir, "fuzzed", "fuzzed.go"))
		p.t.Fatalf("%s: %v\n%s\n%s", name, err, &stderr, source)
	}
	return out
}

// write are values of all types.
func (p *program) write(seed uint64) []line {
	return lines(p.t, p.run(".", nil, p.binary, "write", strconv.FormatUint(seed, 10)))
}

func lines(t *testing.T, text []byte) (all []line) {
	t.Helper()
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<26)
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// value is a value whose numbers keep all digits.
func value(t *testing.T, text []byte) (v any) {
	t.Helper()
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	if err := in.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// change is a value that was written and then changed.
type change struct {
	line
	kind string
}

// takes changes values, and compares what encoding/json takes of them with what
// fits. It takes null in the place of any value, and for loose types what is no value
// of them.
func (p *program) takes(written []line, random *rand.Rand, loose map[int]bool) {
	p.t.Helper()
	var changes []change
	var in bytes.Buffer
	for _, l := range written {
		for range 6 {
			if !p.Has(l.Type) || l.Err != "" {
				continue
			}
			m := mutator{Rand: random}
			doc, err := json.Marshal(m.change(value(p.t, l.JSON)))
			if err != nil {
				p.t.Fatal(err)
			}
			c := change{line{Type: l.Type, JSON: doc}, m.kind}
			changes = append(changes, c)
			text, _ := json.Marshal(c.line)
			in.Write(append(text, '\n'))
		}
	}
	counts := map[string]int{}
	for i, l := range lines(p.t, p.run(".", in.Bytes(), p.binary, "take")) {
		c := changes[i]
		fit := p.Taken(c.Type, c.JSON)
		number, _ := strconv.Atoi(strings.TrimPrefix(c.Type, "Root"))
		counts[fmt.Sprint(l.Err == "")]++
		switch {
		case l.Err == "" && fit != nil && c.kind != "null" && !loose[number]:
			p.t.Errorf("%s (%s): %s is taken, and does not fit: %v", c.Type, c.kind, c.JSON, fit)
		case l.Err != "" && fit == nil && c.kind != "string" && !loose[number]:
			p.t.Errorf("%s (%s): %s fits, and is not taken: %s", c.Type, c.kind, c.JSON, l.Err)
		}
	}
	if len(counts) != 2 {
		p.t.Errorf("not both taken and refused: %v", slices.Collect(maps.Keys(counts)))
	}
}

// mutator changes one place of a value.
type mutator struct {
	*rand.Rand
	kind string
}

func (m *mutator) change(doc any) any {
	switch doc := doc.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(doc))
		if len(names) > 0 && m.IntN(3) > 0 {
			name := names[m.IntN(len(names))]
			switch m.IntN(4) {
			case 0:
				m.kind = "absent"
				delete(doc, name)
			case 1:
				doc[name] = m.other()
			default:
				doc[name] = m.change(doc[name])
			}
			return doc
		}
		if m.IntN(2) == 0 && len(names) > 0 {
			m.kind = "absent"
			clear(doc)
			return doc
		}
	case []any:
		switch n := len(doc); {
		case n > 0 && m.IntN(2) == 0:
			i := m.IntN(n)
			doc[i] = m.change(doc[i])
			return doc
		case n > 0 && m.IntN(2) == 0:
			m.kind = "shorter"
			return doc[:n-1]
		case n > 0:
			m.kind = "longer"
			return append(doc, doc[0])
		}
	}
	return m.other()
}

// other is another value than there was.
func (m *mutator) other() any {
	switch m.IntN(9) {
	case 0:
		m.kind = "null"
		return nil
	case 1:
		m.kind = "string"
		return "none"
	}
	m.kind = "other"
	return []any{true, 1, -1, 1.5, 300, 70000, []any{}, map[string]any{}}[m.IntN(8)]
}

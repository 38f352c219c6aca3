package asyncapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// AsyncAPI's own parser accepts a reply with a message of another channel, an example
// that does not fit its payload, and a path without its parameters. These checks do
// not.

// parsed is a document that was read.
type parsed struct{ draft07 }

func parse(text []byte) (p parsed, err error) {
	in := json.NewDecoder(strings.NewReader(string(text)))
	in.UseNumber()
	err = in.Decode(&p.doc)
	return p, err
}

// faults are what is wrong in a document.
func (p parsed) faults() []string {
	return slices.Concat(p.references(p.doc, "#"), p.operations(), p.parameters(), p.examples())
}

// references are those that lead nowhere.
func (p parsed) references(v any, at string) (faults []string) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			if _, err := p.at(ref); err != nil {
				faults = append(faults, at+": "+err.Error())
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			faults = append(faults, p.references(v[name], at+"/"+name)...)
		}
	case []any:
		for i, part := range v {
			faults = append(faults, p.references(part, fmt.Sprint(at, "/", i))...)
		}
	}
	return faults
}

// operations are those that have a message of another channel than theirs, or none.
func (p parsed) operations() (faults []string) {
	operations, _ := p.doc["operations"].(map[string]any)
	for name, o := range operations {
		o := o.(map[string]any)
		channel := refOf(o["channel"])
		messages, _ := o["messages"].([]any)
		if r, ok := o["reply"].(map[string]any); ok {
			if refOf(r["channel"]) != channel {
				faults = append(faults, name+": the reply is on another channel")
			}
			answers, _ := r["messages"].([]any)
			if len(answers) == 0 {
				faults = append(faults, name+": there is no answer")
			}
			messages = slices.Concat(messages, answers)
		}
		for _, m := range messages {
			if ref := refOf(m); channel == "" || !strings.HasPrefix(ref, channel+"/messages/") {
				faults = append(faults, name+": "+ref+" is a message of another channel")
			}
		}
	}
	return faults
}

func refOf(v any) string {
	object, _ := v.(map[string]any)
	ref, _ := object["$ref"].(string)
	return ref
}

// parameters are those that a path has and a channel does not, or the other way.
func (p parsed) parameters() (faults []string) {
	channels, _ := p.doc["channels"].(map[string]any)
	for name, c := range channels {
		c := c.(map[string]any)
		var inPath []string
		for _, m := range regexp.MustCompile(`\{([^}]*)\}`).FindAllStringSubmatch(c["address"].(string), -1) {
			inPath = append(inPath, m[1])
		}
		declared, _ := c["parameters"].(map[string]any)
		if slices.Sort(inPath); !slices.Equal(inPath, slices.Sorted(maps.Keys(declared))) {
			faults = append(faults, fmt.Sprintf("%s: its path has the parameters %q", name, inPath))
		}
	}
	return faults
}

// examples are those that do not fit their payloads.
func (p parsed) examples() (faults []string) {
	components, _ := p.doc["components"].(map[string]any)
	messages, _ := components["messages"].(map[string]any)
	for name, m := range messages {
		m := m.(map[string]any)
		examples, _ := m["examples"].([]any)
		for i, e := range examples {
			if err := p.fits(m["payload"], e.(map[string]any)["payload"]); err != nil {
				faults = append(faults, fmt.Sprintf("%s: example %d: %v", name, i, err))
			}
		}
	}
	return faults
}

// TestCorpus checks the document of every kind of type, and of every kind of event.
func TestCorpus(t *testing.T) {
	n := 0
	for _, folder := range []string{"shapes", "clients"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "pipeline", "testdata", folder, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want.asyncapi.json" })
			if i < 0 {
				t.Errorf("%s has no document: go test ./cmd/wsgen/internal/pipeline -update makes it", file)
				continue
			}
			p, err := parse(a.Files[i].Data)
			if err != nil {
				t.Fatal(file, err)
			}
			n++
			for _, fault := range p.faults() {
				t.Errorf("%s: %s", filepath.Base(file), fault)
			}
		}
	}
	if n < 19 {
		t.Errorf("only %d documents", n)
	}
}

// TestFaultsAreFound checks that the checks find what they are for.
func TestFaultsAreFound(t *testing.T) {
	const right = `{
		"channels": {
			"a": {"address": "/a/{b}", "parameters": {"b": {}}, "messages": {"m": {"$ref": "#/components/messages/m"}}},
			"c": {"address": "/c", "messages": {"m": {"$ref": "#/components/messages/m"}}}
		},
		"operations": {"o": {
			"channel": {"$ref": "#/channels/a"}, "messages": [{"$ref": "#/channels/a/messages/m"}],
			"reply": {"channel": {"$ref": "#/channels/a"}, "messages": [{"$ref": "#/channels/a/messages/m"}]}
		}},
		"components": {"messages": {"m": {
			"payload": {"type": "object", "properties": {"event": {"const": "m"}, "data": {"oneOf": [{"type": "integer"}, {"type": "null"}]}, "id": false}, "required": ["event"]},
			"examples": [{"payload": {"event": "m", "data": 1}}]
		}}}
	}`
	for _, c := range [][3]string{
		{"", "", ""},
		{`"messages": [{"$ref": "#/channels/a/messages/m"}]}`, `"messages": [{"$ref": "#/channels/c/messages/m"}]}`, "o: #/channels/c/messages/m is a message of another channel"},
		{`"reply": {"channel": {"$ref": "#/channels/a"}`, `"reply": {"channel": {"$ref": "#/channels/c"}`, "o: the reply is on another channel"},
		{`"#/components/messages/m"`, `"#/components/messages/x"`, "#/channels/a/messages/m: #/components/messages/x leads nowhere"},
		{`/a/{b}`, `/a/{d}`, `a: its path has the parameters ["d"]`},
		{`"parameters": {"b": {}}, `, ``, `a: its path has the parameters ["b"]`},
		{`"event": "m", "data": 1`, `"event": "m", "data": "1"`, "m: example 0: properties: data: oneOf: type: 1, not null"},
		{`"event": "m", "data": 1`, `"event": "n", "data": 1`, "m: example 0: properties: event: const: n, not m"},
		{`"event": "m", "data": 1`, `"data": 1`, "m: example 0: required: map[data:1] has no event"},
		{`"event": "m", "data": 1`, `"event": "m", "id": 1`, "m: example 0: properties: id: 1: nothing fits"},
	} {
		p, err := parse([]byte(strings.Replace(right, c[0], c[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		faults := p.faults()
		if c[2] == "" && len(faults) > 0 || c[2] != "" && !slices.Contains(faults, c[2]) {
			t.Errorf("%s: %q, want %q", c[1], faults, c[2])
		}
	}
}

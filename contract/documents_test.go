package contract_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus is where the sources of every kind of type and event are, with what wsgen
// makes of them.
const corpus = "../cmd/wsgen/internal/pipeline/testdata"

// TestDocuments: AsyncAPI's own parser reads the document of all of the corpus, which
// has every kind of type and event, and that of the demo, as both versions, and
// complains of nothing.
func TestDocuments(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	m := newModule(t, sources(t))
	documents := map[string]string{"corpus": m.wsgen("out/all.json", "-wire=off", "-asyncapi=out/all.json")}
	live, err := os.ReadFile("../examples/live/app/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	documents["live"] = string(live)
	folder, err := os.MkdirTemp(n.built, "documents-")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	write := func(name, text string) {
		t.Helper()
		files = append(files, filepath.Join(folder, name))
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const version = `"asyncapi": "3.0.0"`
	for name, text := range documents {
		if strings.Count(text, version) != 1 {
			t.Errorf("%s is not of version 3.0.0", name)
		}
		write(name+"-3.0.0.json", text)
		write(name+"-3.1.0.json", strings.Replace(text, version, `"asyncapi": "3.1.0"`, 1))
	}
	slices.Sort(files)
	write("broken.json", strings.Replace(documents["live"], `"action": "receive"`, `"action": "receives"`, 1))
	printed, err := n.run(n.exe, append([]string{"documents.mjs"}, files...)...)
	if err != nil {
		t.Fatal(err)
	}
	// The last one shows that the parser looks.
	all := strings.SplitAfter(printed, "\n")
	var last outcome
	if err := json.Unmarshal([]byte(all[len(all)-2]), &last); err != nil || last.Wrong == "" {
		t.Errorf("a document with a mistake: %q, %v", last, err)
	}
	outcomes(t, strings.Join(all[:len(all)-2], ""), 2*len(documents))
}

// TestAjvOfTheGuide runs what the page about documents has for ajv, with the bundle of the
// gateway that it shows.
func TestAjvOfTheGuide(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	text, err := os.ReadFile("../docs/guide/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]string{}
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		switch file, code := m[2], m[3]; {
		case m[1] == "ajv":
			n.write(t, file, code)
		case strings.HasPrefix(file, "shop/"):
			packages[file] = code
		}
	}
	const schema = "web/shop.schema.json"
	n.write(t, schema, newModule(t, packages).wsgen(schema, "-wire=off", "-jsonschema="+schema))
	printed, err := n.run(n.exe, "check.mjs")
	if err != nil || printed != "true false\n" {
		t.Errorf("%q, %v", printed, err)
	}
}

// TestBundles: the bundle of all of the corpus is a schema by the meta-schema of its
// draft, and ajv compiles each type of it, also where the name of its file has letters
// that no address has.
func TestBundles(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	m := newModule(t, sources(t))
	bundle := m.wsgen("out/größen.json", "-wire=off", "-jsonschema=out/größen.json")
	n.write(t, "bundles/whole.json", bundle)
	n.write(t, "bundles/broken.json", strings.Replace(bundle, `"type": "object"`, `"type": "objects"`, 1))
	printed, err := n.run(n.exe, "bundles.mjs", "bundles/whole.json", "bundles/broken.json")
	if err != nil {
		t.Fatal(err)
	}
	// The last one shows that ajv looks.
	whole, broken, _ := strings.Cut(printed, `{"name":"broken.json",`)
	if !strings.Contains(broken, "must be equal to one of the allowed values") {
		t.Errorf("a bundle with a mistake: %s", broken)
	}
	outcomes(t, strings.TrimSpace(whole), 90)
}

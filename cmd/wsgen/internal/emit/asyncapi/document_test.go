package asyncapi_test

import (
	"encoding/json"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/asyncapi"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// render is the document of a contract, in a file of the module at /m.
func render(t *testing.T, c *model.Contract, file string) parsed {
	t.Helper()
	a := asyncapi.Artifact("3.1.0")
	a.File = file
	files, err := a.Emit(t.Context(), emit.NewRun(&model.Program{Contracts: []*model.Contract{c}}, nil), a)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	p, err := parse(files[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sample is a gateway with what the corpus has not: guards of an application and of a
// gateway, codes that are declared, and examples.
func sample() *model.Contract {
	guard := func(pkg, name string) *model.GuardRef {
		g := &model.GuardRef{Name: name}
		if g.Type.Name, g.Type.Local = name, pkg == ""; pkg != "" {
			g.Type.Package = model.PackageRef{Path: "example.com/live/" + pkg, Name: pkg}
		}
		return g
	}
	text := &model.Shape{Kind: model.ShapeString}
	say := &model.Call{
		Event: "say", Doc: model.Doc{Text: "Say says a line. It is kept.", Deprecated: "use tell."}, Access: model.Guarded, Out: text,
		In: model.Data{Form: model.DataScalar, Members: []*model.Member{{Name: "text", Shape: text, Required: true}}},
		Handler: &model.Handler{
			Event: "say", Method: "Say", Mode: model.Serial, Timeout: time.Second, Guards: []*model.GuardRef{guard("", "Calm"), guard("auth", "Token")},
			Pos: token.Position{Filename: "/m/chat/chat.go", Line: 7},
		},
		Errors: []string{"banned", "not_found"}, Closed: true, Examples: []string{`{"text":"<hi>"}`, `"bare"`},
	}
	tell := &model.Call{
		Event: "tell", Access: model.Guarded, In: model.Data{Form: model.DataWhole, Shape: text}, Closed: true,
		Handler: &model.Handler{Event: "tell", Method: "Tell", Pos: token.Position{Filename: "/elsewhere/tell.go", Line: 8}},
	}
	return &model.Contract{
		App: model.PackageRef{Path: "example.com/live/app", Name: "app"}, Title: "app", Root: "/m",
		ConnGuards: []*model.GuardRef{guard("auth", "Token")}, MessageGuards: []*model.GuardRef{guard("", "Global")},
		Gateways: []*model.Facade{{
			Package: model.PackageRef{Path: "example.com/live/chat", Name: "chat"}, Name: "Chat",
			Gateway:  &model.Gateway{Name: "Chat", Path: "/rooms/{room}/{rest...}", Pos: token.Position{Filename: "/m/chat/chat.go", Line: 3}},
			Path:     []model.Segment{{Text: "/rooms/"}, {Wildcard: "room"}, {Text: "/"}, {Wildcard: "rest", Rest: true}},
			Registry: &model.Registry{Name: "Server"}, Calls: []*model.Call{say, tell}, Digest: "k3v9q2m1xw7d", Access: model.Guarded,
		}},
		Codes: []model.ErrCode{{Code: "banned", Doc: model.Doc{Text: "not wanted\nany more"}}, {Code: "locked"}},
	}
}

// want compares a part of a document.
func (p parsed) want(t *testing.T, ref, text string) {
	t.Helper()
	got, err := p.at(ref)
	if err != nil {
		t.Error(err)
		return
	}
	expected, err := parse([]byte(`{"want":` + text + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected.doc["want"]) {
		out, _ := json.MarshalIndent(got, "", "  ")
		t.Errorf("%s is\n%s\nwant\n%s", ref, out, text)
	}
}

// TestDocument checks what guards, declared codes, examples and paths become.
func TestDocument(t *testing.T) {
	p := render(t, sample(), "/m/app/asyncapi.json")
	for _, fault := range p.faults() {
		t.Error(fault)
	}
	p.want(t, "#/asyncapi", `"3.1.0"`)
	p.want(t, "#/info", `{"title":"app","version":"0.0.0"}`)
	p.want(t, "#/channels/chat.Chat/address", `"/rooms/{room}/{rest}"`)
	p.want(t, "#/channels/chat.Chat/x-wsgen", `{"go":"example.com/live/chat.Chat","path":"/rooms/{room}/{rest...}","registry":"Server",
		"access":"guarded","guards":["auth.Token","app.Global"],"contract":"k3v9q2m1xw7d","position":"chat/chat.go"}`)
	p.want(t, "#/operations/chat.Chat.say", `{"action":"receive","channel":{"$ref":"#/channels/chat.Chat"},"title":"say",
		"summary":"Say says a line.","description":"Say says a line. It is kept.\n\nDeprecated: use tell.",
		"messages":[{"$ref":"#/channels/chat.Chat/messages/say"}],
		"reply":{"channel":{"$ref":"#/channels/chat.Chat"},
			"messages":[{"$ref":"#/channels/chat.Chat/messages/say.reply"},{"$ref":"#/channels/chat.Chat/messages/error"}]},
		"security":[{"$ref":"#/components/securitySchemes/token"}],
		"x-wsgen":{"method":"Say","mode":"serial","timeout":"1s","access":"guarded","guards":["auth.Token","app.Global","Calm"],
			"errors":["banned","not_found"],"position":"chat/chat.go"}}`)
	p.want(t, "#/operations/chat.Chat.tell/x-wsgen", `{"method":"Tell","mode":"inline","access":"guarded","guards":["auth.Token","app.Global"],"errors":[]}`)
	p.want(t, "#/components/messages/chat.Chat.say/examples", `[{"payload":{"event":"say","id":1,"data":{"text":"<hi>"}}},{"payload":{"event":"say","id":1,"data":"bare"}}]`)
	p.want(t, "#/components/schemas/wsgen.Error/properties/code", `{"type":"string","enum":["bad_frame","unknown_event","invalid_payload",
		"validation_failed","unauthenticated","forbidden","rate_limited","timeout","canceled","too_large","unavailable","internal","banned","not_found"]}`)
	p.want(t, "#/components/schemas/wsgen.Error/description", `"- banned: not wanted any more"`)
	p.want(t, "#/components/securitySchemes/token/scheme", `"bearer"`)
}

// TestKept checks that the frames of a push that is kept may say where it is, and that
// those of others do not.
func TestKept(t *testing.T) {
	c := sample()
	text := []*model.Shape{{Kind: model.ShapeString}}
	registry := c.Gateways[0].Registry
	registry.Pushes = []*model.Pushed{{Event: "said", Data: text, Kept: true}, {Event: "typing", Data: text}}
	c.Registries = []*model.Registry{registry}
	p := render(t, c, "/m/asyncapi.json")
	for _, fault := range p.faults() {
		t.Error(fault)
	}
	p.want(t, "#/components/messages/Server.push.said/payload", `{"type":"object","properties":{"event":{"const":"said"},"id":false,"data":{"type":"string"},
		"log":{"$ref":"#/components/schemas/wsgen.Log"},"at":{"$ref":"#/components/schemas/wsgen.At"}},"required":["event","data"]}`)
	p.want(t, "#/components/messages/Server.push.typing/payload", `{"type":"object","properties":{"event":{"const":"typing"},"id":false,"data":{"type":"string"}},"required":["event","data"]}`)
	for schema, says := range map[string]map[string]bool{
		"wsgen.Log": {"h3Kd0aQ2x1E": true, "h3Kd0aQ2x1": false, "h3Kd0aQ2x1E=": false},
		"wsgen.At":  {"k3Jx.1042": true, "k3Jx": false, ".1": false, "k3Jx.1042 ": false},
	} {
		of, err := p.at("#/components/schemas/" + schema)
		if err != nil {
			t.Fatal(err)
		}
		for text, fits := range says {
			if err := p.fits(of, text); (err == nil) != fits {
				t.Errorf("%s, %q: %v", schema, text, err)
			}
		}
	}
	if _, err := render(t, sample(), "/m/asyncapi.json").at("#/components/schemas/wsgen.Log"); err == nil {
		t.Error("a document of no history tells of histories")
	}
}

// TestOpen checks that where a call does not say what it refuses with, any code may
// come, and that without guards nothing is asked for.
func TestOpen(t *testing.T) {
	c := sample()
	g := c.Gateways[0]
	g.Calls[1].Closed = false
	c.ConnGuards, c.MessageGuards, c.Root = nil, nil, "/m/app"
	p := render(t, c, "/m/asyncapi.json")
	code, err := p.at("#/components/schemas/wsgen.Error/properties/code")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"banned", "locked", "conflict", "of another version"} {
		if err := p.fits(code, v); err != nil {
			t.Error(err)
		}
	}
	text, _ := json.Marshal(p.doc)
	for _, word := range []string{"access_token", "securitySchemes", `"security"`, "position"} {
		if strings.Contains(string(text), word) {
			t.Errorf("there is %s in %s", word, text)
		}
	}
	if x, _ := p.at("#/operations/chat.Chat.tell/x-wsgen"); x.(map[string]any)["errors"] != nil {
		t.Errorf("a call that does not say with what it refuses: %v", x)
	}
}

// TestCodes checks that the codes are those of package ws.
func TestCodes(t *testing.T) {
	c := sample()
	c.Codes, c.Gateways[0].Calls = nil, c.Gateways[0].Calls[1:]
	c.Gateways[0].Calls[0].Closed = false
	p := render(t, c, "/m/asyncapi.json")
	code, err := p.at("#/components/schemas/wsgen.Error/properties/code")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range code.(map[string]any)["anyOf"].([]any)[0].(map[string]any)["enum"].([]any) {
		got = append(got, v.(string))
	}
	source, err := os.ReadFile("../../../../../runtime/error.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\tCode\w+ +Code = "(\w+)"`).FindAllSubmatch(source, -1) {
		want = append(want, string(m[1]))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) || len(want) < 14 {
		t.Errorf("%q, want %q", got, want)
	}
}

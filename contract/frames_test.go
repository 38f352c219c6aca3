package contract_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/contract/schema"
)

// TestLiveFrames runs tests of the demo, all that are in memory and some with its page
// in Chromium, and holds every frame that they see to the demo's document. The server sends what that says. What a client sends and the
// document does not have is refused.
func TestLiveFrames(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../examples/live/app/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := schema.ParseDocument(string(document))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, args := range [][]string{
		{"./app", "./auth", "./chat", "./flood", "./notify", "./rooms"},
		{"-run", "^(TestTheDemoKeepsASession|TestTheDemoAsksATab|TestATabIsAsked|TestUsersInBrowsers|TestWhoIsHereInBrowsers)$", "."},
	} {
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-vet=off"}, args...)...)
		cmd.Dir = filepath.Join("..", "examples", "live")
		cmd.Env = append(os.Environ(), "LIVE_FRAMES="+folder, "GOWORK=") // what is compiled there is used again
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go test %q: %v\n%s", args, err, out)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.client"))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, file := range files {
		client, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		server, err := os.ReadFile(strings.TrimSuffix(file, "client") + "server")
		if err != nil {
			t.Fatal(err)
		}
		path, said, err := spoken(client, server)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if path != "" {
			held(t, doc, path, said, counts)
		}
	}
	t.Logf("%d connections: %v", len(files), counts)
	for what, least := range map[string]int{"connections": 150, "sent": 1000, "taken": 500, "refused": 15, "sent to /ws": 500, "sent to /rooms": 15, "sent to /flood": 100} {
		if counts[what] < least {
			t.Errorf("%s: only %d, and there were to be %d", what, counts[what], least)
		}
	}
}

// framed is what a frame says of itself.
type framed struct {
	Event string
	ID    json.RawMessage
	Data  struct{ Code string }
}

// held holds what crossed one connection to the document.
func held(t *testing.T, doc *schema.Document, path string, said []text, counts map[string]int) {
	t.Helper()
	channel := doc.Channel(path)
	if channel == nil {
		t.Errorf("there is no channel for %s", path)
		return
	}
	counts["connections"]++
	var refused []framed // by the server
	for _, s := range said {
		var f framed
		if s.sent && json.Unmarshal(s.text, &f) == nil && f.Event == "error" {
			refused = append(refused, f)
		}
	}
	for _, s := range said {
		var f framed
		_ = json.Unmarshal(s.text, &f)
		if strings.HasPrefix(f.Event, "$") {
			counts["of the protocol"]++
			continue // docs/reference/protocol.md has those
		}
		if s.sent && f.Event == "" && path == "/rooms" {
			counts["texts that are no frame"]++ // which this gateway says that it sends
			continue
		}
		if s.sent {
			counts["sent"]++
			counts["sent to "+path]++
			if err := channel.Sent(s.text); err != nil {
				t.Errorf("%s: the server sends %s\n%v", path, s.text, err)
			}
			continue
		}
		if channel.Taken(s.text) == nil {
			counts["taken"]++
			continue
		}
		counts["refused"]++
		// Of a connection that ended first, nobody knows.
		isRefused := slices.ContainsFunc(refused, func(r framed) bool {
			return slices.Contains([]string{"bad_frame", "unknown_event", "invalid_payload", "validation_failed"}, r.Data.Code) &&
				(string(r.ID) == string(f.ID) || r.ID == nil)
		})
		if !isRefused {
			t.Errorf("%s: %s does not fit, and is not refused\n%v", path, s.text, channel.Taken(s.text))
		}
	}
}

// TestFramesAreHeld checks that a frame which does not fit is found.
func TestFramesAreHeld(t *testing.T) {
	document, err := os.ReadFile("../examples/live/app/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := schema.ParseDocument(string(document))
	if err != nil {
		t.Fatal(err)
	}
	ws := doc.Channel("/ws")
	for frame, ok := range map[string]bool{
		`{"event":"typing","data":{"author":"Ada"}}`:                                         true,
		`{"event":"typing","id":1,"data":null}`:                                              true,
		`{"event":"typing","data":{"author":1}}`:                                             false,
		`{"event":"typing","data":{}}`:                                                       false,
		`{"event":"typing","data":{"author":"Ada","x":1}}`:                                   false,
		`{"event":"unheard","data":null}`:                                                    false,
		`{"event":"history","id":1,"data":[{"author":"Ada","text":"hi"}]}`:                   true,
		`{"event":"history_pages","id":1,"data":[{"author":"Ada","text":"hi"}],"more":true}`: true,
		`{"event":"history_pages","id":1,"data":null}`:                                       true,
		`{"event":"history_pages","id":1,"data":[{"author":"Ada","text":"hi"}]}`:             false,
		`{"event":"error","data":{"code":"bad_frame","message":"no"}}`:                       true,
		`{"event":"error","data":{"code":"bad_frame"}}`:                                      false,
		`{"event":"confirm","id":"$1","data":{"by":"ann","text":"May I?"}}`:                  true,
		`{"event":"confirm","id":1,"data":{"by":"ann","text":"May I?"}}`:                     false,
	} {
		if err := ws.Sent([]byte(frame)); (err == nil) != ok {
			t.Errorf("sent %s: %v", frame, err)
		}
	}
	for frame, ok := range map[string]bool{
		`{"event":"join","data":"tea"}`: true,
		`{"event":"join","id":"a","data":{"room":"tea"},"meta":{"deadlineMs":"1"},"more":false}`: true,
		`{"event":"join","data":{"room":1}}`:                                                     false,
		`{"event":"join"}`:                                                                       false,
		`{"event":"join","id":1.5,"data":"tea"}`:                                                 false,
		`{"event":"history"}`:                                                                    true,
		`{"event":"history_pages","data":1}`:                                                     false,
		`{"event":"confirm","id":"$1","data":true}`:                                              true,
		`{"event":"error","id":"$1","data":{"code":"busy","message":"no"}}`:                      true,
		`{"event":"error","id":1,"data":{"code":"busy","message":"no"}}`:                         false,
	} {
		if err := ws.Taken([]byte(frame)); (err == nil) != ok {
			t.Errorf("taken %s: %v", frame, err)
		}
	}
	if doc.Channel("/rooms/tea") == nil || doc.Channel("/rooms/tea/x") != nil || doc.Channel("/nowhere") != nil {
		t.Error("a path leads to the wrong gateway")
	}
}

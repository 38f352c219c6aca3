package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// until takes pushes of an event until one is as wanted.
func until[T any](c *wstest.Conn, event string, is func(T) bool) (last T) {
	for last = wstest.Expect[T](c, event); !is(last); last = wstest.Expect[T](c, event) {
	}
	return last
}

// enter connects somebody, who says hello.
func enter(t *testing.T, node *livetest.Live, name string) *wstest.Conn {
	t.Helper()
	c := node.Connect(t, "/ws")
	c.Call("hello", map[string]string{"name": name}).OK()
	return c
}

func names(want ...string) func(chat.Here) bool {
	return func(h chat.Here) bool {
		var got []string
		for _, p := range h.People {
			got = append(got, p.Name)
		}
		slices.Sort(got)
		return h.Count == len(want) && slices.Equal(got, want)
	}
}

// TestNodesShareTheChat checks that people on three nodes see and hear each other.
func TestNodesShareTheChat(t *testing.T) {
	nodes := livetest.StartNodes(t, 3)
	ada, bob, eve := enter(t, nodes[0], "Ada"), enter(t, nodes[1], "Bob"), nodes[2].Connect(t, "/ws")
	for _, c := range []*wstest.Conn{ada, bob} {
		until(c, "here", names("Ada", "Bob"))
	}
	bob.Send("typing", map[string]string{"author": "Bob"})
	if got := wstest.Expect[chat.Typing](ada, "typing"); got.Author != "Bob" {
		t.Errorf("typing: %+v", got)
	}
	bob.Call("message", map[string]string{"author": "Bob", "text": "hello"}).OK()
	for _, c := range []*wstest.Conn{ada, eve} {
		if got := wstest.Expect[chat.ChatMessage](c, "message"); got.Text != "hello" {
			t.Errorf("message: %+v", got)
		}
	}
	for _, c := range []*wstest.Conn{ada, bob, eve} {
		livetest.Eventually(t, "all have the history", func() bool {
			return strings.Contains(c.Call("history", nil).Text(), `"hello"`)
		})
	}

	for _, c := range []*wstest.Conn{ada, bob} {
		c.Call("join", map[string]string{"room": "tea"}).OK()
	}
	both := func(p chat.Present) bool { return p.Room == "tea" && p.Count == 2 }
	until(ada, "present", both)
	until(bob, "present", both)
	ada.Call("say", map[string]string{"room": "tea", "text": "milk?"}).OK()
	if got := wstest.Expect[chat.Said](bob, "said"); got.Author != "Ada" || got.Text != "milk?" {
		t.Errorf("said: %+v", got)
	}
	bob.Call("leave", map[string]string{"room": "tea"}).OK()
	until(ada, "present", func(p chat.Present) bool { return p.Room == "tea" && p.Count == 1 })
}

// TestNodesCount checks that what may wait counts the connections of all nodes.
func TestNodesCount(t *testing.T) {
	nodes := livetest.StartNodes(t, 3)
	ann, ben, _ := nodes[0].Connect(t, "/ws?access_token=demo-ann"), nodes[1].Connect(t, "/ws?access_token=demo-ben"), nodes[2].Connect(t, "/notify")
	if got := wstest.Decode[int](ann.Call("presence", nil)); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
	for path, want := range map[string]string{"/announce": `{"reached":2}`, "/notify/ben": `{"reached":1}`, "/notify/eve": `{"reached":0}`} {
		if got := post(t, nodes[2], path, `{"text":"hi"}`); got != want {
			t.Errorf("POST %s: %s, want %s", path, got, want)
		}
	}
	// What is pushed to everyone of one namespace is not heard in another.
	if got := wstest.Expect[string](ann, "announce"); got != "hi" {
		t.Errorf("announced %q", got)
	}
	if got := wstest.Decode[int](ann.Call("sign_out", map[string]string{"user": "ben"})); got != 1 {
		t.Errorf("%d signed out, want 1", got)
	}
	ben.ExpectClose(4401)
}

// TestNamespacesStayApart checks that a namespace hears, on other nodes too, only what is pushed there.
func TestNamespacesStayApart(t *testing.T) {
	nodes := livetest.StartNodes(t, 2)
	other, far := nodes[0].Connect(t, "/notify"), nodes[1].Connect(t, "/notify")
	chatting := enter(t, nodes[1], "Ada")
	post(t, nodes[0], "/announce", `{"text":"hi"}`)
	wstest.Expect[string](chatting, "announce")
	other.Call("ping", nil).OK()
	for _, c := range []*wstest.Conn{other, far} {
		wstest.Expect[string](c, "pong")
		c.ExpectSilence(0)
	}
}

// TestNodesComeAndGo checks what people are told of nodes, and that nobody stays of one that is gone.
func TestNodesComeAndGo(t *testing.T) {
	nodes := livetest.StartNodes(t, 3)
	ada, bob := enter(t, nodes[0], "Ada"), enter(t, nodes[1], "Bob")
	all := until(ada, "nodes", func(n chat.Nodes) bool {
		return n.Up && len(n.Nodes) == 3 && n.Nodes[0].Connections == 1 && n.Nodes[1].Connections == 1 &&
			n.Nodes[0].State+n.Nodes[1].State+n.Nodes[2].State == "upupup" // who is late is silent for a moment
	})
	for i, n := range all.Nodes {
		if n.Addr != fmt.Sprintf("127.0.0.1:%d", 3004+i) || n.State != "up" || all.Self != "127.0.0.1:3004" {
			t.Errorf("told of %+v", all)
		}
	}
	until(ada, "here", names("Ada", "Bob"))
	ctx, cancel := context.WithTimeout(context.Background(), livetest.Patience)
	defer cancel()
	if err := nodes[1].App.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	wstest.Expect[any](bob, "draining")
	until(ada, "nodes", func(n chat.Nodes) bool { return len(n.Nodes) == 2 })
	until(ada, "here", names("Ada"))
	for _, frame := range ada.Texts() {
		if strings.Contains(frame, `"draining","data"`) {
			t.Error("people of another node are told that theirs goes away")
		}
	}
}

// TestOneNodeHasTheHeart checks that of several nodes one sends the heartbeat.
func TestOneNodeHasTheHeart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := livetest.StartNodes(t, 3)[0].Connect(t, "/ws")
		time.Sleep(21 * time.Second)
		synctest.Wait()
		beats := 0
		for _, frame := range c.Texts() {
			if strings.HasPrefix(frame, `{"event":"heartbeat"`) {
				beats++
			}
		}
		if beats != 4 {
			t.Errorf("%d heartbeats in 21 s, want 4", beats)
		}
	})
}

// TestPagesOfOtherNodes checks who may come: a page of the same host, from whatever port, and no other.
func TestPagesOfOtherNodes(t *testing.T) {
	node := livetest.StartNodes(t, 1)[0]
	alone := livetest.StartInMemory(t)
	for origin, want := range map[string][2]int{
		"http://127.0.0.1:3005":      {http.StatusOK, http.StatusForbidden},
		"http://127.0.0.1.evil:3005": {http.StatusForbidden, http.StatusForbidden},
		"http://evil.example":        {http.StatusForbidden, http.StatusForbidden},
		"null":                       {http.StatusForbidden, http.StatusForbidden},
	} {
		for i, live := range []*livetest.Live{node, alone} {
			request, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:3004/token", strings.NewReader(`{"user":"ann"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Origin", origin)
			request.Header.Set("Sec-Fetch-Site", "same-site")
			response, err := live.Client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			allowed := response.Header.Get("Access-Control-Allow-Origin")
			if response.StatusCode != want[i] || (allowed == origin) != (want[i] == http.StatusOK) {
				t.Errorf("%s, node %d: %s, allowed %q, want %d", origin, i, response.Status, allowed, want[i])
			}
		}
	}
}

func post(t *testing.T, live *livetest.Live, path, body string) string {
	t.Helper()
	response, err := live.Client.Post(live.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

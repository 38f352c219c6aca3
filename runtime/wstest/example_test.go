package wstest_test

import (
	"fmt"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// Whoever is connected to one node hears what another one pushes.
func ExampleRun() {
	t := new(probe) // a test has its *testing.T
	defer t.end()

	nodes := wstest.Run(t, 2, ws.Options{Logger: silent})
	ann := wstest.Dial(t, at(nodes[1]), wstest.Path("/fixture/lobby"), wstest.As(ws.Principal{ID: "ann"}))

	_, _ = nodes[0].Users("ann").Emit("greeted", "hello from the other node")
	fmt.Println(wstest.Expect[string](ann, "greeted"))
	// Output: hello from the other node
}

// A client whose line breaks goes on with another, and has missed nothing.
func ExampleDialSession() {
	t := new(probe) // a test has its *testing.T
	defer t.end()

	server := quiet(ws.Options{})
	ann := wstest.DialSession(t, at(server), wstest.Path("/fixture/lobby"), wstest.As(ws.Principal{ID: "ann"}))
	_, _ = server.Users("ann").Emit("greeted", "before the tunnel")

	ann.Cut()
	_, _ = server.Users("ann").Emit("greeted", "within it")
	said := ann.Begin("scalar", "hello?") // it waits for a socket
	ann.Resume()

	fmt.Println(wstest.Expect[string](ann, "greeted"))
	fmt.Println(wstest.Expect[string](ann, "greeted"))
	said.Reply().OK()
	// Output:
	// before the tunnel
	// within it
}

// A client is asked, and answers.
func ExampleSession_ExpectQuestion() {
	t := new(probe) // a test has its *testing.T
	defer t.end()

	sure := spoken{"delete": func(c *ws.Call) error {
		ask := ws.NewAsk(c.Client().Server(), func(to ws.Asked) ws.Asked { return to })
		yes, err := ws.AskOne[bool](c.Context(), ask.Client(c.Client()), "confirm", "Delete it?")
		if err != nil {
			return err
		}
		return c.Reply(yes)
	}}
	ann := wstest.DialSession(t, sure.serve(quiet(ws.Options{})))

	deleted := ann.Begin("delete", nil)
	question := ann.ExpectQuestion("confirm")
	fmt.Println(question.Text())
	question.Answer(true)
	fmt.Println(wstest.Decode[bool](deleted.Reply()))
	// Output:
	// "Delete it?"
	// true
}

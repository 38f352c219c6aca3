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

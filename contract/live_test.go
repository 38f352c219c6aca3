package contract_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLive: a client that is generated, in TypeScript or JavaScript, speaks to the
// server that the same source serves. The program that uses it has types either way.
// A client of older source speaks to that server, too, and is told of it.
func TestLive(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	source := archive(t, "testdata/live.txtar")
	m, before := newModule(t, source), newModule(t, source)
	const member = "`json:\"reply,omitempty\"`\n"
	before.write("live/live.go", strings.Replace(source["live/live.go"], member, member+"\tOlder bool `json:\"older,omitempty\"`\n", 1))
	typescript := m.wsgen("live.gen.ts", "-client.ts=live.gen.ts")
	javascript := m.wsgen("live.gen.js", "-client.js=live.gen.js")
	older := before.wsgen("older.gen.ts", "-client.ts=older.gen.ts")
	program, err := os.ReadFile("testdata/live.ts")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"live.gen.ts": typescript, "live.gen.js": javascript} {
		t.Run(name, func(t *testing.T) {
			folder, err := os.MkdirTemp(n.built, "live-")
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Base(folder)
			n.write(t, filepath.Join(base, name), text)
			n.write(t, filepath.Join(base, "older.gen.ts"), older)
			n.write(t, filepath.Join(base, "live.ts"), string(program))
			n.write(t, filepath.Join(base, "wrong.ts"), wrongUses)
			out, err := n.compile("7.0", withNode+`, "allowJs": true`, filepath.Join(base, "live.ts"), filepath.Join(base, "wrong.ts"))
			if err != nil {
				t.Fatal(err)
			}
			printed, err := n.run(n.exe, filepath.Join(out, base, "live.js"), m.serve())
			if err != nil {
				t.Fatal(err)
			}
			outcomes(t, strings.TrimSpace(printed), 9)
		})
	}
}

// wrongUses is what TypeScript has to refuse, of either client.
const wrongUses = `import { RoomClient } from "./live.gen.js";

export async function wrong(room: RoomClient): Promise<void> {
  // @ts-expect-error there is no such event
  await room.tell({});
  // @ts-expect-error a field is missing
  await room.say({ text: "hello" });
  // @ts-expect-error the answer is a number
  const typed: string = await room.typed();
  // @ts-expect-error nothing is pushed by that name
  room.on("sad", () => {});
  // @ts-expect-error a line has no author
  room.on("said", (line) => line.author);
  // @ts-expect-error a question is answered by what it asks for
  room.handle("sure", () => "yes");
  // @ts-expect-error its path has two wildcards
  new RoomClient({ room: "tea" });
  console.log(typed);
}
`

// serve builds the module's program and starts it. It prints where it serves, and
// ends with its input.
func (m module) serve() (url string) {
	m.t.Helper()
	exe := filepath.Join(m.dir, "live.exe")
	if _, err := goCommand(m.dir, "go", "build", "-o", exe, ".").run(); err != nil {
		m.t.Fatal(err)
	}
	cmd := goCommand(m.dir, exe).Cmd
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	m.t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			m.t.Errorf("the server: %v\n%s", err, said.String())
		}
		late.Stop()
	})
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		m.t.Fatalf("the server says nothing: %v", err)
	}
	return strings.TrimSpace(url)
}

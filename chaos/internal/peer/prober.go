package peer

import (
	"fmt"
	"strings"
	"time"
)

// Probe is a join whose first push was waited for.
type Probe struct {
	At       time.Time
	Took     time.Duration // from before the join until its reply
	Here     string        // address of the node that was joined at
	There    string        // and of the one that has pushed
	Arrived  bool
	Finished bool // both connections worked to the end
}

// ProbeJoin joins a fresh room at one node, and, having the reply, has another node
// push to it. It waits for that push for as long as patience.
func ProbeJoin(here, there *Prober, number int, patience time.Duration) (p Probe) {
	p = Probe{At: time.Now(), Here: here.Addr, There: there.Addr}
	room, token := fmt.Sprintf("probe %d", number), fmt.Sprintf("token %d", number)
	limit := time.Now().Add(patience)
	if !here.say(limit, fmt.Sprintf(`{"event":"join","id":1,"data":[%q]}`, room), `{"event":"join"`) {
		return p
	}
	p.Took = time.Since(p.At)
	if !there.say(limit, fmt.Sprintf(`{"event":"tell","id":2,"data":{"room":%q,"token":%q}}`, room, token), `{"event":"tell"`) {
		return p
	}
	p.Arrived = here.say(time.Now().Add(patience), "", fmt.Sprintf(`{"event":"first","data":%q}`, token))
	p.Finished = p.Arrived || !here.broken
	if p.Arrived {
		_ = here.say(limit, fmt.Sprintf(`{"event":"leave","id":3,"data":[%q]}`, room), `{"event":"leave"`)
	}
	return p
}

// Prober is a connection for ProbeJoin. It is made when it is needed. One goroutine
// uses it.
type Prober struct {
	Addr   string
	conn   *conn
	broken bool
}

// Close ends it.
func (p *Prober) Close() {
	if p.conn != nil {
		_ = p.conn.Close()
		p.conn = nil
	}
}

// say sends a text, if there is one, and waits until a message comes that begins
// with want.
func (p *Prober) say(limit time.Time, text, want string) bool {
	p.broken = false
	if p.conn == nil {
		c, err := dial(p.Addr, "prober")
		if err != nil {
			p.broken = true
			return false
		}
		p.conn = c
	}
	if text != "" && p.conn.send(text) != nil {
		p.broken = true
		p.Close()
		return false
	}
	_ = p.conn.SetReadDeadline(limit)
	var buf []byte
	for {
		got, err := p.conn.next(buf[:0])
		if err != nil {
			timeout, ok := err.(interface{ Timeout() bool })
			p.broken = !ok || !timeout.Timeout()
			p.Close()
			return false
		}
		if buf = got; strings.HasPrefix(string(got), want) {
			return true
		}
	}
}

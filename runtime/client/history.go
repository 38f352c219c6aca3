package wsclient

import (
	"bytes"
	"container/list"
	"encoding/json"
)

// This file is about pushes that the server keeps (docs/reference/protocol.md, "Kept
// pushes"): the client notes what it has had of each history, whatever becomes of its
// sessions, and claims it when another begins.

// History is a place in what a server keeps of the pushes to a room or user.
type History struct {
	// Log names the history. It is the same in all sessions, and says neither the room
	// nor the user.
	Log string
	// At is where it goes on: what was pushed there behind that comes.
	At string
}

const (
	maxPlaces = 256 // that are noted: a server takes no more
	maxPlace  = 64  // bytes of a Log or At; those of wsgen are shorter
)

// places are what a client has had of histories. Client.mu guards them.
type places struct {
	newest list.List                // of *place, the one that was heard of last at the end
	by     map[string]*list.Element // by History.Log
	forgot bool                     // some of them, for want of room

	// claimed are those of before this session, and not followed in it; unsure says
	// that there were others, which were forgotten.
	claimed map[string]bool
	unsure  bool
}

// place is one of them.
type place struct {
	History

	lost string // At of the last $lost; "": there was none
}

// note notes what was had of a history, and returns that.
func (p *places) note(log, at string) *place {
	if e := p.by[log]; e != nil {
		p.newest.MoveToBack(e)
		known := e.Value.(*place)
		known.At = at
		return known
	}
	if p.by == nil {
		p.by = make(map[string]*list.Element)
	}
	if p.newest.Len() == maxPlaces {
		oldest := p.newest.Remove(p.newest.Front()).(*place)
		delete(p.by, oldest.Log)
		p.forgot = true
	}
	x := &place{History: History{log, at}}
	p.by[log] = p.newest.PushBack(x)
	return x
}

// claims returns the last At of each Log, as $connect says it; nil is none.
func (p *places) claims() map[string]string {
	if len(p.by) == 0 {
		return nil
	}
	all := make(map[string]string, len(p.by))
	for log, e := range p.by {
		all[log] = e.Value.(*place).At
	}
	return all
}

// begin begins a session, in which the histories of before have to be followed anew.
func (p *places) begin() {
	p.claimed, p.unsure = make(map[string]bool, len(p.by)), p.forgot
	for log := range p.by {
		p.claimed[log] = true
	}
}

// settle reports whether a history is one of those of before this session that were not
// followed yet. It is from now on.
func (p *places) settle(log string) (claimed bool) {
	claimed = p.claimed[log] || p.unsure && p.by[log] == nil
	delete(p.claimed, log)
	return claimed
}

// historyData is the data of $joined and $lost.
type historyData struct {
	Log       string `json:"log"`
	At        string `json:"at"`
	Recovered bool   `json:"recovered"`
}

// goesOn takes $joined, or $lost: a history goes on from where the server says. What it
// says again, over another socket, is told once. The caller holds mu.
func (c *Client) goesOn(lost bool, data []byte) {
	var says historyData
	if json.Unmarshal(data, &says) != nil || !isPlace(says.Log, says.At) {
		return
	}
	news := c.places.settle(says.Log)
	if at := c.places.note(says.Log, says.At); lost {
		news, at.lost = at.lost != says.At, says.At
	}
	switch of := (History{says.Log, says.At}); {
	case !news:
	case !says.Recovered:
		c.lose(of)
	case c.o.OnRecovered != nil:
		c.tell(func() { c.o.OnRecovered(of) })
	}
}

// isPlace reports whether log and at may be a place in a history.
func isPlace(log, at string) bool {
	return log != "" && at != "" && len(log) <= maxPlace && len(at) <= maxPlace
}

// placeOf returns where a push is kept; "" is nowhere. A server of wsgen writes that at
// its end, where it is found without reading the data once more.
func placeOf(text []byte) (log, at string) {
	if log, at, found := tailOf(text); found {
		return log, at
	}
	if !bytes.Contains(text, []byte(`"log"`)) || !bytes.Contains(text, []byte(`"at"`)) {
		return "", ""
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || json.Unmarshal(members["log"], &log) != nil || json.Unmarshal(members["at"], &at) != nil || !isPlace(log, at) {
		return "", ""
	}
	return log, at
}

// tailOf reads the end of a kept push: ,"log":"…","at":"…"}. The last brace is that of
// the frame, so these are members of it.
func tailOf(text []byte) (log, at string, found bool) {
	rest, ends := bytes.CutSuffix(text, []byte(`"}`))
	if !ends {
		return "", "", false
	}
	begin := bytes.LastIndexByte(rest, '"') + 1
	at = string(rest[begin:])
	if rest, ends = bytes.CutSuffix(rest[:begin], []byte(`","at":"`)); !ends {
		return "", "", false
	}
	begin = bytes.LastIndexByte(rest, '"') + 1
	log = string(rest[begin:])
	return log, at, bytes.HasSuffix(rest[:begin], []byte(`,"log":"`)) && isPlace(log, at)
}

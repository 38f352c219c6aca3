package cluster

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

type id uint64

// sent returns the packet that a view is of.
func (v *View) sent() Packet[id] {
	p := Packet[id]{
		Kind: v.Kind, From: v.From, Target: v.Target, Place: v.Place,
		IDs: AppendIDs[id](nil, v.IDs), Except: AppendIDs[id](nil, v.Except),
		Event: string(v.Event), Trace: string(v.Trace), Key: string(v.Key), Declared: v.Declared, Overflow: v.Overflow, Sent: v.Sent,
		Log: string(v.Log), Room: string(v.Room), Code: v.Code, Reason: string(v.Reason),
		NodeName: string(v.NodeName), Base: v.Base, Lowest: v.Lowest, Highest: v.Highest, HighestKind: v.HighestKind,
		Connections: v.Connections, Rooms: v.Rooms, State: v.State, Began: v.Began,
		Request: v.Request, Asks: v.Asks, Part: v.Part, Last: v.Last, Refusal: v.Refusal,
		Presence: string(v.Presence), Version: v.Version, Since: v.Since, Limit: v.Limit,
	}
	if len(v.Payload) > 0 {
		p.Payload = v.Payload
	}
	for _, n := range v.Names.All() {
		p.Names = append(p.Names, string(n))
	}
	for _, at := range v.Places.All() {
		p.Places = append(p.Places, string(at))
	}
	return p
}

// textFrame returns a frame whose text has n bytes.
func textFrame(n int) []byte {
	text := bytes.Repeat([]byte("x"), n)
	switch {
	case n < 126:
		return append([]byte{0x81, byte(n)}, text...)
	case n < 1<<16:
		return append([]byte{0x81, 126, byte(n >> 8), byte(n)}, text...)
	}
	return append([]byte{0x81, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, text...)
}

// samples are packets of every kind, with all that each can have.
func samples() []Packet[id] {
	const from = 0x0102030405060708
	return []Packet[id]{
		{Kind: Push, From: from, Target: ToAll, Payload: textFrame(0)},
		{Kind: Push, From: from, Target: ToRooms, Names: []string{"lobby"}, Event: "said", Sent: 1_800_000_000_000, Payload: textFrame(125)},
		{
			Kind: Push, From: 1<<64 - 1, Target: ToRooms, Names: []string{"", "a.b", strings.Repeat("\x00", 4096)}, Place: 2, Except: []id{1, 1<<64 - 1},
			Event: "said", Key: "k", Declared: true, Overflow: 3, Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Sent: 1, Payload: textFrame(126),
		},
		{Kind: Push, From: from, Target: ToUsers, Names: []string{"ann"}, Payload: textFrame(1 << 16)},
		{Kind: Push, From: from, Target: ToConns, IDs: slices.Repeat([]id{7}, MaxIDs), Except: slices.Repeat([]id{8}, MaxIDs), Payload: textFrame(1<<16 - 1)},
		{Kind: Push, From: from, Target: ToRooms, Names: slices.Repeat([]string{"x"}, MaxNames), Place: MaxNames - 1, Payload: textFrame(1)},
		{Kind: Push, From: from, Target: ToRooms, Names: []string{"lobby"}, Event: "said", Log: "chat.Events", Payload: textFrame(2)},
		{Kind: Push, From: from, Target: ToRooms, Names: []string{"a", "b", "c", "d"}, Place: 3, Log: "chat.Events", Places: []string{"k3Jx.1042", "", "k3Jx.7"}, Payload: textFrame(2)},
		{Kind: Push, From: from, Target: ToUsers, Names: []string{"ann"}, Log: strings.Repeat("x", 200), Except: []id{5}, Overflow: 1, Payload: textFrame(2)},
		{Kind: Join, From: from, Target: ToUsers, Names: []string{"ann", "bob"}, Place: 1, Room: ""},
		{Kind: Leave, From: from, Target: ToConns, IDs: []id{1}, Room: "lobby"},
		{Kind: Hangup, From: from, Target: ToAll, Except: []id{5}, Code: 4000, Reason: "over"},
		{Kind: Hangup, From: from, Target: ToRooms, Names: []string{"r"}, Code: 1000},
		{Kind: Heartbeat, From: from, NodeName: "host 17", Base: 1<<24 - 1, Lowest: 1, Highest: 2, HighestKind: 12, Connections: 20_000, Rooms: 1 << 40, State: Hello | Draining | Guest, Began: 1_800_000_000_000},
		{Kind: Bye, From: from, Lowest: 1, Highest: 1, HighestKind: Answer},
		{Kind: Push, From: from, Target: ToRooms, Names: []string{"lobby"}, Request: 1<<64 - 1, Base: 1<<24 - 1, Payload: textFrame(2)},
		{Kind: Join, From: from, Target: ToAll, Room: "lobby", Request: 1, Base: 2},
		{Kind: Leave, From: from, Target: ToConns, IDs: []id{1}, Room: "lobby", Request: 1},
		{Kind: Hangup, From: from, Target: ToUsers, Names: []string{"ann"}, Code: 1000, Request: 300, Base: 3},
		{Kind: Question, From: from, Request: 1<<64 - 1, Asks: 2},
		{Kind: Question, From: from, Request: 1, Asks: 2, Base: 300},
		{Kind: Answer, From: from, Request: 1, Last: true, Refusal: true},
		{Kind: Answer, From: from, Request: 1, Asks: 2, Part: 300, Last: true, Payload: []byte("anything")},
		{Kind: Answer, From: from, Request: 1},
		{Kind: Question, From: from, Target: ToRooms, Names: []string{"lobby"}, Request: 1, Asks: AskPresence, Presence: "chat.Events", Limit: 100},
		{Kind: PresenceChange, From: from, Base: 1<<24 - 1, Target: ToRooms, Names: []string{"lobby"}, Presence: "chat.Events", Since: 300, Version: 1<<64 - 1, Payload: []byte("entries")},
		{Kind: PresenceChange, From: from, Target: ToRooms, Names: []string{""}, Version: 1},
		{Kind: PresenceState, From: from, Target: ToRooms, Names: []string{"lobby"}, Presence: "chat.Events", Version: 7, Part: 300, Last: true, Payload: []byte("entries")},
		{Kind: PresenceState, From: from, Target: ToRooms, Names: []string{"lobby"}, Presence: "chat.Events"},
		{Kind: PresenceAsk, From: from, Base: 1, Target: ToRooms, Names: []string{"lobby"}, Presence: "chat.Events", Version: 7, Payload: []byte("nodes")},
		{Kind: PresenceDigest, From: from, Base: 1, Target: ToRooms, Names: []string{"lobby"}, Presence: "chat.Events", Version: 7},
	}
}

// TestPackets: what is sent arrives, and every end of it that is cut off is
// noticed.
func TestPackets(t *testing.T) {
	for i, p := range samples() {
		data, err := p.Append([]byte("before"))
		if err != nil || !bytes.HasPrefix(data, []byte("before")) {
			t.Fatalf("%d: %v", i, err)
		}
		data = data[len("before"):]
		var v View
		if err := v.Parse(data); err != nil {
			t.Errorf("%d: %v\n%s", i, err, hex.Dump(data[:min(200, len(data))]))
			continue
		}
		if got := v.sent(); !reflect.DeepEqual(got, p) {
			t.Errorf("%d:\n%+v, want\n%+v", i, got, p)
		}
		for at, name := range p.Names {
			if got := v.Names.At(at); string(got) != name {
				t.Errorf("%d: name %d is %q", i, at, got)
			}
		}
		if v.Names.At(len(p.Names)) != nil || v.Names.At(-1) != nil {
			t.Errorf("%d: a name beyond the last", i)
		}
		if p.Kind >= Answer && p.Kind != PresenceDigest {
			continue // its payload has no length
		}
		for n := range min(len(data), 2000) {
			if err := v.Parse(data[:n]); err == nil {
				t.Errorf("%d: %d bytes of %d are a packet", i, n, len(data))
			}
		}
	}
}

// TestLayout: the bytes of a push are these. Nodes of the next release read them,
// and send no others while this one is there.
func TestLayout(t *testing.T) {
	p := Packet[id]{
		Kind: Push, From: 0x0102030405060708, Target: ToRooms, Names: []string{"a", "lobby"}, Place: 1,
		Except: []id{0x1112131415161718}, Event: "said", Sent: 300, Payload: []byte("\x81\x02{}"),
	}
	got, err := p.Append(nil)
	want := "5701010001020304050607080101720309020161056c6f6262790501010908111213141516171802047361696404" + "02ac02" + "00" + "81027b7d"
	if hex.EncodeToString(got) != want || err != nil {
		t.Errorf("%x, %v; want\n%s", got, err, want)
	}
}

// TestTooMany: a packet beyond a bound is not sent, and leaves the buffer as it
// was.
func TestTooMany(t *testing.T) {
	push := func(change func(*Packet[id])) Packet[id] {
		p := Packet[id]{Kind: Push, From: 1, Target: ToRooms, Names: []string{"r"}, Payload: textFrame(1)}
		change(&p)
		return p
	}
	for name, p := range map[string]Packet[id]{
		"names":      push(func(p *Packet[id]) { p.Names = make([]string, MaxNames+1) }),
		"long names": push(func(p *Packet[id]) { p.Names = []string{strings.Repeat("x", MaxField-3)} }),
		"ids":        push(func(p *Packet[id]) { p.Target, p.Names, p.IDs = ToConns, nil, make([]id, MaxIDs+1) }),
		"exceptions": push(func(p *Packet[id]) { p.Except = make([]id, MaxIDs+1) }),
		"an event":   push(func(p *Packet[id]) { p.Event = strings.Repeat("x", MaxField+1) }),
		"a key":      push(func(p *Packet[id]) { p.Key = strings.Repeat("x", MaxField+1) }),
		"a room":     {Kind: Join, From: 1, Target: ToAll, Room: strings.Repeat("x", MaxField+1)},
		"a reason":   {Kind: Hangup, From: 1, Target: ToAll, Reason: strings.Repeat("x", MaxField)},
		"all":        push(func(p *Packet[id]) { p.Payload = textFrame(MaxPacket) }),
	} {
		if got, err := p.Append([]byte("before")); !errors.Is(err, ErrTooMany) || string(got) != "before" {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	most := push(func(p *Packet[id]) { p.Names = []string{strings.Repeat("x", MaxField-4)} })
	data, err := most.Append(nil)
	var v View
	if err != nil || v.Parse(data) != nil {
		t.Errorf("the longest names: %v, %v", err, v.Parse(data))
	}
}

// TestMalformed: what no release sends is malformed, and what another may send is
// unknown, whatever else it has.
func TestMalformed(t *testing.T) {
	const head, end, frame = "570101000000000000000001", "00", "8100"
	for _, c := range []struct {
		what, data string
		want       error
	}{
		{"a push to all", head + "010161" + end + frame, nil},
		{"nothing", "", ErrMalformed},
		{"another beginning", "58" + head[2:] + "010161" + end + frame, ErrMalformed},
		{"layout 0", "5700" + head[4:] + "010161" + end + frame, ErrMalformed},
		{"layout 2", "5702", ErrUnknown},
		{"kind 0", "570100" + head[6:] + "010161" + end + frame, ErrMalformed},
		{"kind 13", "57010d" + head[6:] + "010161" + end + frame, ErrUnknown},
		{"kind 13, broken", "57010d" + head[6:] + "0109", ErrMalformed},
		{"flags", "57010101" + head[8:] + "010161" + end + frame, ErrUnknown},
		{"sender 0", "570101000000000000000000" + "010161" + end + frame, ErrMalformed},
		{"an odd tag", head + "010161" + "1f0101" + end + frame, ErrUnknown},
		{"an even tag", head + "010161" + "1e0101" + end + frame, nil},
		{"a large odd tag", head + "010161" + "c96500" + end + frame, ErrUnknown},
		{"a large even tag", head + "010161" + "c86500" + end + frame, nil},
		{"a tag without end", head + "ffffffffffffffffffffff", ErrMalformed},
		{"a field without a length", head + "01", ErrMalformed},
		{"a field that is cut", head + "0102" + "61", ErrMalformed},
		{"a field as long as memory", head + "01ffffffffffffffff7f61" + end + frame, ErrMalformed},
		{"a tag twice", head + "010161" + "010161" + end + frame, ErrMalformed},
		{"an even tag twice", head + "010161" + "1e0101" + "1e0101" + end + frame, nil},
		{"no target", head + end + frame, ErrMalformed},
		{"a target of another release", head + "010162" + end + frame, ErrUnknown},
		{"a target of two bytes", head + "01026161" + end + frame, ErrMalformed},
		{"all, with a name", head + "010161" + "03030101" + "72" + end + frame, ErrMalformed},
		{"all, with ids", head + "010161" + "07080000000000000001" + end + frame, ErrMalformed},
		{"rooms without names", head + "010172" + end + frame, ErrMalformed},
		{"no names", head + "010172" + "030100" + end + frame, ErrMalformed},
		{"more names than there are", head + "010172" + "0303020172" + end + frame, ErrMalformed},
		{"names as many as memory", head + "010172" + "0309ffffffffffffffff7f" + end + frame, ErrMalformed},
		{"a name as long as memory", head + "010172" + "030a01ffffffffffffffff7f" + end + frame, ErrMalformed},
		{"bytes behind the names", head + "010172" + "030401017272" + end + frame, ErrMalformed},
		{"a place beyond", head + "010172" + "0303010172" + "050101" + end + frame, ErrMalformed},
		{"a place with more behind", head + "010172" + "0303010172" + "05020000" + end + frame, ErrMalformed},
		{"a room to join", head + "010161" + "110172" + end + frame, ErrUnknown},
		{"a load", head + "010161" + "0c020101" + end + frame, nil},
		{"half an id", head + "010163" + "070400000001" + end + frame, ErrMalformed},
		{"no id", head + "010163" + "0700" + end + frame, ErrMalformed},
		{"overflow 0", head + "010161" + "0b0100" + end + frame, ErrMalformed},
		{"overflow 4", head + "010161" + "0b0104" + end + frame, ErrUnknown},
		{"kept", head + "010172" + "0303010172" + "150178" + end + frame, nil},
		{"kept for all", head + "010161" + "150178" + end + frame, ErrMalformed},
		{"kept in no log", head + "010172" + "0303010172" + "1500" + end + frame, ErrMalformed},
		{"kept, and to be answered", head + "010172" + "0303010172" + "150178" + "0f0101" + end + frame, ErrMalformed},
		{"places of what is not kept", head + "010172" + "0303010172" + "16020161" + end + frame, ErrMalformed},
		{"more places than names before", head + "010172" + "0303010172" + "150178" + "16020161" + end + frame, ErrMalformed},
		{"a place as long as memory", head + "010172" + "0303010172" + "150178" + "1609ffffffffffffffff7f" + end + frame, ErrMalformed},
		{"sent before 1970", head + "010161" + "040affffffffffffffffff01" + end + frame, ErrMalformed},
		{"no frame", head + "010161" + end, ErrMalformed},
		{"a byte of a frame", head + "010161" + end + "81", ErrMalformed},
		{"a binary frame", head + "010161" + end + "8200", ErrMalformed},
		{"a fragment", head + "010161" + end + "0100", ErrMalformed},
		{"a compressed frame", head + "010161" + end + "c100", ErrMalformed},
		{"a masked frame", head + "010161" + end + "818000000000", ErrMalformed},
		{"a frame that is cut", head + "010161" + end + "8102" + "78", ErrMalformed},
		{"two frames", head + "010161" + end + "8100" + "8100", ErrMalformed},
		{"a long length for a short text", head + "010161" + end + "817e0001" + "78", ErrMalformed},
		{"the longest for a short text", head + "010161" + end + "817f0000000000000001" + "78", ErrMalformed},
		{"a frame as long as memory", head + "010161" + end + "817fffffffffffffffff" + "78", ErrMalformed},
		{"a join without a room", "570102" + head[6:] + "010161" + end, ErrMalformed},
		{"a join with a payload", "570102" + head[6:] + "010161" + "1100" + end + "00", ErrMalformed},
		{"a disconnect without a code", "570104" + head[6:] + "010161" + end, ErrMalformed},
		{"half a code", "570104" + head[6:] + "010161" + "130103" + end, ErrMalformed},
		{"a heartbeat with a payload", "570105" + head[6:] + end + "00", ErrMalformed},
		{"layouts the wrong way", "570105" + head[6:] + "0a03020108" + end, ErrMalformed},
		{"half a load", "570105" + head[6:] + "0c0101" + end, ErrMalformed},
		{"a base beyond 24 bits", "570105" + head[6:] + "0e0480808008" + end, ErrMalformed},
		{"begun before 1970", "570105" + head[6:] + "120affffffffffffffffff01" + end, ErrMalformed},
		{"a question of nothing", "570107" + head[6:] + "0f0101" + end, ErrMalformed},
		{"a question without a number", "570107" + head[6:] + "0f0100" + "190101" + end, ErrMalformed},
		{"a push with a request of nothing", head + "010161" + "0f0100" + end + frame, ErrMalformed},
		{"a push with a request", head + "010161" + "0f0101" + "0e0101" + end + frame, nil},
		{"a push that is a part", head + "010161" + "170101" + end + frame, ErrUnknown},
		{"a refusal that says why", "570108" + head[6:] + "0f0101" + "170101" + "1b0101" + end, ErrMalformed},
		{"a refusal that says something", "570108" + head[6:] + "0f0101" + "170101" + "1b00" + end + "00", ErrMalformed},
		{"an answer to nothing", "570108" + head[6:] + "170101" + end, ErrMalformed},
		{"who is present", "570109" + head[6:] + "010172" + "0303010172" + "1f00" + end, nil},
		{"who is present in no room", "570109" + head[6:] + "010161" + "1f00" + end, ErrMalformed},
		{"who is present in two rooms", "570109" + head[6:] + "010172" + "03050201720173" + "1f00" + end, ErrMalformed},
		{"who is present of no name", "570109" + head[6:] + "010172" + "0303010172" + end, ErrMalformed},
		{"a state that is no part", "57010a" + head[6:] + "010172" + "0303010172" + "1f00" + end, ErrMalformed},
		{"a change that is a part", "570109" + head[6:] + "010172" + "0303010172" + "1f00" + "170101" + end, ErrUnknown},
		{"a digest with a payload", "57010c" + head[6:] + "010172" + "0303010172" + "1f00" + end + "00", ErrMalformed},
		{"a version with more behind", "57010c" + head[6:] + "010172" + "0303010172" + "1f00" + "21020000" + end, ErrMalformed},
	} {
		data, err := hex.DecodeString(c.data)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		var v View
		if err := v.Parse(data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	var v View
	if err := v.Parse(make([]byte, MaxPacket+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("too many bytes: %v", err)
	}
}

// TestUnknownQuestion: a question of another release says who asks what, so that
// it can be answered.
func TestUnknownQuestion(t *testing.T) {
	p := Packet[id]{Kind: Question, From: 7, Request: 300, Asks: 9}
	data, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data[:len(data)-1], 61, 1, 1, tagEnd) // a tag that must be understood
	var v View
	if err := v.Parse(data); !errors.Is(err, ErrUnknown) || v.From != 7 || v.Request != 300 || v.Kind != Question {
		t.Errorf("%v: %+v", err, v)
	}
}

// TestSplit: the parts of an answer are all of it, in order, and the last one is
// marked; also of nothing.
func TestSplit(t *testing.T) {
	for size, parts := range map[int]int{0: 1, 1: 1, 9: 1, 10: 1, 11: 2, 20: 2, 95: 10} {
		answer := make([]byte, size)
		for i := range answer {
			answer[i] = byte(i)
		}
		var whole []byte
		n := 0
		p := Packet[id]{Kind: Answer, From: 1, Request: 1}
		ok := p.Split(answer, 10, func(p *Packet[id]) bool {
			if p.Part != uint64(n) || p.Last != (n == parts-1) || len(p.Payload) > 10 {
				t.Errorf("%d bytes: part %d, last %t, of %d bytes; it is part %d", size, p.Part, p.Last, len(p.Payload), n)
			}
			n++
			whole = append(whole, p.Payload...)
			return true
		})
		if !ok || n != parts || !bytes.Equal(whole, answer) {
			t.Errorf("%d bytes: %d parts, %t, %x", size, n, ok, whole)
		}
		n = 0
		if p.Split(answer, 10, func(*Packet[id]) bool { n++; return false }) || n != 1 {
			t.Errorf("%d bytes: nothing is taken, and %d parts are sent", size, n)
		}
	}
}

// FuzzPacket holds Parse to take any bytes, and to find in a packet what sends
// the same packet again.
func FuzzPacket(f *testing.F) {
	for _, p := range samples() {
		if data, err := p.Append(nil); err == nil && len(data) < 1<<12 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		var v View
		err := v.Parse(data)
		if !bytes.Equal(data, before) {
			t.Fatal("Parse changes what it reads")
		}
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
			return
		}
		p := v.sent()
		again, err := p.Append(nil)
		if err != nil {
			t.Fatalf("what has arrived cannot be sent: %v", err)
		}
		var w View
		if err := w.Parse(again); err != nil {
			t.Fatalf("%v: %x becomes %x", err, data, again)
		}
		if got := w.sent(); !reflect.DeepEqual(got, p) {
			t.Errorf("%+v, want %+v", got, p)
		}
	})
}

// push is a push as most are: to one room, with an event and a text of 256 bytes.
func push() Packet[id] {
	return Packet[id]{
		Kind: Push, From: 0x0102030405060708, Target: ToRooms, Names: []string{"ticket 42"}, Event: "said",
		Except: []id{0x1112131415161718}, Sent: 1_800_000_000_000, Payload: textFrame(256),
	}
}

// TestBudgetPacket: a packet costs no allocation, neither to write into a buffer
// that is used again nor to read, and its head few bytes.
func TestBudgetPacket(t *testing.T) {
	p, v := push(), View{}
	data, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if head := len(data) - len(p.Payload); head > 60 {
		t.Errorf("%d bytes stand before the frame", head)
	}
	buf := make([]byte, 0, 1<<10)
	room := "ticket 42"
	if n := testing.AllocsPerRun(100, func() { buf, err = p.Append(buf[:0]) }); n > 0 || err != nil {
		t.Errorf("Append: %v allocations, %v", n, err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if v.Parse(data) != nil || string(v.Names.At(v.Place)) != room {
			t.Error("it does not parse")
		}
	}); n > 0 {
		t.Errorf("Parse: %v allocations", n)
	}
}

func BenchmarkPacketAppend(b *testing.B) {
	p, buf := push(), make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = p.Append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkPacketParse(b *testing.B) {
	p := push()
	data, _ := p.Append(nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var v View
		if v.Parse(data) != nil {
			b.Fatal("it does not parse")
		}
	}
}

func BenchmarkRoomChannel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = Room("ticket 42")
	}
}

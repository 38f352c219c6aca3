package chat

import ws "github.com/wsgen/wsgen/runtime"

// SendMessage is what a client sends to say something to everyone.
type SendMessage struct {
	Author string `json:"author"`
	Text   string `json:"text"`
}

// ChatMessage is a stored message, which is in the history and was sent to everyone. Author is a name
// of the sender's own choice. User is the one that the token names; a guest has none.
type ChatMessage struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	User   string `json:"user,omitempty"`
}

// Typing names who is typing.
type Typing struct {
	Author string `json:"author"`
}

// Said is a line that was said in a room. Author and User are those of a ChatMessage. There is no
// author if the connection did not say hello.
type Said struct {
	Room   string `json:"room"`
	Text   string `json:"text"`
	Author string `json:"author,omitempty"`
	User   string `json:"user,omitempty"`
}

// OrderDone tells the connection that ordered that its order is ready.
type OrderDone struct {
	Text string `json:"text"`
}

// Me is what a client may know of its own connection.
type Me struct {
	Since    string `json:"since"` // RFC 3339, UTC
	Messages int    `json:"messages"`
}

// Who is what the server knows of a caller. A guest has no name and no scopes.
type Who struct {
	Conn    ws.ConnID `json:"conn"`
	User    string    `json:"user"`
	Scopes  []string  `json:"scopes"`
	Expires string    `json:"expires,omitempty"` // RFC 3339, UTC; absent: never
}

// Events are the pushes of this package that go to every connection.
//
//ws:push
type Events interface {
	// Message announces a stored message.
	Message(m ChatMessage) (int, error)
	// Typing announces that somebody is typing.
	Typing(t Typing) error
}

// Untyped are the pushes that this package makes by the names of their events, where it has a Server or a
// Client at hand. Nobody calls these methods: by them documents and generated clients know the events.
//
//ws:push
type Untyped interface {
	// Said is a line that was said in a room of the receiver's.
	Said(s Said) (int, error)
	// OrderDone tells who ordered.
	//
	//ws:event order_done
	OrderDone(o OrderDone) error
}

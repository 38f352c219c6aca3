package ws

// cancelCall answers the call of this id with CodeCanceled and cancels its
// context, whether it waits, runs or streams. A call that has an answer
// already is left alone: the frames have crossed.
func (c *conn) cancelCall(id []byte) {
	if t, ok := c.inbox().Find(id); ok {
		t.refuse(NewError(CodeCanceled, "canceled by the client"), true)
	}
}

package ws

// Written returns how many bytes the kernel has taken for a client.
func Written(c *Client) int { return c.member.Socket.Written() }

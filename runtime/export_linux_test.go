package ws

// Written returns how many bytes the kernel has taken for a client.
func Written(c *Client) int {
	v, _ := c.conn.vitals()
	return int(v.acked) + v.unsent
}

// A worker with a connection to /flood. It asks for a burst, and is then too busy to read for busyMs. The
// unread drops fill the system's buffers, and then the outbox.
onmessage = ({ data: { url, count, policy, busyMs } }) => {
  const socket = new WebSocket(url);
  let received = 0;

  socket.onopen = () => {
    socket.send(JSON.stringify({ event: "burst", id: 1, data: { count, policy } }));
    const until = performance.now() + busyMs;
    while (performance.now() < until);
  };
  socket.onmessage = (message) => {
    const frame = JSON.parse(message.data);
    if (frame.event === "drop") {
      received++;
      return;
    }
    socket.onclose = null;
    socket.close(1000);
    postMessage(frame.event === "error" ? { refused: frame.data } : { report: frame.data, received });
  };
  socket.onclose = ({ code, reason }) => postMessage({ code, reason, received });
};

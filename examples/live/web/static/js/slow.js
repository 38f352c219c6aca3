// A worker with a connection to /flood. It asks for a burst, and if it shall be slow it is then too
// busy to read for a while. The unread drops fill the system's buffers, and then the outbox.
const busyFor = 2000; // ms; a burst takes half a second

onmessage = ({ data: { url, count, policy, slow } }) => {
  const socket = new WebSocket(url);
  let received = 0;

  socket.onopen = () => {
    socket.send(JSON.stringify({ event: "burst", id: 1, data: { count, policy } }));
    const until = performance.now() + (slow ? busyFor : 0);
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

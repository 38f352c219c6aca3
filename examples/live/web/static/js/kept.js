// Keeps the visitor's name over a reload, and the rooms in the order in which they were joined. Each
// tab has its own.

const nameKey = "wsgen-live-name";
const roomsKey = "wsgen-live-rooms";

export const keptName = () => sessionStorage.getItem(nameKey);

export function keepName(name) {
  if (name === null) sessionStorage.removeItem(nameKey);
  else sessionStorage.setItem(nameKey, name);
}

// keptRooms is {rooms, open}: open is the room that was looked at, null for everyone. The server puts
// everybody in the lobby.
export function keptRooms() {
  try {
    const { rooms, open } = JSON.parse(sessionStorage.getItem(roomsKey));
    if (Array.isArray(rooms) && rooms.every((r) => typeof r === "string")) {
      return { rooms: [...new Set(rooms)], open: rooms.includes(open) ? open : null };
    }
  } catch {
    // A first visit, or nothing of ours.
  }
  return { rooms: ["lobby"], open: null };
}

export function keepRooms(rooms, open) {
  sessionStorage.setItem(roomsKey, JSON.stringify({ rooms, open }));
}

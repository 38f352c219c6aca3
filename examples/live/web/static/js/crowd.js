// Who is there on all nodes, a user once with all their tabs, as the push people tells it: everybody first, and then
// each change.

const guest = /^[0-9a-f]{16}$/; // the id of a connection, by which somebody goes who is no user

function person([key, metas]) {
  const names = [...new Set(metas.map(({ name }) => name))].sort();
  return {
    key,
    name: names.join(", "),
    user: guest.test(key) ? "" : key,
    tabs: metas.length,
    since: metas.map(({ since }) => since).sort()[0],
  };
}

// byTime is the order of people: times are of seconds, and so the names count, too.
function byTime(a, b) {
  const [x, y] = [a, b].map(({ since, name }) => `${since} ${name}`);
  return x < y ? -1 : Number(x > y);
}

export function newCrowd() {
  const known = new Map(); // key → metas, one for each tab
  let count = null; // people, of whom some may have no names here; null: nobody has told yet

  return {
    // told takes a push. Whoever has joined takes the place of the one with the same key.
    told({ full, joined, left, count: all }) {
      if (full) known.clear();
      for (const { key, metas } of joined ?? []) known.set(key, metas ?? []);
      for (const key of left ?? []) known.delete(key);
      count = all;
    },
    // here is {count, people}, who came first first; undefined while that is not known.
    here: () => (count === null ? undefined : { count, people: [...known].map(person).sort(byTime) }),
  };
}

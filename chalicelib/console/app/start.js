// Fetches the first page's scripts, a few at a time, and then begins: a browser would ask for all of them at once, each
// from a Lambda of its own, and a young AWS account has ten. What was fetched is kept for good, so this is done once a version.

const AT_ONCE = 4, TRIES = 4;
const BUSY = [429, 500, 502, 503, 504];
const pause = (length) => new Promise((on) => { setTimeout(on, length); });

async function fetched(name) {
  for (let n = 1; ; n += 1) {
    const answer = await fetch(new URL(`./${name}`, import.meta.url)).catch(() => null);
    // What cannot be had is asked for once more by the import itself, which says what is wrong.
    if (answer && !BUSY.includes(answer.status)) return answer.arrayBuffer();
    if (n === TRIES) return null;
    await pause(300 * 2 ** n * (0.5 + Math.random()));
  }
}

// The scripts that the page names as `first` or `next`; who imports them then finds them in the browser.
export async function fetchAll(which) {
  const names = document.querySelector(`meta[name=${which}]`).content.split(" ");
  const worker = async () => { while (names.length) await fetched(names.shift()); };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

await fetchAll("first");
await import("./app.js");

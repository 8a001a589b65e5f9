// What the console's page begins with: who is signed in.
import { h, render } from "./preact.js";
import htm from "./htm.js";

const html = htm.bind(h);
const answer = await fetch(new URL("../../../console/session", import.meta.url), { headers: { "X-Parley-Console": "1" } });
const who = answer.ok ? (await answer.json()).me.name : "nobody";
render(html`<p>Signed in: ${who}</p>`, document.getElementById("app"));

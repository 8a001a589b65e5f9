// A part that is fetched when it is wanted; where it cannot be had, that is said.
import { refused } from "./deeds.js";
import { html } from "./html.js";
import { Late } from "./parts.js";

export const Later = (rest) => html`<${Late} failed=${refused} ...${rest} />`;

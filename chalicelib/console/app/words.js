// What the page says, in the reader's language: whole sentences with places for names and numbers.

const LANGUAGES = ["en"];
const wanted = (navigator.languages ?? ["en"]).map((one) => one.slice(0, 2));
export const LANGUAGE = wanted.find((one) => LANGUAGES.includes(one)) ?? "en";
let words = {};
const plural = new Intl.PluralRules(LANGUAGE);

export async function ready() {
  document.documentElement.lang = LANGUAGE;
  const answer = await fetch(new URL(`./words-${LANGUAGE}.json`, import.meta.url));
  words = await answer.json();
}

function found(key, values) {
  const word = words[key] ?? key;
  return typeof word === "string" ? word : word[plural.select(values.n ?? 0)] ?? word.other;
}

// A text; `{name}` is replaced, `n` chooses the form of a plural.
export const t = (key, values = {}) => found(key, values).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// The same for values that are parts of the page: gives a list of texts and parts.
export const parts = (key, values = {}) => found(key, values).split(/(\{\w+\})/).map((one) => (/^\{\w+\}$/.test(one) ? values[one.slice(1, -1)] ?? "" : one));

export const known = (key) => key in words;

// What the page says, in the reader's language: whole sentences with places for names and numbers.

const LANGUAGES = ["en", "de"];
const wanted = (navigator.languages ?? ["en"]).map((one) => one.slice(0, 2));
export const LANGUAGE = wanted.find((one) => LANGUAGES.includes(one)) ?? "en";
let words = {};
const plural = new Intl.PluralRules(LANGUAGE);

const read = async (name) => (await fetch(new URL(`./${name}-${LANGUAGE}.json`, import.meta.url))).json();

export async function ready() {
  document.documentElement.lang = LANGUAGE;
  words = await read("words");
}

let asked = null;
// Words and styles of the pages beside the inbox: they need not be there before it is.
export const more = () => (asked ??= Promise.all([read("more"), styled("pages.css")]).then(([found]) => { words = { ...words, ...found }; }, (error) => { asked = null; throw error; }));

// A module that says more than the first words, with them.
export const withMore = (loading) => Promise.all([loading, more()]).then(([found]) => found);

// What the browser says of a file that it could not get, it says in its own words.
export const fetched = (loading) => loading.catch((cause) => { throw new Error(t("error.file"), { cause }); });

export const styled = (name) => new Promise((done, failed) => {
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(`./${name}`, import.meta.url).href, onload: done, onerror: () => failed(new Error(name)) }));
});

function found(key, values) {
  const word = words[key] ?? key;
  return typeof word === "string" ? word : word[plural.select(values.n ?? 0)] ?? word.other;
}

// A text; `{name}` is replaced, `n` chooses the form of a plural.
export const t = (key, values = {}) => found(key, values).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// The same for values that are parts of the page: gives a list of texts and parts.
export const parts = (key, values = {}) => found(key, values).split(/(\{\w+\})/).map((one) => (/^\{\w+\}$/.test(one) ? values[one.slice(1, -1)] ?? "" : one));

export const known = (key) => key in words;

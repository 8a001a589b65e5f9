// The API's own description, read as forms: what fields a resource has, what each may be, what belongs to its kind.
import { get } from "./api.js";

let asked = null;
export const description = () => (asked ??= get("v1/openapi.json").catch((error) => { asked = null; throw error; }));

// The name of the schema that making one of a kind takes.
export const modelOf = (doc, plural) => doc.paths[`/v1/${plural}`].post.requestBody.content["application/json"].schema.$ref.split("/").at(-1);

// The schema behind a reference, without the "or null" of what may be left out.
export function plain(all, schema) {
  let found = schema ?? {}, more = {};
  while (found.$ref || found.anyOf) {
    const { $ref, anyOf, ...beside } = found;
    more = { ...beside, ...more };
    if ($ref) found = all[$ref.split("/").at(-1)] ?? {};
    else {
      const real = anyOf.filter((one) => one.type !== "null" && Object.keys(one).some((name) => name === "type" || name === "$ref" || name === "enum"));
      if (real.length !== 1) return { ...more, several: true };
      more.nullable = true;
      found = real[0];
    }
  }
  return { ...found, ...more };
}

// The fields of a resource as its values choose them: {properties, required}.
export function fieldsOf(all, name, values) {
  const base = all[name];
  const fits = (variant) => Object.entries(variant.properties ?? {}).every(([field, one]) => !one || one.const === undefined || one.const === values[field]);
  const variant = (base.oneOf ?? []).find(fits) ?? {};
  const properties = {};
  for (const [field, schema] of Object.entries(base.properties)) {
    const own = variant.properties?.[field];
    if (own === false) continue;
    properties[field] = own && typeof own === "object" && (own.properties || own.enum || own.items) ? { ...plain(all, schema), ...own } : plain(all, schema);
  }
  return { properties, required: [...(base.required ?? []), ...(variant.required ?? [])] };
}

// Values of the field that tells kinds apart, where there is one: [field, [value, ...]].
export function choicesOf(all, name) {
  const base = all[name];
  for (const variant of base.oneOf ?? []) {
    const told = Object.entries(variant.properties ?? {}).find(([, one]) => one && one.const !== undefined);
    if (told) return [told[0], base.oneOf.map((one) => one.properties[told[0]].const)];
  }
  return null;
}

export function blank(all, schema) {
  if ((schema.default ?? null) !== null) return structuredClone(schema.default);
  if (schema.const !== undefined) return schema.const;
  if (schema.nullable) return null;
  if (schema.properties) return Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, blank(all, plain(all, one))]));
  return schema.type === "boolean" ? false : schema.type === "array" ? [] : schema.type === "object" ? {} : schema.enum ? schema.enum[0] : null;
}

// What is typed in a field and is no value of it: a change as any other, with which nothing is saved.
export class Unread {
  constructor(text, why) {
    this.text = text;
    this.why = why;
  }
}

// [path, why] of each field with something like that.
export const unreadIn = (value, path = "") => (value instanceof Unread ? [[path, value.why]] : isObject(value) ? Object.entries(value).flatMap(([name, one]) => unreadIn(one, `${path}/${name}`)) : []);

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Unread);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// What a PATCH merges (RFC 7396), all the way down; every other field it replaces as a whole.
const MERGED = ["settings", "mapping", "secrets"];
const merges = (name, within, one, other) => (within || MERGED.includes(name)) && isObject(one) && isObject(other);

// A resource with a change applied.
export const patched = (base, change, within = false) => Object.fromEntries(Object.entries({ ...base, ...change })
  .map(([name, value]) => [name, name in change && merges(name, within, base[name], value) ? patched(base[name], value, true) : value])
  .filter(([name, value]) => !(name in change && value === null && !(name in base))));

// What changed, as a PATCH takes it.
export function patch(before, after, within = false) {
  const told = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!(name in after)) told[name] = null;
    else if (merges(name, within, before[name], after[name])) {
      const inside = patch(before[name], after[name], true);
      if (Object.keys(inside).length) told[name] = inside;
    } else if (!same(before[name], after[name])) told[name] = after[name];
  }
  return told;
}

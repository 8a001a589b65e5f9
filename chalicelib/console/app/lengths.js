// How long a text is as a channel counts it, and how many SMS it is: as chalicelib/channels/splitting.py has it.
const GSM_7 = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENSION = new Set("\f^{}\\[~]|€");

export function size(text, counted) {
  if (counted === "bytes") return new TextEncoder().encode(text).length;
  return counted === "utf-16" ? text.length : [...text].length;
}

// {encoding, units, count, left}: `left` are the units that still fit the last one.
export function segments(text) {
  const characters = [...text], basic = characters.every((one) => GSM_7.has(one) || EXTENSION.has(one));
  const widths = characters.map((one) => (basic ? 1 + EXTENSION.has(one) : one.length)), units = widths.reduce((sum, one) => sum + one, 0);
  const [alone, together] = basic ? [160, 153] : [70, 67], encoding = basic ? "GSM-7" : "UCS-2";
  if (units <= alone) return { encoding, units, count: Math.min(units, 1), left: alone - units };
  let count = 1, left = together;
  for (const width of widths) {
    if (width > left) [count, left] = [count + 1, together];
    left -= width;
  }
  return { encoding, units, count, left };
}

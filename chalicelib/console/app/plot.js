// A plot over time: uPlot draws it on a canvas, with colours from the tokens. What it shows is also there as a sentence
// and as a table.
import { html, useEffect, useRef } from "./html.js";
import { CLOCK, SHORT, form } from "./time.js";
import { styled, t } from "./words.js";

const HEIGHT = 208, LONG_S = 2 * 86_400;
const BOTH = form({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

// One file that sets a global: its module is not minified and weighs twice as much.
const script = (name) => new Promise((done, failed) => {
  document.head.append(Object.assign(document.createElement("script"), { src: new URL(`./${name}`, import.meta.url).href, onload: done, onerror: () => failed(new Error(name)) }));
});
let asked = null;
const library = () => (asked ??= Promise.all([styled("uplot.css"), script("uplot.js")]).then(() => window.uPlot, (error) => { asked = null; throw error; }));

// The value of a token as the canvas takes it, and the same shining through.
function colour(name) {
  const probe = document.body.appendChild(Object.assign(document.createElement("span"), { hidden: true }));
  probe.style.color = `var(--${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return [found, found.replace(/^rgb\(([\d.]+), ?([\d.]+), ?([\d.]+)\)$/, "rgb($1 $2 $3 / 12%)")];
}

// What lies on what: the last series is at the bottom.
function stacked(series) {
  let below = null;
  return series.map(({ values }) => values).reverse().map((values) => (below = values.map((value, i) => (value ?? 0) + (below?.[i] ?? 0)))).reverse();
}

function drawn(U, box, times, series, { stack, format, grid }) {
  const long = times.at(-1) - times[0] > LONG_S;
  const axis = { stroke: colour("muted")[0], ticks: { show: false }, font: "11px Inter, system-ui, sans-serif" };
  const line = ({ colour: name, fill }) => ({ stroke: colour(name)[0], width: 2, fill: fill ? colour(name)[1] : undefined, spanGaps: true });
  const steps = ({ colour: name }) => ({ stroke: colour(name)[0], fill: colour(name)[0], width: 0, points: { show: false }, paths: U.paths.stepped({ align: 1 }) });
  // The last step is as broad as the others.
  const wider = stack ? [...times, 2 * times.at(-1) - (times.at(-2) ?? times.at(-1) - 1)] : times;
  const columns = stack ? stacked(series).map((values) => [...values, values.at(-1)]) : series.map(({ values }) => values);
  // A single value would be no line at all.
  const points = (values) => ({ show: values.filter((one) => one !== null).length === 1, size: 6 });
  return new U({
    width: box.clientWidth, height: HEIGHT, padding: [10, 32, 0, 0], cursor: { y: false, drag: { x: false, y: false } }, legend: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most) * 1.05] } },
    series: [{}, ...series.map((one) => (stack ? steps(one) : { ...line(one), points: points(one.values) }))],
    axes: [
      { ...axis, size: 24, grid: { show: false }, values: (_, at) => at.map((s) => (long ? SHORT : CLOCK).format(s * 1000)), space: 60 },
      { ...axis, size: 52, ...(grid ? { incrs: grid } : {}), grid: { stroke: colour("line")[0], width: 1 }, values: (_, at) => at.map((value) => (Number.isInteger(value) || !stack ? format(value) : "")) },
    ],
  }, [wider, ...columns], box);
}

// series: [{label, colour: a token, values: numbers or null, fill?}]; times in RFC 3339; grid: how far apart lines may be;
// says: what it shows, in a sentence.
export function Plot({ times, series, stack = false, format = String, grid = null, says }) {
  const at = useRef();
  const key = JSON.stringify([times[0], times.length, series.map(({ values }) => values)]);
  useEffect(() => {
    const box = at.current, dark = matchMedia("(prefers-color-scheme: dark)"), seconds = times.map((one) => Date.parse(one) / 1000);
    let chart = null, gone = false;
    const draw = () => library().then((U) => {
      if (gone || !box.clientWidth) return;
      chart?.destroy();
      chart = drawn(U, box, seconds, series, { stack, format, grid });
    }, () => {});
    const size = new ResizeObserver(() => (chart ? chart.setSize({ width: box.clientWidth, height: HEIGHT }) : draw()));
    size.observe(box);
    dark.addEventListener("change", draw);
    draw();
    return () => { gone = true; chart?.destroy(); size.disconnect(); dark.removeEventListener("change", draw); };
  }, [key]);
  return html`<div class="plot" ref=${at} role="img" aria-label=${says}></div>
    <details class="astable"><summary class="small muted">${t("plot.table")}</summary><div class="tablewrap scroll" tabindex="0" role="group" aria-label=${says}><table class="list"><thead><tr><th scope="col">${t("col.time")}</th>${series.map(({ label }) => html`<th scope="col" class="r">${label}</th>`)}</tr></thead>
      <tbody>${times.map((time, i) => series.some(({ values }) => values[i]) && html`<tr><td class="num">${BOTH.format(Date.parse(time))}</td>${series.map(({ values }) => html`<td class="num r">${(values[i] ?? null) === null ? "" : format(values[i])}</td>`)}</tr>`)}</tbody></table></div></details>`;
}

export const Legend = ({ series }) => html`<span class="legend">${series.map(({ label, colour: name }) => html`<span><i class=${`b-${name.replace("-fill", "")}`}></i>${label}</span>`)}</span>`;

// How something went, in one line beside its figure.
export function Spark({ of, bad }) {
  let last = 0;
  const values = of.map((one) => (last = one ?? last)), top = Math.max(...values) || 1;
  const line = values.map((value, i) => `${i ? "L" : "M"}${((i / Math.max(1, values.length - 1)) * 100).toFixed(1)} ${(25 - (value / top) * 23).toFixed(1)}`).join("");
  return html`<svg class=${`spark ${bad ? "bad" : ""}`} viewBox="0 0 100 26" preserveAspectRatio="none" aria-hidden="true"><path class="a" d=${`${line}L100 26L0 26Z`} /><path class="l" d=${line} /></svg>`;
}

// Parts of a whole: [[token, share], ...].
export const Bars = ({ of, label }) => html`<span class="bars" role="img" aria-label=${label}>${of.map(([name, share]) => share > 0 && html`<i class=${`b-${name}`} style=${{ width: `${share * 100}%` }}></i>`)}</span>`;

// Preact, its hooks and htm under one name: the only place that knows where they lie.
import { h, render, Fragment } from "./preact.js";
import htm from "./htm.js";

export const html = htm.bind(h);
export { render, Fragment };
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useReducer } from "./hooks.js";

/** Few rules: what is nearly always a mistake, and what joining modules into one scope relies on. */

import js from "@eslint/js";

const BROWSER = [
  "Blob",
  "CustomEvent",
  "Event",
  "Image",
  "MutationObserver",
  "ResizeObserver",
  "URL",
  "XMLSerializer",
  "atob",
  "btoa",
  "clearTimeout",
  "document",
  "getComputedStyle",
  "matchMedia",
  "performance",
  "requestAnimationFrame",
  "setTimeout",
  "window",
];

export default [
  js.configs.recommended,
  {
    languageOptions: { globals: Object.fromEntries(BROWSER.map((name) => [name, "readonly"])) },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-redeclare": ["error", { builtinGlobals: true }],
      "no-sequences": "error",
      "no-shadow": "error",
      "no-var": "error",
      "one-var": ["error", "never"],
      "prefer-const": "error",
    },
  },
];

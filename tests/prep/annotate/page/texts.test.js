// Every word of the page has its translation, and no translation lost a value.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

import { tableOfKeys } from "../../../../prep/annotate/page/static/keys.js";
import { told } from "../../../../prep/annotate/page/static/language.js";
import { SERVER_TEXTS, TEXTS } from "../../../../prep/annotate/page/static/texts.js";
import { TOOLS } from "../../../../prep/annotate/page/static/tools/index.js";

const PAGE = new URL("../../../../prep/annotate/page/", import.meta.url);

function inScripts() {
  const files = readdirSync(new URL("static", PAGE), { recursive: true }).filter((name) => name.endsWith(".js") && !name.endsWith("texts.js"));
  return files.flatMap((name) => {
    const text = readFileSync(new URL(`static/${name}`, PAGE), "utf8");
    const called = [...text.matchAll(/\bt\("((?:[^"\\]|\\.)*)"/g)].map(([, words]) => words);
    const counted = [...text.matchAll(/tCount\([^"]*"([^"]*)",\s*"([^"]*)"/g)].flatMap(([, one, many]) => [one, many]);
    const labels = [...text.matchAll(/\blabel: "([^"]*)", (?:type|keys: "[^"]*", run)/g)].map(([, words]) => words);
    return [...called, ...counted, ...labels];
  });
}

function inPage() {
  const html = readFileSync(new URL("page.html", PAGE), "utf8").replace(/<head>[^]*<\/head>/, "");
  const words = [...html.matchAll(/>([^<>{}]+)</g)].map(([, text]) => text.trim()).filter(Boolean);
  return [...words, ...[...html.matchAll(/(?:aria-label|placeholder|data-tip)="([^"]*)"/g)].map(([, text]) => text)];
}

const inTables = () => [
  ...TOOLS.flatMap(({ title, hint }) => [title, hint]),
  ...tableOfKeys(TOOLS, { findings: true, model: true, sam: true }).flatMap(([title, rows]) => [title, ...rows.map(({ does }) => does)]),
];

const used = new Set([...inScripts(), ...inPage(), ...inTables()]);
const CAPS = ["Backspace", "Click", "Ctrl", "Drag", "Enter", "Esc", "Middle", "PgDn", "PgUp", "Right", "Shift", "Space", "Tab", "Wheel"];

for (const [language, texts] of Object.entries(TEXTS)) {
  test(`${language} says all that the page says, and nothing that it no longer says`, () => {
    assert.ok(used.size > 180, "the words are not found any more");
    assert.deepEqual([...used].filter((words) => !(words in texts)).sort(), []);
    assert.deepEqual(Object.keys(texts).filter((words) => !used.has(words) && !CAPS.includes(words)), []);
    for (const words of CAPS) assert.ok(words in texts, words);
  });

  test(`${language} keeps every value`, () => {
    const values = (words) => (words.match(/\{\w+\}/g) ?? []).sort();
    for (const [english, words] of Object.entries({ ...texts, ...SERVER_TEXTS[language] })) assert.deepEqual(values(words), values(english), english);
  });
}

test("what the server says is told in the language of the page, with its values", () => {
  assert.equal(told("There is no image 'a (1).b' in this dataset.", "de"), "In diesem Datensatz ist kein Bild 'a (1).b'.");
  assert.equal(told("There is no image 'a\n{stem}$&' in this dataset.", "de"), "In diesem Datensatz ist kein Bild 'a\n{stem}$&'.");
  const misfit = "d/masks/a: b.png: 20 x 10 pixels, but its image has 32 x 24; move this mask away, or convert its label again";
  assert.match(told(misfit, "de"), /^d\/masks\/a: b\.png: 20 x 10 Pixel, aber ihr Bild hat 32 x 24; diese Maske/);
});

test("what no text is for stays as the server said it", () => {
  for (const words of ["index.csv: line 3 is damaged", "There is no image", ""]) assert.equal(told(words, "de"), words);
  assert.equal(told("Keep at least one class.", "en"), "Keep at least one class.");
});

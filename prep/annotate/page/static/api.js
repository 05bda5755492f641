// What the page asks the server.

import { t, told } from "./language.js";

const AWAY = t("The server does not answer. Is 'seg-prep annotate' still running?");
const LONGEST_WAIT = 30_000; // milliseconds after which a save counts as lost

/** An answer that is an error: its HTTP status (0 = no answer at all), words for people in their language, its JSON. */
export class ApiError extends Error {
  constructor(status, message, body = null) {
    super(told(message));
    this.status = status;
    this.body = body;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (options.signal?.aborted && error.name === "AbortError") throw error;
    throw new ApiError(0, AWAY);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new ApiError(response.status, body?.error || t("The server answered with the error {status}.", { status: response.status }), body);
}

/** Reads the body of an answer; a server that dies while it sends is away, too. */
async function read(response, kind) {
  try {
    return await response[kind]();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, AWAY);
  }
}

const image = (stem, part) => `/api/images/${encodeURIComponent(stem)}/${part}`;

export const api = {
  image,

  /** What the server says of the dataset, with its images as objects: they come as columns, which are smaller. */
  async dataset() {
    const { images, ...about } = await api.json("GET", "/api/dataset");
    const columns = Object.entries(images);
    return { ...about, images: images.stem.map((_, place) => Object.fromEntries(columns.map(([name, column]) => [name, column[place]]))) };
  },

  /** The JSON of an answer; `body` is sent as JSON. */
  async json(method, path, body = undefined) {
    const options = { method };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      options.headers = { "Content-Type": "application/json" };
    }
    return read(await ask(path, options), "json");
  },

  async photo(stem, signal) {
    return read(await ask(image(stem, "photo"), { signal }), "blob");
  },

  /** { width, height, pixels, version, classesVersion } of the mask as it is stored. */
  async mask(stem, signal) {
    const response = await ask(image(stem, "mask"), { signal });
    const header = (name) => response.headers.get(name);
    return {
      width: Number(header("X-Width")),
      height: Number(header("X-Height")),
      version: header("X-Version"),
      classesVersion: header("X-Classes-Version"),
      pixels: new Uint8Array(await read(response, "arrayBuffer")),
    };
  },

  /** Writes tiles into the mask whose version is `base`; `save` names this save, also when it is sent again. -> Entry */
  async save(stem, { base, save, classesVersion, size, proposed, tiles }) {
    const headers = {
      "Content-Type": "application/octet-stream",
      "X-Base-Version": base,
      "X-Save": save,
      "X-Classes-Version": classesVersion,
      "X-Size": size, // the photo may be another one by now
      "X-Proposed": proposed ? "1" : "0", // what a proposal said is no stroke to learn from
    };
    const signal = AbortSignal.timeout(LONGEST_WAIT);
    return read(await ask(image(stem, "mask"), { method: "POST", headers, body: bodyOf(tiles), signal }), "json");
  },

  /** What was learnt for an image: { width, height, unsure, complete, values, confidence }, or { state } without any. */
  async learnt(stem) {
    const response = await ask(image(stem, "learnt"));
    if (response.status === 202) return read(response, "json");
    const number = (name) => Number(response.headers.get(name));
    const [width, height] = [number("X-Width"), number("X-Height")];
    const bytes = new Uint8Array(await read(response, "arrayBuffer"));
    const values = bytes.subarray(0, width * height), confidence = bytes.subarray(width * height);
    return { width, height, unsure: number("X-Unsure"), complete: number("X-Complete") === 1, values, confidence };
  },

  /** { object, removed }: spans of what is pointed at, and of what is no longer in the region; null = ask again. */
  async object(path, signal) {
    const response = await ask(path, { signal });
    if (response.status === 202) return null;
    const numbers = new Int32Array(await read(response, "arrayBuffer"));
    const end = 1 + 3 * numbers[0];
    return { object: numbers.subarray(1, end), removed: numbers.subarray(end) };
  },

  /** Int32Array: spans [y, x0, x1, ...] of a region, or points [x, y, ...] of an edge. ApiError 202: ask again. */
  async spans(path, signal) {
    const response = await ask(path, { signal });
    if (response.status === 202) throw new ApiError(202, t("The server is still computing this."));
    return new Int32Array(await read(response, "arrayBuffer"));
  },
};

/** Tiles one after the other: x, y, width, height as little-endian uint32, then the pixels row by row. */
function bodyOf(tiles) {
  const parts = [];
  for (const { x, y, width, height, pixels } of tiles) {
    const head = new DataView(new ArrayBuffer(16));
    [x, y, width, height].forEach((number, place) => head.setUint32(4 * place, number, true));
    parts.push(head.buffer, pixels);
  }
  return new Blob(parts);
}

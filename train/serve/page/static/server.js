// What the page asks the server.

/** POST a file; the Response if all is well, else an Error whose message is for people. */
export async function send(address, file, signal, headers = {}) {
  let response;
  try {
    headers = { "Content-Type": "application/octet-stream", ...headers };
    response = await fetch(address, { method: "POST", body: file, signal, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Is 'seg-train serve' still running?");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error || `The server answered with the error ${response.status}.`);
}

/** The answer of /predict; `report` is told the share done, 0..1, or null while other photos come first. */
export async function label(file, signal, report) {
  const name = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const ask = () =>
    fetch(`/progress/${name}`, { signal })
      .then((answer) => answer.json())
      .then(({ share }) => report(share))
      .catch(() => {}); // what is wrong, the answer of /predict tells
  const asking = setInterval(ask, 400);
  try {
    return await (await send("/predict", file, signal, { "X-Progress": name })).json();
  } finally {
    clearInterval(asking);
  }
}

/** The photo as the browser shows it, upright; kinds that it does not know come from the server as JPEG. */
export async function bitmapOf(file, signal) {
  try {
    return await createImageBitmap(file);
  } catch {
    return bitmapFromServer(file, signal);
  }
}

export async function bitmapFromServer(file, signal) {
  return createImageBitmap(await (await send("/photo", file, signal)).blob());
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

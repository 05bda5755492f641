// What the page asks the server.

/** POST a file; the Response if all is well, else an Error whose message is for people. */
export async function send(address, file, signal) {
  let response;
  try {
    response = await fetch(address, { method: "POST", body: file, signal, headers: { "Content-Type": "application/octet-stream" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Is 'seg-train serve' still running?");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error || `The server answered with the error ${response.status}.`);
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

// Bytes as text, the way they travel inside JSON.

/** Uint8Array of a base64 text. */
export const fromBase64 = (text) => /** @type {any} */ (Uint8Array).fromBase64?.(text) ?? fromBinary(atob(text));

function fromBinary(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const PART = 0x8000; // arguments that a call takes at most, with room to spare

/** Base64 text of a typed array's bytes. */
export function toBase64({ buffer, byteOffset, byteLength }) {
  const bytes = /** @type {any} */ (new Uint8Array(buffer, byteOffset, byteLength)); // not every browser has toBase64
  if (bytes.toBase64) return bytes.toBase64();
  let text = "";
  for (let i = 0; i < bytes.length; i += PART) text += String.fromCharCode(...bytes.subarray(i, i + PART));
  return btoa(text);
}

/** What the killed process uploads: nine and a half parts, each of its own bytes. */
export const uploadKey = 'a/1/weights';

export function uploadBytes(): Buffer {
  const words = new Uint32Array((9.5 * 8 * 1024 * 1024) / 4);
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index + 1, 2654435761);
  return Buffer.from(words.buffer);
}

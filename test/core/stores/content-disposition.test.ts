import { expect, test } from 'vitest';
import { attachmentNamed } from '../../../lib/core/stores/content-disposition.ts';

test.each([
  ['weights.bin', 'attachment; filename="weights.bin"'],
  ['my weights (1).bin', 'attachment; filename="my weights (1).bin"'],
  ['a/b/c.bin', 'attachment; filename="c.bin"'],
  ['..\\..\\c.bin', 'attachment; filename="c.bin"'],
  ['a"; filename="b', `attachment; filename="a_; filename=_b"; filename*=UTF-8''a%22%3B%20filename%3D%22b`],
  ['a\r\nSet-Cookie: x', 'attachment; filename="aSet-Cookie: x"'],
  ['exe.\u202Etxt', 'attachment; filename="exe.txt"'],
  ['modèle.bin', `attachment; filename="mod_le.bin"; filename*=UTF-8''mod%C3%A8le.bin`],
  ["it's 100%.bin", `attachment; filename="it's 100_.bin"; filename*=UTF-8''it%27s%20100%25.bin`],
  ['模型🤖', `attachment; filename="____"; filename*=UTF-8''%E6%A8%A1%E5%9E%8B%F0%9F%A4%96`],
  ['\ud800x', `attachment; filename="_x"; filename*=UTF-8''%EF%BF%BDx`],
])('a file named %j is saved by a header that cannot mean anything else', (name, header) => {
  expect(attachmentNamed(name)).toBe(header);
});

test.each(['', ' ', '.', '..', 'a/', '\u0000'])('%j names no file', (name) => {
  expect(attachmentNamed(name)).toBeUndefined();
});

import { mkdir, readFile, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy } from '../../../../lib/core/access/access-policy.ts';
import { PolicyFile } from '../../../../lib/core/access/local/policy-file.ts';
import { InvalidFile } from '../../../../lib/core/errors.ts';
import { temporaryFolder } from '../../../fixtures/mirror.ts';
import { HeldClock } from './held-clock.ts';

let path: string;
let clock: HeldClock;
let troubles: string[];
let parsed: number;
let taken: number;

/** Reads what is good JSON: how a policy is parsed is tested elsewhere. */
function parse(bytes: Uint8Array): AccessPolicy {
  const text = Buffer.from(bytes).toString();
  parsed += 1;
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidFile(`no policy: ${text}`, []);
  }
}

const open = () =>
  PolicyFile.open({
    path,
    clock,
    parse,
    onTrouble: ({ message }, seconds) => troubles.push(`${message.replace(/:.*/, '')} (${Math.round(seconds)} s)`),
    onTaken() {
      taken += 1;
    },
  });
const policy = (name: string) => JSON.stringify({ issuers: {}, principals: { [name]: {} }, grants: [] });
const named = async (source: PolicyFile) => Object.keys((await source.current())?.policy.principals ?? {}).join();

beforeEach(async () => {
  path = join(await temporaryFolder(), 'access.yaml');
  clock = new HeldClock();
  troubles = [];
  parsed = 0;
  taken = 0;
  await writeFile(path, policy('one'));
});

describe('a policy in a file', () => {
  test('is read again within seconds of a change, and carries another tag then', async () => {
    const source = await open();
    const before = await source.current();
    await writeFile(path, policy('two'));
    expect(await named(source)).toBe('one');
    clock.pass(2);
    expect(await named(source)).toBe('two');
    expect((await source.current())?.etag).not.toBe(before?.etag);
  });

  test('is found changed by its bytes, not by its date', async () => {
    const source = await open();
    await writeFile(path, policy('two'));
    await utimes(path, 0, 0);
    clock.pass(2);
    expect(await named(source)).toBe('two');
  });

  test('is parsed once for as long as it is the same, however often it is asked for', async () => {
    const source = await open();
    for (let round = 0; round < 50; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => source.current()));
      clock.pass(1);
    }
    expect(parsed).toBe(1);
  });

  test('changes nothing while it is not valid, which is told once of each state', async () => {
    const source = await open();
    for (const text of ['{', '{', '{{', policy('two').slice(0, -1)]) {
      await writeFile(path, text);
      for (let look = 0; look < 30; look += 1) {
        clock.pass(5);
        expect(await named(source)).toBe('one');
      }
    }
    expect(troubles).toEqual(Array.from({ length: 3 }, () => 'no policy (Infinity s)'));
    expect(taken).toBe(0);
    await writeFile(path, policy('three'));
    clock.pass(2);
    expect(await named(source)).toBe('three');
    await writeFile(path, '{');
    clock.pass(2);
    expect([await named(source), troubles.length, taken]).toEqual(['three', 4, 1]);
    await writeFile(path, policy('three'));
    clock.pass(2);
    expect([await named(source), taken]).toEqual(['three', 2]);
  });

  test('holds for half a minute when its file is gone; then nobody may anything until it is there again', async () => {
    const source = await open();
    await rm(path);
    clock.pass(29);
    expect(await named(source)).toBe('one');
    clock.pass(2);
    expect(await source.current()).toBeUndefined();
    expect(await source.current()).toBeUndefined();
    expect(troubles).toEqual(['ENOENT (1 s)', 'ENOENT (0 s)']);
    await writeFile(path, policy('two'));
    expect([await named(source), taken]).toEqual(['two', 1]);
  });

  test('that nobody asked for meanwhile may have been gone for long: it holds no longer', async () => {
    const source = await open();
    clock.pass(600);
    await rm(path);
    expect(await source.current()).toBeUndefined();
    expect(troubles).toEqual(['ENOENT (0 s)']);
  });

  test('that cannot be read any more is unavailable after half a minute, not taken for an empty one', async () => {
    const source = await open();
    const text = await readFile(path);
    await rm(path);
    // Root may read any file, but nobody reads a folder.
    await mkdir(path);
    clock.pass(29);
    expect(await named(source)).toBe('one');
    clock.pass(2);
    await expect(source.current()).rejects.toMatchObject({ name: 'PolicyUnavailable' });
    await rmdir(path);
    await writeFile(path, text);
    expect(await named(source)).toBe('one');
  });

  test('must be good to begin with', async () => {
    await writeFile(path, '{');
    await expect(open()).rejects.toMatchObject({ name: 'InvalidFile' });
    await rm(path);
    await expect(open()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

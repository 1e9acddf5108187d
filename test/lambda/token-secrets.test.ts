import { describe, expect, it } from 'vitest';
import { TokenSecrets } from '../../lambda/runtime/token-secrets.ts';
import { sourcesSchema } from '../../lib/contract/cloud/source-grants.ts';
import { NotAuthorised } from '../../lib/core/errors.ts';
import { ManualClock } from '../core/state/manual-clock.ts';

const { tokens } = sourcesSchema.parse({
  tokens: {
    huggingFace: { secret: 'hub' },
    origins: [
      { origin: 'https://models.example', secret: 'models', header: 'X-Api-Key' },
      { origin: 'https://other.example/', secret: 'other', scheme: 'Bearer', for: 'any' },
    ],
  },
});

function secrets(values: Record<string, string | undefined>) {
  const clock = new ManualClock();
  const read: string[] = [];
  const all = new TokenSecrets(
    tokens,
    async (name) => {
      read.push(name);
      if (!(name in values)) throw new NotAuthorised(`reading ${name}: refused`);
      return values[name];
    },
    clock,
  );
  return { all, clock, read };
}

describe('tokens from secrets', () => {
  it('go to the origins that they are granted for, each in its own header, and nowhere else', async () => {
    const { all, read } = secrets({ hub: 'hf_1', models: 'k-1\n', other: 'o-1' });
    expect(await all.credentialFor(new URL('https://huggingface.co/a/b'))).toMatchObject({
      headers: { authorization: 'Bearer hf_1' },
    });
    expect(await all.credentialFor(new URL('https://models.example/w.bin'))).toEqual({
      origins: ['https://models.example'],
      headers: { 'x-api-key': 'k-1' },
    });
    expect(await all.credentialFor(new URL('https://other.example/w.bin'))).toEqual({
      origins: ['https://other.example'],
      headers: { authorization: 'Bearer o-1' },
    });
    for (const url of ['http://models.example/', 'https://models.example:8443/', 'https://api.github.com/repos']) {
      expect(await all.credentialFor(new URL(url))).toBeUndefined();
    }
    expect(read).toEqual(['hub', 'models', 'other']);
    expect(all.values).toEqual(['hf_1', 'k-1', 'o-1']);
  });

  it('are read again after minutes, so that a replaced one is taken', async () => {
    const values = { models: 'old' };
    const { all, clock, read } = secrets(values);
    const url = new URL('https://models.example/');
    const header = async () => (await all.credentialFor(url))?.headers['x-api-key'];
    expect([await header(), await header()]).toEqual(['old', 'old']);
    values.models = 'new';
    clock.jump(299);
    expect(await header()).toBe('old');
    clock.jump(2);
    expect(await header()).toBe('new');
    expect(read).toEqual(['models', 'models']);
  });

  it('that cannot be had are an error of the source, not silently left out, and are asked for again', async () => {
    const values: Record<string, string | undefined> = { models: undefined };
    const { all } = secrets(values);
    const unauthorised = { name: 'SourceError', outcome: 'unauthorised' };
    await expect(all.credentialFor(new URL('https://huggingface.co/'))).rejects.toMatchObject(unauthorised);
    await expect(all.credentialFor(new URL('https://models.example/'))).rejects.toMatchObject(unauthorised);
    values.models = 'two\nlines';
    await expect(all.credentialFor(new URL('https://models.example/'))).rejects.toMatchObject(unauthorised);
    values.models = 'right';
    expect(await all.credentialFor(new URL('https://models.example/'))).toBeDefined();
  });
});

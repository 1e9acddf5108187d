import { describe, expect, it } from 'vitest';
import type { SignedObject } from '../../../../lib/core/access/access-ports.ts';
import { AssumedRoleSigner } from '../../../../lib/core/access/sign/assumed-role-signer.ts';
import { NotAuthorised } from '../../../../lib/core/errors.ts';
import { createS3Client } from '../../../../lib/core/stores/create-s3-client.ts';
import { StoreError } from '../../../../lib/core/stores/store.ts';
import { HeldClock } from '../local/held-clock.ts';

const object: SignedObject = { key: 'weights/1.0.0/sub/a b.bin', version: 'v+1', etag: 'x', fileName: 'ä b.bin' };

/** A signer whose sessions live for an hour, unless another life is said. */
function place() {
  const clock = new HeldClock(new Date('2026-05-04T03:02:01Z'));
  const sessions = { count: 0, life: 3600, fault: undefined as Error | undefined };
  const signer = new AssumedRoleSigner({
    bucket: 'private',
    clock,
    async assume() {
      sessions.count += 1;
      if (sessions.fault !== undefined) throw sessions.fault;
      const name = `${sessions.count}`.padStart(4, '0');
      return {
        accessKeyId: `ASIAEXAMPLE${name}`,
        secretAccessKey: `secret ${name}`,
        sessionToken: `token ${name}`,
        expiration: new Date(Math.floor(clock.now().getTime() / 1000) * 1000 + sessions.life * 1000),
      };
    },
    clientFor: (credentials) => createS3Client({ region: 'eu-central-1', credentials }),
  });
  /** Seconds that a URL is promised to live, of those asked for. */
  const life = async (seconds: number) => {
    const { expiresAt } = await signer.prepare(seconds);
    return expiresAt.getTime() / 1000 - Math.floor(clock.now().getTime() / 1000);
  };
  return { clock, sessions, signer, life };
}

describe('a signer with an assumed role', () => {
  it('makes URLs of one version that end when the session said', async () => {
    const { clock, signer } = place();
    clock.pass(0.9);
    const session = await signer.prepare(900);
    const { origin, pathname, searchParams } = new URL(await session.sign(object));
    expect(origin + pathname).toBe('https://private.s3.eu-central-1.amazonaws.com/weights/1.0.0/sub/a%20b.bin');
    const signature = searchParams.get('X-Amz-Signature');
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.fromEntries(searchParams)).toEqual({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
      'X-Amz-Credential': 'ASIAEXAMPLE0001/20260504/eu-central-1/s3/aws4_request',
      'X-Amz-Date': '20260504T030201Z',
      'X-Amz-Expires': '900',
      'X-Amz-Security-Token': 'token 0001',
      'X-Amz-Signature': signature,
      'X-Amz-SignedHeaders': 'host',
      'response-content-disposition': `attachment; filename="_ b.bin"; filename*=UTF-8''%C3%A4%20b.bin`,
      versionId: 'v+1',
      'x-id': 'GetObject',
    });
    expect(session.expiresAt).toEqual(new Date('2026-05-04T03:17:01Z'));
    // Whenever it signs: what was promised holds.
    clock.pass(30);
    expect(new URL(await session.sign(object)).searchParams.get('X-Amz-Date')).toBe('20260504T030201Z');
  });

  it('promises no more than its credentials have left', async () => {
    const { clock, life } = place();
    expect(await life(3600)).toBe(3600);
    clock.pass(599);
    expect(await life(3600)).toBe(3001);
    expect(await life(60)).toBe(60);
    expect(await life(0.4).catch((error: Error) => error.name)).toBe('NotAuthorised');
  });

  it('takes new credentials while old ones would cut a URL short, but not again and again', async () => {
    const { clock, sessions, life } = place();
    await life(900);
    clock.pass(3600 - 960);
    expect(await life(900)).toBe(900);
    expect(sessions.count).toBe(1);
    clock.pass(1);
    expect(await life(900)).toBe(900);
    expect(sessions.count).toBe(2);
    // Nobody gives an hour and a minute.
    for (let asked = 0; asked < 50; asked += 1) await life(3600);
    expect(sessions.count).toBe(2);
    clock.pass(600);
    expect(await life(3600)).toBe(3600);
    expect(sessions.count).toBe(3);
  });

  it('takes new ones at once where less than five minutes would be left, however young they are', async () => {
    const { clock, sessions, life } = place();
    sessions.life = 500;
    expect(await life(900)).toBe(500);
    clock.pass(200);
    expect(await life(900)).toBe(300);
    expect(sessions.count).toBe(1);
    clock.pass(1);
    expect(await life(900)).toBe(500);
    expect(sessions.count).toBe(2);
    // Who asks for less is served by what is there.
    clock.pass(430);
    expect(await life(60)).toBe(60);
    expect(sessions.count).toBe(2);
  });

  it('goes on with what is left where there are no new ones, and then says so', async () => {
    const { clock, sessions, life } = place();
    await life(900);
    sessions.fault = new StoreError('busy', { retryable: true });
    clock.pass(3000);
    expect(await life(900)).toBe(600);
    expect(await life(900)).toBe(600);
    expect(sessions.count).toBe(2);
    clock.pass(10);
    expect(await life(900)).toBe(590);
    expect(sessions.count).toBe(3);
    clock.pass(291);
    await expect(life(900)).rejects.toBe(sessions.fault);
    clock.pass(400);
    await expect(life(1)).rejects.toBe(sessions.fault);
    sessions.fault = undefined;
    expect(await life(900)).toBe(900);
  });

  it('asks once for all who wait', async () => {
    const { sessions, life } = place();
    await Promise.all(Array.from({ length: 10 }, () => life(900)));
    expect(sessions.count).toBe(1);
  });

  it('signs with nothing that has ended already, nor what no version is known of', async () => {
    const { sessions, signer } = place();
    const session = await signer.prepare(60);
    await expect(session.sign({ ...object, version: undefined })).rejects.toThrow(StoreError);
    const late = place();
    late.sessions.life = 0;
    await expect(late.signer.prepare(60)).rejects.toThrow(NotAuthorised);
    expect(sessions.count).toBe(1);
  });

  it('knows the secrets that no text may show', async () => {
    const { signer } = place();
    expect(signer.secrets).toEqual([]);
    await signer.prepare(60);
    expect(signer.secrets).toEqual(['secret 0001', 'token 0001']);
  });
});

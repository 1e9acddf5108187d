import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { inboxKey } from '../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import { generateBytes } from '../upstream/generate-bytes.ts';
import { endOfRun, type MutatedRun } from './iam-mutation.ts';
import { artifact, type MirrorWorld, release, vendorObject } from './mirror-world.ts';

export interface CampaignVerdict {
  /** Which of the ways failed; undefined when none did. */
  readonly failed: string | undefined;
  readonly errors: readonly string[];
  /** What was lost without an error. */
  readonly loss?: string;
}

/** A run, and what was lost by it without an error. */
type CampaignRun = MutatedRun & Pick<CampaignVerdict, 'loss'>;

const mebibyte = 2 ** 20;

/** Runs that together need every right that a function has: each takes a way of its own to a release. */
export class CampaignRuns {
  readonly #world: MirrorWorld;
  #count = 0;

  private constructor(world: MirrorWorld) {
    this.#world = world;
  }

  /** Publishes what later runs build upon. */
  static async begin(world: MirrorWorld): Promise<CampaignRuns> {
    const runs = new CampaignRuns(world);
    for (const access of ['public', 'private'] as const) {
      const { ok, errors } = await runs.#submit(runs.#base(access));
      if (!ok) throw new Error(`the ${access} base was not published: ${errors.join('; ')}`);
    }
    return runs;
  }

  /** Goes one way after the other until one does not end as it should. */
  async untilOneFails(privateFirst: boolean): Promise<CampaignVerdict> {
    const order = privateFirst ? (['private', 'public'] as const) : (['public', 'private'] as const);
    for (const way of ['fetch', 'refused', 'lost', 'wrong', 'resume'] as const) {
      for (const access of order) {
        this.#count += 1;
        const { ok, errors, loss } = await this[way](access);
        if (!ok) return { failed: `${way} (${access})`, errors, ...(loss === undefined ? {} : { loss }) };
      }
    }
    return { failed: undefined, errors: [] };
  }

  /** A new release from every kind of source, small and large, with bytes that another release has. */
  async fetch(access: 'public' | 'private'): Promise<CampaignRun> {
    const world = this.#world;
    const name = `${access}-${this.#count}`;
    const sent = generateBytes(`sent-${name}`, 3000);
    const Key = inboxKey('models', access, Sha256.ofBytes(sent).hex);
    await world.mirror.s3.send(new PutObjectCommand({ Bucket: world.mirror.bucket('state'), Key, Body: sent }));
    const artifacts = [
      world.file(`/${name}/small.bin`, generateBytes(`small-${name}`, 2000)),
      world.file(`/${name}/large.bin`, generateBytes(`large-${name}`, 17 * mebibyte)),
      artifact('sent.bin', sent, 'file:sent.bin'),
      { ...this.#base(access).artifacts[0], id: 'known', file: 'known.bin' },
    ];
    if (access === 'private') {
      artifacts.push(await vendorObject(world, `models/${name}.bin`, generateBytes(`vendor-${name}`, 2000)));
      artifacts.push(world.file(`/${name}/inner.bin`, generateBytes(`inner-${name}`, 2000), world.guarded));
    }
    return await this.#cleanly(access, await this.#submit(release(`copied-${name}`, artifacts, { access })));
  }

  /** A manifest that is not accepted: its report names it all the same. */
  async refused(access: 'public' | 'private'): Promise<CampaignRun> {
    const collection = `my-refused-${access}-${this.#count}`;
    const one = artifact('w.bin', Buffer.from(collection), 'https://not-granted.example.org/w.bin');
    const run = await this.#submit(release(collection, [one], { access }));
    const named = run.report?.collection === collection;
    const ok = run.report?.state === 'refused' && named;
    return { ...run, ok, ...(named ? {} : { loss: 'the report does not say of which release it is' }) };
  }

  /** A release that lost an object, published again. */
  async lost(access: 'public' | 'private'): Promise<CampaignRun> {
    const { mirror } = this.#world;
    const base = this.#base(access);
    const Key = `${base.collection}/${base.version}/base.bin`;
    await mirror.s3.send(new DeleteObjectCommand({ Bucket: mirror.bucket(access), Key }));
    const run = await this.#submit(base);
    if (!run.ok) {
      // For those that come after.
      const Body = generateBytes('base', 2000);
      await mirror.s3.send(new PutObjectCommand({ Bucket: mirror.bucket(access), Key, Body }));
    }
    return run;
  }

  /** A large file whose digest does not hold: nothing of it may be left. It should fail, and by that alone. */
  async wrong(access: 'public' | 'private'): Promise<CampaignRun> {
    const name = `wrong-${access}-${this.#count}`;
    const one = this.#world.file(`/${name}.bin`, generateBytes(name, 17 * mebibyte));
    const run = await this.#submit(
      release(`my-${name}`, [{ ...one, sha256: Sha256.ofBytes(Buffer.from(name)).hex }], { access }),
    );
    const { attempts = [] } = run.report?.artifacts[0] ?? {};
    const asExpected = run.report?.state === 'failed' && attempts.some(({ outcome }) => outcome === 'wrong-digest');
    return await this.#cleanly(access, { ...run, ok: asExpected });
  }

  /** A file that one pass does not finish, and the upload of somebody who is gone. */
  async resume(access: 'public' | 'private'): Promise<CampaignRun> {
    const { mirror, upstream } = this.#world;
    const name = `resume-${access}-${this.#count}`;
    const file = `${name}.bin`;
    upstream.fault(`/${file}`, { kind: 'stall', at: 4096 }, { method: 'GET', from: 7, times: 2 });
    const one = this.#world.file(`/${file}`, generateBytes(name, 72 * mebibyte));
    const Key = `my-${name}/1.0.0/${file}`;
    await mirror.s3.send(new CreateMultipartUploadCommand({ Bucket: mirror.bucket(access), Key }));
    const run = await this.#submit(release(`my-${name}`, [one], { access }));
    const again = upstream.requestsTo(`/${file}`, 'GET').filter(({ headers }) => headers.range?.startsWith('bytes=0-'));
    upstream.remove(`/${file}`);
    const anew = again.length > 1 ? { ok: false, loss: 'an upload is not continued' } : {};
    return await this.#cleanly(access, { ...run, ...anew });
  }

  #base(access: 'public' | 'private') {
    const one = this.#world.file('/base.bin', generateBytes('base', 2000));
    return release(`copied-base-${access}`, [one], { access });
  }

  async #submit(manifest: object): Promise<MutatedRun> {
    return await endOfRun(this.#world.mirror, await this.#world.mirror.put(manifest));
  }

  /** Nothing unfinished may be left in the mirror. */
  async #cleanly(access: 'public' | 'private', run: CampaignRun): Promise<CampaignRun> {
    const { mirror } = this.#world;
    const { Uploads = [] } = await mirror.s3.send(new ListMultipartUploadsCommand({ Bucket: mirror.bucket(access) }));
    if (Uploads.length === 0) return run;
    const left = `uploads are left: ${Uploads.map(({ Key }) => Key).join(', ')}`;
    for (const { Key, UploadId } of Uploads) {
      await mirror.s3.send(new AbortMultipartUploadCommand({ Bucket: mirror.bucket(access), Key, UploadId }));
    }
    return { ...run, ok: false, loss: left };
  }
}

import { objectsKey, releaseKey, releasePrefix, sumsKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotAuthorised, NotFound, WeighbridgeError } from '../errors.ts';
import { checkRelease } from '../mirror/check-release.ts';
import type { ListedRelease } from '../mirror/find-release.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { readWhole } from '../mirror/mirror-reader.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import { releaseName } from '../mirror/release-ref.ts';
import { type ObjectsRecord, objectsSchema, type Registry, type Release } from '../registry/records.ts';
import { formatSums, parseSums } from '../registry/sha256sums.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { addFinding, type VerifyContext } from './verify-context.ts';

export interface VerifiedRecords {
  /** Undefined when the record is missing or unreadable: its files cannot be judged then. */
  readonly release: Release | undefined;
  /** Undefined where it is missing, unreadable, or not readers' business (over HTTP). */
  readonly objects: ObjectsRecord | undefined;
}

/** Checks a release's own records: `release.json` against the registry, `SHA256SUMS` against it, `objects.json`, the notes. */
export async function verifyRecords(
  context: VerifyContext,
  listed: ListedRelease,
  access: Registry['access'] | undefined,
): Promise<VerifiedRecords> {
  const { collection, version } = listed;
  const name = releaseName(collection, version);
  const bytes = await readRecord(context, name, releaseKey(collection, version), 'release.json');
  if (bytes === undefined) return { release: undefined, objects: undefined };
  const { release, faults } = checkRelease(bytes, listed, access);
  for (const { message, expected, actual } of faults) {
    const details = { ...(expected === undefined ? {} : { expected }), ...(actual === undefined ? {} : { actual }) };
    addFinding(context, 'record', 'release.json', message, { release: name, ...details });
  }
  if (release === undefined) return { release, objects: undefined };
  await verifySums(context, name, release);
  await readRecord(context, name, `${releasePrefix(collection, version)}RELEASE.md`, 'RELEASE.md');
  return { release, objects: await readObjects(context, name, release) };
}

/** `SHA256SUMS` says exactly what `release.json` says, or stock tools would prove something else than we do. */
async function verifySums(context: VerifyContext, name: string, release: Release): Promise<void> {
  const bytes = await readRecord(context, name, sumsKey(release.collection, release.version), 'SHA256SUMS');
  if (bytes === undefined) return;
  const bad = (message: string, expected?: string, actual?: string) =>
    addFinding(context, 'record', 'SHA256SUMS', `SHA256SUMS of ${name} ${message}`, {
      release: name,
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
    });
  const text = Buffer.from(bytes).toString('utf8');
  const lines = parseSums(text);
  if (lines === undefined) return bad('has lines that sha256sum would not write');
  const written = new Map(lines.map(({ file, sha256 }) => [file, sha256.hex]));
  let agree = true;
  for (const { file, sha256 } of release.artifacts) {
    const line = written.get(file);
    written.delete(file);
    if (line === sha256) continue;
    agree = false;
    if (line === undefined) bad(`has no line for ${file}`, sha256);
    else bad(`has another digest for ${file}`, sha256, line);
  }
  for (const [file, line] of written) {
    agree = false;
    bad(`lists ${file}, which is not in the release`, undefined, line);
  }
  const canonical = formatSums(release.artifacts.map(({ file, sha256 }) => ({ file, sha256: Sha256.of(sha256) })));
  if (agree && text !== canonical) bad('was edited: the same digests in another form');
}

async function readObjects(context: VerifyContext, name: string, release: Release): Promise<ObjectsRecord | undefined> {
  // Each store's own record; a web server need not show it.
  if (context.reader.list === undefined) return undefined;
  const bytes = await readRecord(context, name, objectsKey(release.collection, release.version), 'objects.json');
  if (bytes === undefined) return undefined;
  try {
    const objects = parseRecord(bytes, objectsSchema, 'weighbridge/objects/1', `objects.json of ${name}`);
    for (const { file } of release.artifacts) {
      if (Object.hasOwn(objects, file)) continue;
      addFinding(context, 'record', 'objects.json', `objects.json of ${name} has no entry for ${file}`, {
        release: name,
      });
    }
    return objects;
  } catch (error) {
    if (!(error instanceof MirrorDamaged)) throw error;
    addFinding(context, 'record', 'objects.json', error.message, { release: name });
    return undefined;
  }
}

/** The record's bytes; undefined, with a finding, where there are none to be had. */
async function readRecord(
  context: VerifyContext,
  name: string,
  key: string,
  file: string,
): Promise<Uint8Array | undefined> {
  try {
    const read = () => readWhole(context.reader, key, recordLimit, context.signal);
    return await retry(read, defaultRetryPolicy, context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    const kind = error instanceof NotFound ? 'missing' : error instanceof NotAuthorised ? 'refused' : 'unreadable';
    const message = kind === 'missing' ? `${key} is not there` : error.message;
    addFinding(context, kind, file, message, { release: name });
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { ulid } from 'ulid';
import { stringify } from 'yaml';
import type { PipelineHandler } from '../../lib/contract/cloud/handlers.ts';
import { handlerVariables } from '../../lib/contract/cloud/handlers.ts';
import type { PassOutput, PlanOutput, PublishOutput, ReportOutput } from '../../lib/contract/cloud/payloads.ts';
import { type AttemptPlace, reportKey, submissionKey } from '../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { Access } from '../../lib/core/manifest/manifest.ts';
import type { StageReport } from '../../lib/core/stage/report.ts';
import { runId } from '../../lib/core/stage/run-progress.ts';
import type { S3Store } from '../../lib/core/stores/s3-store.ts';
import { clientOf, makeBucket, storeOn } from '../core/stores/s3-place.ts';
import type { S3Access } from '../servers/server-access.ts';

/** Calls a function of the pipeline. */
export type Invoke = (name: PipelineHandler, payload: unknown) => Promise<unknown>;

/** The buckets of a deployment on a real S3 server, and what is to be told to its functions. */
export class PipelinePlace {
  readonly client: S3Client;
  readonly state: S3Store;
  readonly public: S3Store;
  readonly private: S3Store;
  readonly variables: Readonly<Record<string, string>>;

  private constructor(server: S3Access, client: S3Client, [state, open, closed]: readonly [string, string, string]) {
    this.client = client;
    this.state = storeOn(client, state);
    this.public = storeOn(client, open);
    this.private = storeOn(client, closed);
    this.variables = {
      AWS_REGION: server.region,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      [handlerVariables.stateBucket]: state,
      [handlerVariables.publicBucket]: open,
      [handlerVariables.privateBucket]: closed,
    };
  }

  static async make(server: S3Access): Promise<PipelinePlace> {
    const client = clientOf(server);
    const bucket = () => makeBucket(client);
    return new PipelinePlace(server, client, [await bucket(), await bucket(), await bucket()]);
  }

  bucket(which: 'state' | 'public' | 'private'): string {
    return this[which].url.replace(/^s3:\/\/|\/$/g, '');
  }

  /** Puts a manifest where `submit` would. */
  async submit(manifest: object, publisher = 'team'): Promise<AttemptPlace> {
    const content = Buffer.from(stringify({ weighbridge: 1, ...manifest }));
    const { access } = manifest as { readonly access: Access };
    const run = runId(Sha256.ofBytes(content), `s3://${this.bucket(access)}`);
    const place = { publisher, run, attempt: ulid() };
    const submission = {
      format: 1,
      kind: 'manifest',
      file: 'manifests/models/1.0.0.yaml',
      content: content.toString('base64'),
      submittedAt: new Date().toISOString(),
      weighbridge: '0.1.0',
    };
    await this.state.put(submissionKey(place), Buffer.from(JSON.stringify(submission)), { ifAbsent: true });
    return place;
  }

  /** Goes through the states as the state machine does. */
  async run(place: AttemptPlace, invoke: Invoke): Promise<ReportOutput> {
    const execution = `arn:aws:states:us-east-1:123456789012:execution:runs:${randomBytes(8).toString('hex')}`;
    const submission = { bucket: this.bucket('state'), key: submissionKey(place), execution };
    const plan = (await invoke('plan', submission)) as PlanOutput;
    if (plan.next === 'transfer') await this.#items(plan.items, (line) => passes('transfer', line, invoke));
    if (plan.next === 'transfer' || plan.next === 'publish') {
      const published = (await invoke('publish', place)) as PublishOutput;
      if (published.next === 'replicate') {
        await this.#items(published.items, (line) => passes('replicate', line, invoke));
      }
      if (published.next !== 'report') await invoke('publish-replicas', place);
    }
    return (await invoke('report', place)) as ReportOutput;
  }

  async report(place: AttemptPlace): Promise<StageReport> {
    const found = await this.state.get(reportKey(place), 2 ** 20);
    return JSON.parse(Buffer.from(found?.bytes ?? []).toString('utf8'));
  }

  async #items(items: PlanOutput['items'], each: (line: unknown) => Promise<void>): Promise<void> {
    const found = await this.state.get(items?.key ?? '', 2 ** 20);
    const lines = Buffer.from(found?.bytes ?? [])
      .toString('utf8')
      .trim()
      .split('\n');
    if (lines.length !== items?.count) throw new Error(`${items?.count} items are ${lines.length} lines`);
    for (const line of lines) await each(JSON.parse(line));
  }
}

async function passes(name: 'transfer' | 'replicate', first: unknown, invoke: Invoke): Promise<void> {
  let input = first;
  for (let pass = 0; pass < 100; pass += 1) {
    const output = (await invoke(name, input)) as PassOutput;
    if (output.status === 'done') return;
    await new Promise((resolve) => setTimeout(resolve, output.wait * 1000));
    input = output;
  }
  throw new Error(`${name} does not come to an end`);
}

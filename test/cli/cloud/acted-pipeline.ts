import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Progress } from '../../../lib/contract/cloud/progress.ts';
import {
  type AttemptPlace,
  parseSubmissionKey,
  progressKey,
  reportKey,
  submissionsPrefix,
} from '../../../lib/contract/cloud/state-keys.ts';
import { type Submission, submissionSchema } from '../../../lib/contract/cloud/submission.ts';
import type { PolicyReport } from '../../../lib/core/pipeline/policy-report.ts';
import type { StageReport } from '../../../lib/core/stage/report.ts';

/** Stands in for the pipeline: sees submissions, and writes progress and reports as its handlers do. */
export class ActedPipeline {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #seen = new Set<string>();

  /** @param client of somebody who may do everything. */
  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async submissions(): Promise<readonly AttemptPlace[]> {
    const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: submissionsPrefix });
    const { Contents = [] } = await this.#client.send(command);
    return Contents.flatMap(({ Key = '' }) => parseSubmissionKey(Key) ?? []);
  }

  /** The next submission that was not seen before. */
  async next(): Promise<AttemptPlace> {
    for (let look = 0; look < 600; look += 1) {
      const fresh = (await this.submissions()).find(({ attempt }) => !this.#seen.has(attempt));
      if (fresh !== undefined) {
        this.#seen.add(fresh.attempt);
        return fresh;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('nothing was submitted');
  }

  async read({ publisher, run, attempt }: AttemptPlace): Promise<Submission> {
    const Key = `${submissionsPrefix}${publisher}/${run}/${attempt}.json`;
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
    return submissionSchema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  }

  async progress(place: AttemptPlace, more: Partial<Progress>): Promise<void> {
    const at = new Date().toISOString();
    const progress: Progress = {
      format: 1,
      release: 'my-model@1.0.0',
      access: 'private',
      phase: 'transfer',
      artifacts: 2,
      toMove: { artifacts: 2, bytes: 1000 },
      items: {},
      notes: [],
      startedAt: at,
      updatedAt: at,
      ...more,
    };
    await this.#put(progressKey(place), progress);
  }

  async report(place: AttemptPlace, more: Partial<StageReport> = {}): Promise<StageReport> {
    const at = new Date().toISOString();
    const store = `s3://weights-private-123456789012-us-east-1-an`;
    const report: StageReport = {
      ok: true,
      run: place.run,
      attempt: place.attempt,
      collection: 'my-model',
      version: '1.0.0',
      state: 'published',
      published: true,
      content: 'ab'.repeat(32),
      artifacts: [],
      stores: [{ store, state: 'published', requests: { put: 3 } }],
      notes: [],
      startedAt: at,
      finishedAt: at,
      ...more,
    };
    await this.#put(reportKey(place), report);
    return report;
  }

  async policyReport(place: AttemptPlace, more: Partial<PolicyReport> = {}): Promise<PolicyReport> {
    const at = new Date().toISOString();
    const none = { added: [], removed: [], changed: [] };
    const report: PolicyReport = {
      ok: true,
      run: place.run,
      attempt: place.attempt,
      kind: 'policy',
      state: 'published',
      policy: { sha256: 'ab'.repeat(32), grants: 1, principals: 1 },
      changes: {
        grants: { ...none, removed: [{ name: 'old', before: 'to team: *' }] },
        principals: none,
        issuers: none,
      },
      notes: [],
      startedAt: at,
      finishedAt: at,
      publisher: place.publisher,
      ...more,
    };
    await this.#put(reportKey(place), report);
    return report;
  }

  async #put(Key: string, value: unknown): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body: JSON.stringify(value) }));
  }
}

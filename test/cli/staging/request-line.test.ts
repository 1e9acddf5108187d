import { expect, it } from 'vitest';
import { requestLine } from '../../../lib/cli/staging/request-line.ts';
import type { StageReport, StoreReport } from '../../../lib/core/stage/report.ts';

function report(
  stores: Readonly<Record<string, StoreReport['requests']>>,
  workingState?: StageReport['workingState'],
): StageReport {
  return {
    ok: true,
    run: '',
    attempt: '',
    collection: 'tiny',
    version: '1.0.0',
    state: 'published',
    published: true,
    content: null,
    artifacts: [],
    stores: Object.entries(stores).map(([store, requests]) => ({ store, state: 'published', requests })),
    notes: [],
    ...(workingState === undefined ? {} : { workingState }),
    startedAt: '',
    finishedAt: '',
  };
}

it('says of each bucket how many requests are charged as writes and as reads', () => {
  const line = requestLine(
    report(
      {
        's3://acme/prod': { put: 5, part: 3, complete: 1, copy: 1, list: 2, abort: 7, head: 1 },
        'gs://acme': { get: 4 },
      },
      { location: 's3://acme-state', requests: { put: 8, get: 3, delete: 9 } },
    ),
  );
  expect(line).toBe(
    'requests: s3://acme/prod 12 writes, 1 read; gs://acme 0 writes, 4 reads; state s3://acme-state 8 writes, 3 reads',
  );
});

it('says nothing where requests cost nothing, or none was made', () => {
  expect(requestLine(report({ 'file:./mirror': { put: 5 }, 's3://acme': {} }))).toBeUndefined();
  expect(requestLine(report({ 'gs://acme': { abort: 1 } }))).toBeUndefined();
});

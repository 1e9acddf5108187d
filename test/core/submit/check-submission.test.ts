import { describe, expect, it } from 'vitest';
import { type Deployment, deploymentSchema } from '../../../lib/contract/cloud/deployment.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';
import { checkSubmission } from '../../../lib/core/submit/check-submission.ts';
import { choosePublisher } from '../../../lib/core/submit/choose-publisher.ts';

const own = { state: 's3://w-state', private: ['s3://w-private'] };

function deployment(more: object = {}): Deployment {
  return deploymentSchema.parse({
    environment: null,
    cloud: {},
    publishers: {
      models: { principals: ['arn:aws:iam::123456789012:role/p'], collections: ['my-*'], access: ['private'] },
    },
    sources: { hosts: ['example.org'] },
    ...more,
  });
}

interface Fields {
  readonly collection?: string;
  readonly access?: string;
  readonly source?: string;
  readonly sha256?: string | null;
}

function check(fields: Fields = {}, whole = deployment()) {
  const {
    collection = 'my-model',
    access = 'private',
    source = 'https://example.org/w',
    sha256 = 'ab'.repeat(32),
  } = fields;
  const artifact = { id: 'w', kind: 'config', file: 'w', source, size: 4, ...(sha256 === null ? {} : { sha256 }) };
  const text = JSON.stringify({ weighbridge: 1, collection, version: '1.0.0', access, artifacts: [artifact] });
  const { manifest } = parseManifest(text, { file: 'm.yaml' });
  return () => checkSubmission(manifest, choosePublisher(whole.publishers, undefined, undefined), whole, own);
}

describe('what is looked at before a manifest is submitted', () => {
  it('lets pass what the pipeline would', () => {
    expect(check()).not.toThrow();
    expect(check({ source: 'file:w' })).not.toThrow();
  });

  it.each([
    ['another publisher’s collection', { collection: 'their-model' }, 'may not publish their-model'],
    ['an access class that it may not publish', { access: 'public' }, 'may not publish public releases'],
    ['a host that is not granted', { source: 'https://example.com/w' }, 'the host example.com is not granted'],
    ['the metadata address', { source: 'https://169.254.169.254/w' }, 'which is never read'],
    ['the state bucket', { source: 's3://w-state/inbox/others/private/sha256/ab' }, 'which is no source'],
  ])('refuses %s', (_, fields, message) => {
    expect(check(fields)).toThrow(
      expect.objectContaining({ name: 'Refused', message: expect.stringContaining(message) }),
    );
  });

  it('says of a mirror that there is not that it is not there, and not that the publisher may not', () => {
    const message = 'this deployment has no public mirror, and my-model@1.0.0 is public';
    expect(check({ access: 'public' }, deployment({ cloud: { public: false } }))).toThrow(
      expect.objectContaining({ name: 'Refused', message, hint: expect.stringContaining('cloud.public: false') }),
    );
  });

  it('wants digests', () => {
    expect(check({ sha256: null })).toThrow(
      expect.objectContaining({ name: 'UsageError', hint: expect.stringContaining('lock') }),
    );
  });
});

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { AccessPolicy, Grant, Principal } from '../../../../lib/core/access/access-policy.ts';
import type { SignedObject } from '../../../../lib/core/access/access-ports.ts';
import { accessApp } from '../../../../lib/core/access/api/access-app.ts';
import type { Caller } from '../../../../lib/core/access/caller.ts';
import { NotAuthorised } from '../../../../lib/core/errors.ts';
import { readerOf } from '../../../fixtures/open-store-mirror.ts';
import { HeldClock } from '../local/held-clock.ts';
import { laidOut } from './access-fixture.ts';

const files = ['a.bin', 'sub/b.bin', 'sub/deep/c.bin', 'config.json'];
const versions = ['1.0.0', '1.2.0', '2.0.0-rc.1', '2.0.0'];
const collections = ['m', 'm.x', 'other'];
const contents = Object.fromEntries(files.map((name) => [name, name]));
const releases = collections.flatMap((collection) =>
  versions.map((version) => ({ collection, version, files: contents })),
);

const { root, clean } = await laidOut(releases);
afterAll(clean);

const callers: readonly Caller[] = [
  { kind: 'token', principal: 'farm' },
  { kind: 'token', principal: 'desk' },
  { kind: 'oidc', issuer: 'ci', subject: 's', claims: { repository: 'org/name', branch: 'main' } },
  { kind: 'oidc', issuer: 'ci', subject: 's', claims: { repository: 'org/name-evil' } },
  { kind: 'aws', account: '111111111111', arn: 'arn:aws:iam::111111111111:role/train' },
  { kind: 'aws', account: '222222222222', arn: undefined },
];

const principals: Readonly<Record<string, Principal>> = {
  farm: { kind: 'tokens', tokens: [] },
  desk: { kind: 'tokens', tokens: [] },
  ci: { kind: 'oidc', issuer: 'ci', claims: { repository: 'org/name' } },
  role: { kind: 'aws', arns: ['arn:aws:iam::111111111111:role/tr*'] },
  account: { kind: 'aws', arns: ['222222222222'] },
};

/** Who is who, written out: what the policy above means. */
const isPrincipal: Readonly<Record<string, readonly number[]>> = {
  farm: [0],
  desk: [1],
  ci: [2],
  role: [4],
  account: [5],
};

/** What each pattern and range that grants are made of covers, written out. */
const collectionPatterns: Readonly<Record<string, readonly string[]>> = {
  m: ['m'],
  'm*': ['m', 'm.x'],
  '**': collections,
  none: [],
};
const ranges: Readonly<Record<string, readonly string[]>> = {
  '': versions,
  '^1.0.0': ['1.0.0', '1.2.0'],
  '>=2.0.0-rc.0': ['2.0.0-rc.1', '2.0.0'],
  '<1.1.0 || >=2.0.0': ['1.0.0', '2.0.0'],
};
const filePatterns: Readonly<Record<string, readonly string[]>> = {
  '*.bin': ['a.bin'],
  'sub/*': ['sub/b.bin'],
  'sub/**': ['sub/b.bin', 'sub/deep/c.bin'],
  'config.json': ['config.json'],
};

const some = (texts: readonly string[]) => fc.subarray([...texts], { minLength: 1 });

const grants = fc
  .array(
    fc.record({
      to: some(Object.keys(principals)),
      collections: some(Object.keys(collectionPatterns)),
      versions: fc.constantFrom(...Object.keys(ranges)),
      files: fc.option(some(Object.keys(filePatterns))),
      maximumLifetime: fc.constantFrom(300, 900, 3600),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map(
      (each, index): Grant => ({
        ...each,
        versions: each.versions || null,
        tags: null,
        prereleases: false,
        name: `g${index}`,
      }),
    ),
  );

/** Seconds that the policy allows this caller for a file: asked of the tables above, and of nothing of the program. */
function allowedFor(granted: readonly Grant[], caller: number, [collection, version, file]: readonly string[]): number {
  const covering = granted.filter(
    (grant) =>
      grant.to.some((name) => isPrincipal[name]?.includes(caller)) &&
      grant.collections.some((pattern) => collectionPatterns[pattern]?.includes(collection ?? '')) &&
      ranges[grant.versions ?? '']?.includes(version ?? '') &&
      (grant.files === null || grant.files.some((pattern) => filePatterns[pattern]?.includes(file ?? ''))),
  );
  return Math.max(0, ...covering.map(({ maximumLifetime }) => maximumLifetime));
}

const wordOf = (words: readonly string[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.string({ maxLength: 12 }) });
const encodings = [
  encodeURI,
  encodeURIComponent,
  (text: string) => text,
  (text: string) => encodeURIComponent(encodeURIComponent(text)),
  (text: string) => text.replaceAll('/', '/./'),
  (text: string) => `x/../${text}`,
];
const path = fc
  .tuple(
    wordOf(collections),
    wordOf([...versions, ...versions, 'latest']),
    wordOf([...files, ...files, 'release.json', 'objects.json']),
    fc.nat(29),
  )
  .map(
    ([collection, version, file, coding]) =>
      `/${collection}/${version}/${(encodings[coding] ?? encodeURI)(file.toWellFormed())}`,
  );
const query = fc.constantFrom(
  '',
  '',
  '?redirect=0',
  '?redirect=0&expiresIn=60',
  '?expiresIn=604800',
  '?redirect=0&redirect=1',
);
const body = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        collection: wordOf(collections),
        version: wordOf([...versions, 'latest']),
        files: fc.uniqueArray(wordOf(files), { minLength: 1, maxLength: 5 }),
        expiresIn: fc.integer({ min: -1, max: 7200 }),
      },
      { requiredKeys: ['collection', 'version'] },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const request = fc.record({
  caller: fc.nat(callers.length - 1),
  /** Shown in the header, proven by the gateway, neither, or what is right for the caller. */
  proven: fc.constantFrom('right', 'right', 'right', 'right', 'header', 'gateway', 'none'),
  wrongPrefix: fc.constantFrom(undefined, undefined, undefined, '/v1', '/iam/v1', '/v1/iam'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'PUT'),
  asked: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(path, query).map(([one, two]) => ({ target: one + two, body: undefined })) },
    { weight: 1, arbitrary: body.map((json) => ({ target: '/urls', body: JSON.stringify(json) })) },
  ),
});

type RandomRequest = typeof request extends fc.Arbitrary<infer T> ? T : never;

test('ten thousand random requests get no URL that the policy does not allow', async () => {
  const clock = new HeldClock();
  let policy: AccessPolicy = { issuers: {}, principals, grants: [] };
  let signed: { readonly key: string; readonly seconds: number }[] = [];
  const app = accessApp({
    policies: { current: async () => ({ policy, etag: '' }) },
    authenticator: {
      async authenticate(authorization) {
        const caller = callers[Number(authorization?.slice('Bearer '.length))];
        if (caller === undefined || caller.kind === 'aws') throw new NotAuthorised('no');
        return caller;
      },
    },
    stores: [
      {
        kind: 'directory',
        reader: readerOf(root),
        signer: {
          prepare: async (seconds) => ({
            expiresAt: new Date(clock.now().getTime() + seconds * 1000),
            sign: async ({ key }: SignedObject) => {
              signed.push({ key, seconds });
              return `https://signed.example/${key}`;
            },
          }),
        },
      },
    ],
    audit: { record: () => undefined },
    clock,
    newRequestId: () => '',
  });
  let urls = 0;
  let refusals = 0;
  const ask = async ({ caller, proven, wrongPrefix, method, asked }: RandomRequest) => {
    signed = [];
    const who = callers[caller];
    const right = who?.kind === 'aws' ? 'gateway' : 'header';
    const proof = proven === 'right' ? right : proven;
    const prefix = wrongPrefix ?? (who?.kind === 'aws' ? '/iam/v1' : '/v1');
    const target = prefix + asked.target;
    const sent = new Request(`http://api.example${encodeURI(target.toWellFormed())}`, {
      method: asked.body === undefined ? method : 'POST',
      headers: { ...(proof === 'header' && { authorization: `Bearer ${caller}` }), 'content-type': 'application/json' },
      ...(asked.body === undefined ? {} : { body: asked.body }),
    });
    const gateway = proof === 'gateway' && who?.kind === 'aws' ? { awsCaller: who } : {};
    const response = await app.fetch(sent, { target, ...gateway });
    const text = `${await response.text()} ${response.headers.get('location') ?? ''}`;
    const given = [...text.matchAll(/https:\/\/signed\.example\/([^\s"]+)/g)].map(([, key]) => key ?? '');
    // Whoever gets a URL has proven who they are in the way that counts below this prefix.
    if (given.length > 0) expect(who?.kind === 'aws').toBe(prefix === '/iam/v1' && proof === 'gateway');
    if (given.length > 0 && prefix === '/v1') expect(proof).toBe('header');
    expect(signed.map(({ key }) => key).sort()).toEqual(given.sort());
    for (const { key, seconds } of signed) {
      const [collection = '', version = '', ...file] = key.split('/');
      expect(seconds).toBeLessThanOrEqual(allowedFor(policy.grants, caller, [collection, version, file.join('/')]));
    }
    urls += given.length;
    refusals += response.status >= 400 ? 1 : 0;
  };
  const many = fc.tuple(grants, fc.array(request, { minLength: 50, maxLength: 50, size: 'max' }));
  const property = fc.asyncProperty(many, async ([drawn, requests]) => {
    policy = { issuers: {}, principals, grants: drawn };
    for (const one of requests) await ask(one);
  });
  await fc.assert(property, { numRuns: 200 });
  // Neither of them always: a property of nothing but refusals would prove nothing.
  expect(urls).toBeGreaterThan(500);
  expect(refusals).toBeGreaterThan(500);
});

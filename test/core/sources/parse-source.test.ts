import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSource, parseSource, sourceFileName } from '../../../lib/core/sources/parse-source.ts';
import { withoutCredentials } from '../../../lib/core/sources/signed-url.ts';
import type { SourceRef } from '../../../lib/core/sources/source-ref.ts';

function parsed(uri: string): SourceRef {
  const ref = parseSource(uri);
  if ('problem' in ref) throw new Error(`${uri}: ${ref.problem}`);
  return ref;
}

function problem(uri: string): string {
  const ref = parseSource(uri);
  return 'problem' in ref ? ref.problem : `parsed as ${ref.scheme}`;
}

describe('a source URI', () => {
  it('names a Hugging Face file at a revision', () => {
    expect(parsed('hf://acme/tiny@main/v1/vae.ckpt')).toEqual({
      scheme: 'hf',
      uri: 'hf://acme/tiny@main/v1/vae.ckpt',
      repoType: 'models',
      repo: 'acme/tiny',
      revision: 'main',
      path: 'v1/vae.ckpt',
    });
    expect(parsed('hf://datasets/acme/data@refs%2Fpr%2F1/a%20b%3F%23%25.bin')).toMatchObject({
      repoType: 'datasets',
      revision: 'refs/pr/1',
      path: 'a b?#%.bin',
    });
    expect(parsed('hf://spaces/acme/app@v1/a@b.bin')).toMatchObject({
      repoType: 'spaces',
      repo: 'acme/app',
      path: 'a@b.bin',
    });
  });

  it('names an asset of a GitHub release', () => {
    expect(parsed('github://acme/tiny@models-v2%2Fbeta/vae+1.ckpt#id=123')).toEqual({
      scheme: 'github',
      uri: 'github://acme/tiny@models-v2%2Fbeta/vae+1.ckpt#id=123',
      owner: 'acme',
      repo: 'tiny',
      tag: 'models-v2/beta',
      asset: 'vae+1.ckpt',
      assetId: 123,
    });
    expect(parsed('github://acme/tiny@v1/vae.ckpt')).toMatchObject({ assetId: undefined });
  });

  it('names an object in a bucket, at a version or not', () => {
    expect(parsed('s3://models/a/b%20c.bin?versionId=3s.L4_k')).toMatchObject({
      bucket: 'models',
      key: 'a/b c.bin',
      versionId: '3s.L4_k',
    });
    expect(parsed('s3://models/a//b')).toMatchObject({ key: 'a//b', versionId: undefined });
    expect(parsed('gs://models/a/b%23c.bin#171')).toMatchObject({
      bucket: 'models',
      key: 'a/b#c.bin',
      generation: '171',
    });
    expect(parsed('gs://models/a')).toMatchObject({ generation: undefined });
  });

  it('names a file below the manifest', () => {
    expect(parsed('file:weights/my%20vae.ckpt')).toMatchObject({ scheme: 'file', path: 'weights/my vae.ckpt' });
    expect(parsed('file:./a/../b.bin')).toMatchObject({ path: 'b.bin' });
    expect(parsed('file:my vae.ckpt')).toMatchObject({ path: 'my vae.ckpt' });
  });

  it('names a URL, plain http included, which needs trust later', () => {
    expect(parsed('https://example.org/a.bin?download=true')).toMatchObject({ scheme: 'https' });
    expect(parsed('http://127.0.0.1:8081/a.bin')).toMatchObject({ scheme: 'https' });
    expect(parsed('https://example.org/a@b.bin')).toMatchObject({ scheme: 'https' });
  });

  it('that nobody filled in is a placeholder, whatever else it is', () => {
    expect(parsed('MISSING')).toEqual({ scheme: 'placeholder', uri: 'MISSING', pattern: 'MISSING' });
    expect(parsed('https://github.com/YOUR_USERNAME/x/a.bin')).toMatchObject({ pattern: 'YOUR_USERNAME' });
    expect(parseSource('https://acme.example/a', ['acme'])).toMatchObject({ scheme: 'placeholder', pattern: 'acme' });
  });

  it('with a credential is refused before anything else, and the credential is not repeated', () => {
    const signed = [
      'https://h/a?X-Amz-Signature=HUSH',
      'https://h/YOUR_USERNAME?sig=HUSH',
      'https://me:HUSH@h/a',
      'https://HUSH@h/MISSING',
      'https://h/a?x=1&X%2DGoog%2DSignature=HUSH',
      's3://b/k?X-Amz-Security-Token=HUSH',
      's3://me:HUSH@b/k',
      'https://h/a#jwt=HUSH',
      'ftp://h/a?Signature=HUSH',
      'https://h/a?Expires=1&Policy=HUSH',
      'https://h/a??sig=HUSH',
      'https://h/a?+sig=HUSH',
      'HTTPS://me:HUSH@h/a',
    ];
    for (const uri of signed) {
      expect(problem(uri), uri).toMatch(/credential|password/u);
      expect(problem(uri)).not.toContain('HUSH');
      expect(withoutCredentials(uri), uri).not.toContain('HUSH');
    }
  });

  it('does not carry what a terminal would obey', () => {
    expect(problem('https://h/a?X-Amz-%1b[31m=1')).not.toContain('\u001b');
    expect(problem('hf://acme/tiny@main/a%1b.bin')).toBe('the path holds the character U+001B, which is not allowed');
    expect(problem('file:a%e2%80%ae.bin')).toBe('the path holds the character U+202E, which is not allowed');
    expect(problem('https://h/%')).toBe('parsed as https');
  });

  it('is never an exception', () => {
    const pieces = fc.constantFrom(
      'hf://',
      'https://',
      'github://',
      's3://',
      'gs://',
      'file:',
      'a',
      '/',
      '@',
      '#',
      '?',
      '%',
      '%2F',
      '..',
      ':',
      '=',
      '\\',
      ' ',
      'id=1',
      'versionId=',
      '[',
      '\u0000',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const ref = parseSource(parts.join(''));
        if (!('problem' in ref)) expect(typeof formatSource(ref)).toBe('string');
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps a version id apart from the query that it stands in', () => {
    const ref = parsed('s3://models/key?versionId=%3D%26%3B%20x');
    expect(ref).toMatchObject({ versionId: '=&; x' });
    expect(parsed(formatSource(ref))).toMatchObject({ versionId: '=&; x' });
  });

  it('comes back the same from its canonical spelling', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .map((text) => encodeURIComponent(text.replace(/[/\\]/gu, '-')));
    const uris = fc.oneof(
      fc.tuple(part, part, part).map(([revision, folder, name]) => `hf://acme/tiny@${revision}/${folder}/${name}`),
      fc.tuple(part, part).map(([tag, asset]) => `github://acme/tiny@${tag}/${asset}#id=7`),
      fc.tuple(part, part).map(([key, version]) => `s3://models/${key}/x?versionId=${version}`),
      part.map((key) => `gs://models/${key}/x#12`),
      fc.tuple(part, part).map(([folder, name]) => `file:${folder}/${name}`),
    );
    let compared = 0;
    fc.assert(
      fc.property(uris, (uri) => {
        const ref = parseSource(uri);
        if ('problem' in ref || ref.scheme === 'placeholder') return;
        compared += 1;
        const canonical = formatSource(ref);
        expect({ ...parsed(canonical), uri: '' }).toEqual({ ...ref, uri: '' });
        expect(formatSource(parsed(canonical))).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('knows the name of its file', () => {
    const names = [
      'hf://acme/tiny@main/v1/vae.ckpt',
      'github://acme/tiny@v1/vae.ckpt',
      's3://b-b/k/vae.ckpt?versionId=1',
      'gs://b-b/vae.ckpt',
      'file:w/vae.ckpt',
      'https://h/a/vae.ckpt?x=1',
    ];
    for (const uri of names) expect(sourceFileName(parsed(uri)), uri).toBe('vae.ckpt');
    for (const uri of ['https://h/', 'https://h/a%2Fb', 'https://h/%ff', 'MISSING', 'gs://bbb/k%2F/..']) {
      expect(sourceFileName(parsed(uri)), uri).not.toBe('vae.ckpt');
    }
    expect(sourceFileName(parsed('https://h/a%2Fb'))).toBeUndefined();
    expect(sourceFileName(parsed('https://h/'))).toBeUndefined();
  });
});
